"""Looking at rows as a user leaves no trace: connections are shared, and the next call is somebody else's."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from tests.conftest import DatabaseUrls
from tests.functions.auth import Auth, open_auth
from tests.functions.serving import Door
from tests.functions.user_sites import ANNA, BACK_END, BERT, bearing, open_users_door

SESSION = b"""
    select pg_backend_pid() as pid, current_user::text as is_now, session_user::text as logged_in,
      current_setting('role') as role, current_setting('search_path') as path,
      current_setting('row_security') as row_security, current_setting('statement_timeout') as statement_timeout,
      coalesce(current_setting('request.jwt.claims', true), '') as claims,
      coalesce(current_setting('request.jwt.claim.sub', true), '') as sub,
      concat(current_setting('request.headers', true), current_setting('request.cookies', true),
             current_setting('request.method', true), current_setting('request.path', true)) as request
"""


@dataclass
class Site:
    """A project with few connections, where Anna and Bert have rows that only they see."""

    auth: Auth
    door: Door
    owner: psycopg.AsyncConnection

    async def put(self, user: UUID | None) -> str:
        """A row that no trigger saw; its key."""
        key = str(uuid4())
        await self.owner.execute("set session_replication_role = replica")
        await self.owner.execute(
            "insert into public.stories (id, owner_id, text) values (%s, %s, 'A whale')", [key, user]
        )
        await self.owner.execute("set session_replication_role = origin")
        return key

    async def ask(self, user: UUID, key: str, **body: object) -> httpx.Response:
        body = {"table": "stories", "id": key, **body}
        return await self.door.post(json=body, headers=bearing(self.auth.token(user)))

    async def tell_event(self, key: str) -> httpx.Response:
        """As the back end's database webhook."""
        event = {
            "type": "INSERT",
            "schema": "public",
            "table": "stories",
            "record": {"id": key},
            "old_record": None,
        }
        return await self.door.post(json=event, headers=BACK_END)

    async def session(self) -> dict[str, object]:
        """What the pool's connection looks like to whoever comes next."""
        async with self.door.services.database.transaction() as tx:
            row = await tx.one(SESSION, {})
        assert row is not None
        return dict(row)


@pytest.fixture
async def auth() -> AsyncIterator[Auth]:
    async with open_auth() as opened:
        yield opened


@pytest.fixture
async def site(database_urls: DatabaseUrls, owner: psycopg.AsyncConnection, auth: Auth) -> AsyncIterator[Site]:
    async with open_users_door(database_urls.worker, auth, connections=1) as door:
        yield Site(auth, door, owner)


async def test_nothing_of_a_users_lingers_on_the_connection(site: Site) -> None:
    """After a yes, a no, a nonsense and an error in the middle: same connection, same role, no claims, no path."""
    before = await site.session()
    mine, others = await site.put(ANNA), await site.put(BERT)
    await site.owner.execute("create table public.broken (id int primary key, body text, owner uuid)")
    await site.owner.execute("alter table public.broken enable row level security")
    await site.owner.execute("grant select on public.broken to authenticated")
    await site.owner.execute("create policy broken on public.broken to authenticated using (1 / (id - id) = 1)")
    await site.owner.execute("insert into public.broken values (1, 'A whale', %s)", [ANNA])
    await site.owner.execute("select storyreel.attach('public.broken', 'body', 'owner')")

    for key, more in ((mine, {}), (others, {}), ("x", {}), ("1", {"table": "broken"}), ("1", {"table": "no"})):
        await site.ask(ANNA, key, **more)
        assert await site.session() == before
    assert before["is_now"] == before["logged_in"] == "storyreel"
    assert before["claims"] == before["sub"] == before["request"] == ""


async def test_the_next_caller_is_not_bound_by_the_users_row_security(site: Site) -> None:
    """The back end reaches rows of anybody on the connection that a user was just looked for on."""
    anna, bert, nobody = await site.put(ANNA), await site.put(BERT), await site.put(None)
    before = await site.session()

    assert (await site.ask(ANNA, anna)).status_code == 202
    assert (await site.tell_event(bert)).status_code == 202
    assert (await site.ask(ANNA, nobody)).status_code == 404
    assert (await site.tell_event(nobody)).status_code == 202
    told = await site.door.post(json={"text": "A whale"}, headers=BACK_END)
    assert told.status_code == 202
    looked = await site.door.http.get(f"/functions/v1/video/{told.json()['id']}", headers=BACK_END)
    assert looked.status_code == 200
    assert (await site.session())["pid"] == before["pid"]


async def test_a_caller_that_hangs_up_leaves_nothing(site: Site) -> None:
    """Cut off in the middle, at whatever moment that is."""
    key = await site.put(BERT)
    before = await site.session()
    for patience in (0.0005, 0.001, 0.002, 0.004, 0.008):
        with_little = httpx.Timeout(5, read=patience)
        for _ in range(4):
            try:
                await site.door.post(
                    json={"table": "stories", "id": key},
                    headers=bearing(site.auth.token(ANNA)),
                    timeout=with_little,
                )
            except httpx.ReadTimeout:
                continue

    after = await site.session()
    assert {**after, "pid": 0} == {**before, "pid": 0}
    assert (await site.tell_event(key)).status_code == 202


@pytest.mark.parametrize("connections", [1, 3])
async def test_two_users_by_turns_never_see_with_each_others_eyes(
    database_urls: DatabaseUrls, owner: psycopg.AsyncConnection, auth: Auth, connections: int
) -> None:
    """A hundred calls at once over few connections: to each their own rows, and nobody else's."""
    async with open_users_door(database_urls.worker, auth, connections=connections) as door:
        site = Site(auth, door, owner)
        rows = {ANNA: [await site.put(ANNA) for _ in range(13)], BERT: [await site.put(BERT) for _ in range(13)]}
        calls = [(who, whose, key) for whose, keys in rows.items() for key in keys for who in (BERT, ANNA)]
        calls += [(who, whose, key) for who, whose, key in reversed(calls)]

        answers = await asyncio.gather(*(site.ask(who, key) for who, _, key in calls))

        for (who, whose, _), answer in zip(calls, answers, strict=True):
            assert answer.status_code == (202 if who == whose else 404), answer.text
        owners = await (
            await owner.execute("select owner_id, count(*) from storyreel.videos group by 1 order by 1")
        ).fetchall()
        assert owners == [(ANNA, 13), (BERT, 13)]
