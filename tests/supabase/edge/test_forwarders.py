"""The forwarders in front of the real functions: an app calls through supabase-js, and fal delivers."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from local.postgres import EmbeddedPostgres
from tests.functions.auth import Auth, open_auth
from tests.functions.serving import (
    CALLS,
    PROBLEM_KEYS,
    SECRET,
    Door,
    FalAccount,
    address,
    assert_problem,
    hook,
    listener,
    serving,
    submitted_render,
)
from tests.functions.user_sites import ANNA, PUBLISHABLE, VIDEO, bearing, database_of, open_users_door
from tests.supabase.edge.running import Edge, invoke, running

pytestmark = pytest.mark.needs("deno")

NOBODY = "http://127.0.0.1:9/functions/v1"
STATUS = "select status from storyreel.renders where id = %s"


@dataclass(frozen=True)
class Site:
    """A project whose functions run elsewhere: what is at the edge, what is behind it, and who calls."""

    checkout: Path
    edge: Edge
    door: Door
    auth: Auth
    fal: FalAccount
    owner: psycopg.AsyncConnection
    renders: Mapping[str, UUID]
    """Two that are at the provider, by its ids of them."""

    async def calls(self, user: UUID | None, *calls: tuple[str, dict[str, object]]) -> list[dict[str, Any]]:
        """What they came to through supabase-js, at the project's own address."""
        token = self.auth.token(user) if user else ""
        return await invoke(self.checkout, self.edge.url, PUBLISHABLE, token, *calls)

    async def one(self, query: str, *arguments: object) -> object:
        row = await (await self.owner.execute(query.encode(), arguments)).fetchone()
        assert row is not None
        return row[0]

    def signed(self, body: bytes, request_id: str) -> dict[str, str]:
        at = self.door.services.clock().timestamp()
        return self.fal.sign(body, at=at, request_id=request_id)


@pytest.fixture(scope="module")
async def site(postgres: EmbeddedPostgres, _template: str, checkout: Path) -> AsyncIterator[Site]:
    bound = listener()
    fal = FalAccount(address(bound))
    with database_of(postgres, _template, "edge") as urls:
        async with (
            serving(fal.app(), bound),
            open_auth() as auth,
            open_users_door(urls.worker, auth, STORYREEL_FAL_QUEUE_URL=fal.url) as door,
            running(checkout, f"{door.url}/functions/v1") as edge,
            await psycopg.AsyncConnection.connect(urls.owner, autocommit=True) as owner,
        ):
            renders = {name: (await submitted_render(door.services, name, name)).id for name in ("r1", "r2")}
            yield Site(checkout, edge, door, auth, fal, owner, renders)


async def test_a_users_call_makes_a_video_and_finds_it(site: Site) -> None:
    """At the project's own address, with the session that supabase-js has."""
    (made,) = await site.calls(ANNA, ("generate-video", {"body": {"text": "A whale"}}))
    video = made["data"]["id"]
    (found,) = await site.calls(ANNA, (f"video/{video}", {"method": "GET"}))

    assert found["data"] == made["data"]
    assert await site.one("select owner_id from storyreel.videos where id = %s", video) == ANNA


async def test_supabase_js_shows_what_a_refusal_says(site: Site) -> None:
    """A visitor's by the edge, a user's by the functions: one error, one shape."""
    (visitor,) = await site.calls(None, ("generate-video", {"body": {"text": "A whale"}}))
    (user,) = await site.calls(ANNA, ("generate-video", {"body": {"text": "A whale", "model": "kling"}}))

    for refused, status in ((visitor, 401), (user, 403)):
        assert (refused["error"], refused["status"]) == ("FunctionsHttpError", status)
        assert refused["type"] == "application/problem+json"
        assert refused["body"].keys() == PROBLEM_KEYS | {"error"}
        assert refused["body"]["status"] == status


async def test_an_app_is_told_that_the_functions_are_away(site: Site) -> None:
    """With a problem that names it, and no word of where they are."""
    async with site.edge.leading_to(NOBODY):
        (refused,) = await site.calls(ANNA, ("generate-video", {"body": {"text": "A whale"}}))

    assert (refused["error"], refused["status"]) == ("FunctionsHttpError", 502)
    assert refused["body"]["code"] == "unreachable"
    assert "127.0.0.1" not in str(refused)


async def test_a_delivery_is_verified_behind_the_edge(site: Site) -> None:
    """Its bytes and its signature are those that fal sent; with a byte more it is no delivery."""
    render = site.renders["r1"]
    body = site.fal.clip("r1")
    headers = site.signed(body, "r1")

    tampered = await site.edge.http.post(hook(render), content=body + b" ", headers=headers)
    assert_problem(tampered, 401)
    assert await site.one(STATUS, render) == "submitted"

    answer = await site.edge.http.post(hook(render), content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "accepted"})
    assert await site.one(STATUS, render) == "delivered"


async def test_a_delivery_is_not_lost_while_the_functions_are_away(site: Site) -> None:
    """The provider is answered 5xx, so it delivers again; then it counts."""
    render = site.renders["r2"]
    body = site.fal.clip("r2")
    async with site.edge.leading_to(NOBODY):
        lost = await site.edge.http.post(hook(render), content=body, headers=site.signed(body, "r2"))
    again = await site.edge.http.post(hook(render), content=body, headers=site.signed(body, "r2"))

    assert_problem(lost, 502)
    assert again.json() == {"outcome": "accepted"}


BY_THE_BACK_END = {"apikey": SECRET}
UNSIGNED = {"content": b"{}", "headers": {"x-fal-webhook-signature": "ab"}}
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "a story": (CALLS, {"json": {"text": "A whale", "id": "w1"}, "headers": BY_THE_BACK_END}),
    "no JSON": (CALLS, {"content": b"{", "headers": BY_THE_BACK_END}),
    "no text": (CALLS, {"json": {"text": ""}, "headers": BY_THE_BACK_END}),
    "no table": (CALLS, {"json": {"table": "t", "id": 1}, "headers": {"authorization": f"Bearer {SECRET}"}}),
    "another's key": (CALLS, {"json": {"text": "A whale"}, "headers": {"apikey": "sb_secret_of_another"}}),
    "no token": (CALLS, {"json": {"text": "A whale"}, "headers": bearing("a.b.c")}),
    "no signature": (hook(UUID(int=1)), UNSIGNED),
    "another's tag": (hook(UUID(int=1)).replace("0001/", "0002/"), UNSIGNED),
}


@pytest.mark.parametrize("asked", ASKED)
async def test_the_edge_changes_no_answer(site: Site, asked: str) -> None:
    """Asked there or at the functions themselves, it is the same one."""
    path, request = ASKED[asked]
    direct = await site.door.http.post(path, **request)
    answer = await site.edge.http.post(path, **request)

    assert answer.status_code == direct.status_code
    assert answer.headers["content-type"] == direct.headers["content-type"]
    assert answer.json() == direct.json()


async def test_a_video_of_nobody_is_not_found(site: Site) -> None:
    answer = await site.edge.http.get(f"{VIDEO}/{UUID(int=1)}", headers=BY_THE_BACK_END)

    assert_problem(answer, 404, "that you may see")
