"""Functions for those who watch and mend: closed unless they have secrets of their own, open to nobody else."""

import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from functions.settings import read
from local.postgres import EmbeddedPostgres
from pipeline.errors import BadSetting
from tests.conftest import DatabaseUrls
from tests.functions.auth import Auth, open_auth
from tests.functions.serving import (
    CALLS,
    HEALTH,
    OTHER_SECRET,
    RUN,
    SECRET,
    Door,
    assert_problem,
    open_door,
    submitted_render,
)
from tests.functions.test_run_jobs import emulating, finish
from tests.functions.user_sites import ANNA, bearing, database_of, open_users_door

STATUS, METRICS, RERENDER = (f"/functions/v1/{name}" for name in ("status", "metrics", "rerender"))
OPERATOR, NEXT_OPERATOR = "operators-only-0123456789", "operators-next-0123456789"
BOTH: dict[str, Any] = {"STORYREEL_OPERATOR_SECRETS": f"{OPERATOR}, {NEXT_OPERATOR}"}
AS_OPERATOR = {"apikey": OPERATOR}
DOORS = [("GET", STATUS), ("GET", METRICS), ("POST", RERENDER)]


@pytest.fixture(scope="module")
async def auth() -> AsyncIterator[Auth]:
    async with open_auth() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_urls(postgres: EmbeddedPostgres, _template: str) -> Iterator[DatabaseUrls]:
    with database_of(postgres, _template, "operators") as urls:
        yield urls


@pytest.fixture(scope="module")
async def site(shared_urls: DatabaseUrls, auth: Auth) -> AsyncIterator[Door]:
    """An app that has operators, and users."""
    async with open_users_door(shared_urls.worker, auth, **BOTH) as door:
        yield door


@pytest.fixture
async def fresh(database_urls: DatabaseUrls, auth: Auth) -> AsyncIterator[Door]:
    """Such an app, with a database of its own."""
    async with open_users_door(database_urls.worker, auth, **BOTH) as door:
        yield door


async def knock(door: Door, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    body = {"table": "stories", "id": "00000000-0000-0000-0000-000000000001"}
    return await door.http.request(
        method, path, json=body if method == "POST" else None, headers={"apikey": "", **headers}
    )


async def a_story(owner: psycopg.AsyncConnection, text: str = "A whale") -> str:
    """A row with its video; the row's key."""
    row = await (
        await owner.execute("insert into public.stories (text) values (%s) returning id::text", [text])
    ).fetchone()
    assert row is not None
    return str(row[0])


async def test_without_secrets_of_their_own_there_are_no_such_functions(
    shared_urls: DatabaseUrls, auth: Auth
) -> None:
    """404 for everybody, whatever they show: whoever set nothing has opened nothing."""
    unset: list[dict[str, Any]] = [{}, {"STORYREEL_OPERATOR_SECRETS": ""}, {"STORYREEL_OPERATOR_SECRETS": " , ,"}]
    for variables in unset:
        async with open_users_door(shared_urls.worker, auth, **variables) as door:
            credentials: list[dict[str, str]] = [
                {},
                {"apikey": SECRET},
                {"Authorization": f"Bearer {OTHER_SECRET}"},
                {"apikey": OPERATOR},
                {"apikey": ","},
                bearing(auth.token(ANNA)),
            ]
            for method, path in DOORS:
                for headers in credentials:
                    assert_problem(await knock(door, method, path, headers), 404)


async def test_operators_alone_come_in(site: Door, auth: Auth) -> None:
    """401 for the back end, users, strangers and half a secret; each secret of theirs opens, either way shown."""
    others: list[dict[str, str]] = [
        {},
        {"apikey": SECRET},
        {"apikey": OTHER_SECRET},
        {"Authorization": f"Bearer {SECRET}"},
        {"apikey": OPERATOR[:-1]},
        {"apikey": f"{OPERATOR}x"},
        {"apikey": OPERATOR.upper()},
        {"apikey": f"{OPERATOR}, {NEXT_OPERATOR}"},
        {"Cookie": f"apikey={OPERATOR}"},
        {"Authorization": f"Basic {OPERATOR}"},
        bearing(auth.token(ANNA)),
        bearing(auth.token(ANNA, role="service_role")),
        {**bearing(auth.token(ANNA)), "apikey": SECRET},
    ]
    for method, path in DOORS:
        for headers in others:
            problem = assert_problem(await knock(site, method, path, headers), 401)
            assert OPERATOR not in json.dumps(problem)
        assert (await knock(site, method, f"{path}?apikey={OPERATOR}", {})).status_code == 401
        for secret in (OPERATOR, NEXT_OPERATOR):
            for headers in ({"apikey": secret}, {"Authorization": f"Bearer {secret}"}):
                answer = await knock(site, method, path, headers)
                assert answer.status_code == (404 if path == RERENDER else 200), answer.text


async def test_operators_have_no_other_doors(site: Door) -> None:
    """Who may watch may not tell stories; the lists are two."""
    for path in (CALLS, RUN):
        assert_problem(await site.http.post(path, json={"text": "A whale"}, headers=AS_OPERATOR), 401)
    looked = await site.http.get("/functions/v1/video/00000000-0000-0000-0000-000000000001", headers=AS_OPERATOR)
    assert_problem(looked, 401)
    assert (await site.http.get(HEALTH)).status_code == 200


@pytest.mark.parametrize(
    ("operators", "more"),
    [
        (SECRET, {"STORYREEL_SECRETS": f"{OTHER_SECRET},{SECRET}"}),
        (f"{OPERATOR},{OTHER_SECRET}", {"STORYREEL_SECRETS": f"{OTHER_SECRET},{SECRET}"}),
        (f" {SECRET} ,{OPERATOR}", {"STORYREEL_SECRETS": SECRET}),
        ("sb_secret_of_the_project", {}),
        (
            "sb_secret_of_the_project",
            {"SUPABASE_SECRET_KEY": "", "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_of_the_project"},
        ),
        ("short", {}),
        ("sécret-sécret-sécret", {}),
        (f"{OPERATOR},x", {}),
        ("with\ta-tab-in-the-middle", {}),
    ],
)
def test_a_secret_that_is_not_the_operators_alone_stops_the_start(operators: str, more: dict[str, str]) -> None:
    """In both lists, or too short to be one: said by the variable's name, and the secret is not repeated."""
    environment = {
        "SUPABASE_URL": "https://ref.supabase.co",
        "SUPABASE_DB_URL": "postgresql://storyreel@localhost/x",
        "SUPABASE_SECRET_KEY": "sb_secret_of_the_project",
        "FAL_KEY": "id:secret",
        "STORYREEL_OPERATOR_SECRETS": operators,
        **more,
    }
    with pytest.raises(BadSetting, match="STORYREEL_OPERATOR_SECRETS") as error:
        read(environment, cores=1)

    for secret in (SECRET, OTHER_SECRET, OPERATOR, "sb_secret_of_the_project", "sécret"):
        assert secret not in str(error.value)


def samples(text: str) -> dict[tuple[str, str], float]:
    """Every sample by its name and the values of its labels; each once, and each of a family that is explained."""
    found: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.type != "unknown"
        for sample in family.samples:
            key = (sample.name, " ".join(value for _, value in sorted(sample.labels.items())).strip())
            assert key not in found
            found[key] = sample.value
    return found


async def look(door: Door) -> tuple[dict[str, Any], dict[tuple[str, str], float]]:
    """Status and metrics."""
    status = await door.http.get(STATUS, headers=AS_OPERATOR)
    metrics = await door.http.get(METRICS, headers=AS_OPERATOR)
    assert (status.status_code, metrics.status_code) == (200, 200)
    assert status.headers["content-type"] == "application/json"
    assert metrics.headers["content-type"].startswith("text/plain; version=")
    return status.json(), samples(metrics.text)


async def test_nothing_at_all_is_zeros(fresh: Door) -> None:
    """A new deployment is described, too."""
    _, metrics = await look(fresh)

    assert metrics["storyreel_spent_dollars", ""] == 0
    assert metrics["storyreel_provider_in_flight", "fal"] == 0
    assert metrics["storyreel_provider_slots", "fal"] == 2
    assert {name for name, _ in metrics} >= {"storyreel_workers", "storyreel_late_seconds"}
    assert not [key for key in metrics if key[0] == "storyreel_videos"]


async def test_the_numbers_are_right_while_it_works(fresh: Door, owner: psycopg.AsyncConnection) -> None:
    """One render at the provider with its money reserved, one bill, one story refused, a provider that pauses."""
    await a_story(owner, "")
    await submitted_render(fresh.services, "A whale", "r1")
    for text in ("A fox", "A bear"):
        await a_story(owner, text)
    await owner.execute(
        "insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, at)"
        " values (gen_random_uuid(), 'e', 'settled', 0.0725, now())"
    )
    await owner.execute(
        "update storyreel.providers set paused_until = 'infinity', pauses = 1, pause_code = 'key',"
        " pause_message = 'the key was \"refused\" \\ twice'"
    )
    ledger = await (
        await owner.execute("select sum(amount_usd) from storyreel.ledger where kind = 'reserved'")
    ).fetchone()
    assert ledger is not None

    status, metrics = await look(fresh)

    assert metrics["storyreel_provider_in_flight", "fal"] == 1
    assert metrics["storyreel_provider_paused", "fal"] == 1
    assert Decimal(str(metrics["storyreel_reserved_dollars", ""])) == ledger[0] > 0
    assert (metrics["storyreel_spent_dollars", ""], metrics["storyreel_spent_today_dollars", ""]) == (
        0.0725,
        0.0725,
    )
    videos = {key: value for key, value in metrics.items() if key[0] == "storyreel_videos"}
    assert videos == {("storyreel_videos", "working"): 3, ("storyreel_videos", "blank rejected"): 1}
    assert Decimal(str(status["budget"]["reserved"])) == ledger[0]
    (provider,) = status["providers"]
    assert (provider["in_flight"], provider["until_resumed"]) == (1, True)


async def test_the_numbers_are_right_after_making_videos(
    database_urls: DatabaseUrls, owner: psycopg.AsyncConnection, tmp_path: Path
) -> None:
    """Two stories from the call to the file: both idle, nothing reserved any more; emulated, they cost nothing."""
    async with (
        emulating() as (_, fal_url),
        open_door(
            database_urls.worker,
            STORYREEL_FAL_QUEUE_URL=fal_url,
            STORYREEL_BUCKET_FOLDER=str(tmp_path / "bucket"),
            STORYREEL_PREVIEWS="off",
            **BOTH,
        ) as door,
    ):
        for number in range(2):
            assert (await door.post(json={"text": f"A whale {number}", "id": f"s{number}"})).status_code == 202
        for number in range(2):
            await finish(door, f"s{number}")
        _, metrics = await look(door)

    assert {key: value for key, value in metrics.items() if key[0] == "storyreel_videos"} == {
        ("storyreel_videos", "idle"): 2
    }
    assert metrics["storyreel_provider_in_flight", "fal"] == 0
    assert (metrics["storyreel_reserved_dollars", ""], metrics["storyreel_spent_dollars", ""]) == (0, 0)
    assert await (await owner.execute("select sum(amount_usd) > 0 from storyreel.ledger")).fetchone() == (True,)
