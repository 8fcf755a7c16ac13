"""The functions on AWS Lambda: events in its own shapes, to one instance that is kept between them."""

import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from functions.services import Services, open_services
from functions.settings import read
from local.postgres import EmbeddedPostgres
from tests.conftest import DatabaseUrls
from tests.functions.lambda_host import SCHEDULED, Instance, gateway, http_event, instance
from tests.functions.serving import (
    CALLS,
    RUN,
    SECRET,
    FalAccount,
    address,
    hook,
    listener,
    serving,
    submitted_render,
)
from tests.functions.test_run_jobs import emulating

_KEY = {"apikey": SECRET, "content-type": "application/json"}
_DATABASE = "functions_lambda"


@dataclass
class Site:
    """An instance, what a worker beside it would be, and fal."""

    instance: Instance
    services: Services
    fal: FalAccount
    folder: Path

    async def post(self, path: str, body: bytes, headers: dict[str, str], query: str = "") -> dict[str, Any]:
        return await self.instance.invoke(http_event("POST", path, headers=headers, query=query, body=body))


def variables(url: str, fal_url: str, folder: Path, functions_url: str) -> dict[str, str]:
    return {
        "SUPABASE_URL": functions_url,
        "SUPABASE_DB_URL": url,
        "SUPABASE_SECRET_KEY": SECRET,
        "FAL_KEY": "id:secret",
        "STORYREEL_FAL_QUEUE_URL": fal_url,
        "STORYREEL_BUCKET_FOLDER": str(folder / "bucket"),
        "STORYREEL_PREVIEWS": "off",
    }


@pytest.fixture(scope="module")
async def site(
    postgres: EmbeddedPostgres, _template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One instance for all tests: that it is kept is what is tried."""
    folder, bound = tmp_path_factory.mktemp("lambda"), listener()
    fal = FalAccount(address(bound))
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f"create database {_DATABASE} template {_template}".encode())
        settings = variables(
            postgres.url(user="storyreel", database=_DATABASE), fal.url, folder, "http://127.0.0.1:9"
        )
        async with (
            serving(fal.app(), bound),
            open_services(read(settings, cores=1)) as services,
            instance(settings, folder) as running,
        ):
            yield Site(running, services, fal, folder)
        connection.execute(f"drop database {_DATABASE} with (force)".encode())


@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream"])
async def test_a_signed_delivery_arrives_with_the_bytes_that_were_signed(site: Site, content_type: str) -> None:
    """As text and in base64: what it is, depends on how API Gateway takes its type."""
    name = content_type.rpartition("/")[2]
    render = await submitted_render(site.services, f"A whale in {name}", name)
    body = site.fal.clip(name, note="Zoë  \u2028 {").replace(b"{", b"{ ", 1)
    body = body.replace(b'"note": "Zo\\u00eb', '"note": "Zoë'.encode())
    signed = site.fal.sign(body, at=site.services.clock().timestamp(), request_id=name)
    signed["content-type"] = content_type

    forged = await site.post(hook(render.id), body + b" ", signed)
    answer = await site.post(hook(render.id), body, signed)

    assert (forged["statusCode"], json.loads(forged["body"])["code"]) == (401, "bad_signature")
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"outcome": "accepted"})


async def test_a_call_makes_a_video_and_a_stranger_none(site: Site) -> None:
    """A problem comes as text, like every other answer."""
    made = await site.post(CALLS, b'{"text": "A whale", "id": "s1"}', _KEY)
    refused = await site.post(CALLS, b'{"text": "A whale"}', {"content-type": "application/json"})

    assert made["statusCode"] == 202, made
    assert refused["statusCode"] == 401
    assert not refused["isBase64Encoded"]
    assert refused["headers"]["content-type"] == "application/problem+json"
    assert refused["headers"]["access-control-allow-origin"] == "*"


async def test_a_preflight_is_answered(site: Site) -> None:
    answer = await site.instance.invoke(http_event("OPTIONS", CALLS, headers={"origin": "https://app.example"}))

    assert (answer["statusCode"], answer.get("body")) == (204, "")
    assert "apikey" in answer["headers"]["access-control-allow-headers"]


async def test_connections_are_kept_from_one_invocation_to_the_next(
    site: Site, postgres: EmbeddedPostgres
) -> None:
    """Across a freeze as well, and replaced where the database has closed them meanwhile."""

    def last_used() -> dict[int, datetime]:
        """Of each connection, by its process."""
        with psycopg.connect(postgres.url(database=_DATABASE), autocommit=True) as owner:
            rows = owner.execute(
                "select pid, query_start from pg_stat_activity where usename = 'storyreel' and datname = %s",
                [_DATABASE],
            )
            return dict(rows.fetchall())

    async def look() -> int:
        event = http_event("GET", f"/functions/v1/video/{'0' * 8}-0000-0000-0000-{'0' * 12}", headers=_KEY)
        return int((await site.instance.invoke(event))["statusCode"])

    assert await look() == 404
    before = last_used()
    site.instance.process.send_signal(signal.SIGSTOP)
    site.instance.process.send_signal(signal.SIGCONT)
    assert [await look() for _ in range(5)] == [404] * 5
    after = last_used()
    assert after.keys() == before.keys()
    assert any(after[process] > before[process] for process in before), "one of them is what was used"

    with psycopg.connect(postgres.url(database=_DATABASE), autocommit=True) as owner:
        owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'storyreel'")
    assert await look() == 404


async def test_an_event_of_something_else_is_an_error_that_says_what_is_wanted(site: Site) -> None:
    answer = await site.instance.invoke({"Records": [{"eventSource": "aws:s3"}]})

    assert answer["errorType"] == "UnknownEvent"
    assert '{"detail-type": "Scheduled Event"}' in answer["errorMessage"]


async def test_a_schedule_makes_videos_without_a_worker(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    """From a call to a clip that plays, by events alone; fal's delivery comes in through the gateway, too."""
    bound = listener()
    async with emulating() as (_, fal_url):
        settings = variables(database_urls.worker, fal_url, tmp_path, address(bound))
        async with (
            instance(settings, tmp_path) as running,
            serving(gateway(running), bound),
            httpx.AsyncClient(base_url=address(bound), headers=_KEY, trust_env=False, timeout=60) as http,
        ):
            called = await http.post(CALLS, json={"text": "A whale", "id": "s1"})
            at_once = await http.post(RUN, headers={"prefer": "respond-async"})
            for _ in range(60):
                found = await running.invoke(SCHEDULED)
                assert found.keys() == {"found"}, (found, running.log.read_text())
                video = (await http.get(f"/functions/v1/video/{called.json()['id']}")).json()
                if video["work"] != "working":
                    break
            log = running.log.read_text()

    assert (at_once.status_code, at_once.json()) == (202, {"accepted": True})
    assert (video["shows"], video["work"]) == ("final", "idle"), log
    assert '"level": "INFO"' in log
    assert "video-webhook" not in log, "the addresses of deliveries hold what only fal may know"
    assert list((tmp_path / "tmp").iterdir()) == []
