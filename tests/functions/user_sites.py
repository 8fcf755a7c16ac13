"""Projects with signed-in users: the real app beside an auth server, and what tests ask of both."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import psycopg
from psycopg import sql

from functions.app import create_app
from functions.services import Services, open_services, utc_now
from functions.settings import read
from local.postgres import EmbeddedPostgres
from tests.conftest import Clock, DatabaseUrls
from tests.functions.auth import ABSENT, Auth, SigningKey, open_auth
from tests.functions.serving import OTHER_SECRET, SECRET, Door, address, assert_problem, listener, serving

STORY = {"text": "A whale"}
JWT_SECRET = "a-legacy-jwt-secret-of-a-project-0123456789"
VIDEO = "/functions/v1/video"
PUBLISHABLE = "sb_publishable_for_tests_only"
BACK_END = {"apikey": SECRET}
ANNA, BERT = UUID(int=0xA), UUID(int=0xB)
KEPT = 600
"""Seconds for which public keys are believed."""

OWN = "owner = (select auth.uid())"
"""The usual policy."""

_numbers = count(1)


def bearing(token: str) -> dict[str, str]:
    """The headers that supabase-js sends for a signed-in user."""
    return {"apikey": PUBLISHABLE, "Authorization": f"Bearer {token}"}


@asynccontextmanager
async def open_users_door(
    worker_url: str,
    auth: Auth,
    *,
    clock: Callable[[], datetime] = utc_now,
    connections: int = 8,
    **variables: str,
) -> AsyncIterator[Door]:
    """The app of a project whose users sign in at this auth server. Its client shows nothing by itself."""
    bound = listener()
    settings = read(
        {
            "SUPABASE_URL": auth.url,
            "SUPABASE_DB_URL": worker_url,
            "SUPABASE_SECRET_KEY": SECRET,
            "STORYREEL_SECRETS": f"{SECRET}, {OTHER_SECRET}",
            "FAL_KEY": "id:secret",
            "STORYREEL_FAL_QUEUE_URL": "http://127.0.0.1:9",  # nobody listens on "discard"
            **variables,
        },
        cores=1,
    )

    @asynccontextmanager
    async def services() -> AsyncIterator[Services]:
        async with open_services(settings, connections=connections) as opened:
            yield replace(opened, clock=clock)

    app = create_app(services)
    url = address(bound)
    async with serving(app, bound), httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        yield Door(url, http, app.state.services)


@contextmanager
def database_of(postgres: EmbeddedPostgres, template: str, name: str) -> Iterator[DatabaseUrls]:
    """A migrated database for all tests of one file."""
    made = sql.Identifier(name)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(made, sql.Identifier(template)))
        yield DatabaseUrls(postgres.url(database=name), postgres.url(user="storyreel", database=name))
        connection.execute(sql.SQL("drop database {} with (force)").format(made))


def fresh(auth: Auth, clock: Clock, *, key: SigningKey | None = None, **changes: Any) -> str:
    """A token that is good for an hour by that clock, and was issued long enough ago by any."""
    return auth.token(ANNA, key=key, at=clock(), **{"iat": ABSENT, **changes})


async def status(door: Door, token: str) -> int:
    answer = await door.post(json=STORY, headers=bearing(token))
    if answer.status_code != 202:
        assert_problem(answer, answer.status_code)
    return answer.status_code


@dataclass
class TokenSite:
    """One project for all tests of a file: by public keys alone, and with the legacy secret besides."""

    auth: Auth
    door: Door
    legacy: Door


async def refused(door: Door, token: str | bytes) -> None:
    """401, as for anyone without credentials, whatever the token is."""
    headers = {"apikey": PUBLISHABLE, "Authorization": token if isinstance(token, bytes) else f"Bearer {token}"}
    problem = assert_problem(await door.post(json=STORY, headers=headers), 401)

    assert str(token)[-40:] not in json.dumps(problem)


async def accepted(door: Door, token: str) -> None:
    answer = await door.post(json=STORY, headers=bearing(token))
    assert answer.status_code == 202, answer.text


@dataclass
class Site:
    """A project, and its database as its owner sees it."""

    auth: Auth
    door: Door
    owner: psycopg.AsyncConnection

    async def do(self, *statements: str) -> None:
        for statement in statements:
            await self.owner.execute(statement.encode())

    async def rows(self, query: str, *arguments: object) -> list[tuple[object, ...]]:
        return await (await self.owner.execute(query.encode(), arguments)).fetchall()


class StorySite(Site):
    """A project whose users, and whose back end, tell stories."""

    async def tell(self, user: UUID | None, **body: object) -> httpx.Response:
        """As the user, or as the back end."""
        headers = bearing(self.auth.token(user)) if user else BACK_END
        return await self.door.post(json={"text": "A whale", **body}, headers=headers)

    async def told(self, user: UUID | None, **body: object) -> str:
        """The id of the video that it was answered with."""
        answer = await self.tell(user, **body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    async def look(self, user: UUID | None, video: str) -> httpx.Response:
        headers = bearing(self.auth.token(user)) if user else BACK_END
        return await self.door.http.get(f"{VIDEO}/{video}", headers=headers)

    async def owner_of(self, video: str) -> object:
        ((found,),) = await self.rows("select owner_id from storyreel.videos where id = %s", video)
        return found

    async def count(self) -> object:
        ((videos, revisions),) = await self.rows(
            "select (select count(*) from storyreel.videos), (select count(*) from storyreel.revisions)"
        )
        return videos, revisions


class RowSite(Site):
    """A project whose tables hold rows that have no video yet."""

    async def table(
        self,
        policy: str | None = OWN,
        *,
        columns: str = "",
        key: str = "uuid",
        owned: bool = True,
        schema: str = "public",
    ) -> str:
        """An attached table with a policy for `authenticated`; without a policy, without row security."""
        name = f"poems_{next(_numbers)}"
        table, whose = f"{schema}.{name}", ", 'owner'" if owned else ""
        await self.do(
            f"create table {table} (id {key} primary key, body text, owner uuid {columns})",
            f"grant select on {table} to authenticated",
            f"select storyreel.attach('{table}', 'body'{whose})",
        )
        if policy is not None:
            await self.do(
                f"alter table {table} enable row level security",
                f"create policy poems on {table} for select to authenticated using ({policy})",
            )
        return name

    async def put(self, table: str, owner: UUID | None, *, schema: str = "public", **more: object) -> str:
        """A row that no trigger saw; its key."""
        values = {"id": uuid4(), "body": "A whale", "owner": owner, **more}
        statement = sql.SQL("insert into {} ({}) values ({}) returning id::text").format(
            sql.Identifier(schema, table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        )
        await self.do("set session_replication_role = replica")
        row = await (await self.owner.execute(statement, list(values.values()))).fetchone()
        await self.do("set session_replication_role = origin")
        assert row is not None
        return str(row[0])

    async def ask(self, user: object, table: str, key: object, **more: object) -> httpx.Response:
        """As the user; `claims` are in the token besides."""
        claims = more.pop("claims", {})
        assert isinstance(claims, dict)
        headers = bearing(self.auth.token(user, **claims))
        return await self.door.post(content=json.dumps({"table": table, "id": key, **more}), headers=headers)

    async def videos(self) -> object:
        ((found,),) = await self.rows("select count(*) from storyreel.videos")
        return found

    async def assert_hidden(self, user: object, table: str, key: object, **more: object) -> None:
        """404, nothing is made, and nothing is said but what was asked for."""
        before = await self.videos()
        problem = assert_problem(await self.ask(user, table, key, **more), 404)

        assert await self.videos() == before
        assert "whale" not in json.dumps(problem)

    async def assert_made(self, user: UUID, table: str, key: str, **more: object) -> None:
        """202, and the row has a video that is the user's."""
        answer = await self.ask(user, table, key, **more)
        assert answer.status_code == 202, answer.text
        found = await self.rows(
            "select source_table, source_id, owner_id from storyreel.videos where id = %s", answer.json()["id"]
        )
        assert found == [(f"{more.get('schema', 'public')}.{table}", key, user)]


AnySite = TypeVar("AnySite", bound=Site)


@asynccontextmanager
async def open_site(
    kind: type[AnySite], postgres: EmbeddedPostgres, template: str, name: str
) -> AsyncIterator[AnySite]:
    """A project with a database of that name, for all tests of one file."""
    with database_of(postgres, template, name) as urls:
        async with (
            open_auth() as auth,
            open_users_door(urls.worker, auth) as door,
            await psycopg.AsyncConnection.connect(urls.owner, autocommit=True) as owner,
        ):
            yield kind(auth, door, owner)
