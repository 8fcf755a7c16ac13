"""One app on a database of its own for all tests that speak to it: what strangers send must leave it working."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql

from functions.services import Stores
from local.postgres import EmbeddedPostgres
from storage.database import Database
from storage.plans import PostgresPlans
from storage.renders import PostgresRenders
from storage.stories import PostgresStories
from storage.sweep import PostgresSweep
from storage.takes import PostgresTakes
from tests.conftest import DatabaseUrls
from tests.functions.serving import Door, FalAccount, address, listener, open_door, serving

_NAME = "hostile_text"
OPERATOR = "the-operators-secret-0123456789"


@dataclass(frozen=True)
class House:
    """The app, the fal account whose webhooks it believes, and its database, to be looked at as the owner."""

    door: Door
    fal: FalAccount
    owner: psycopg.AsyncConnection


@pytest.fixture(scope="module")
def own_database(postgres: EmbeddedPostgres, _template: str) -> Iterator[DatabaseUrls]:
    """For all tests of a file."""
    name, template = sql.Identifier(_NAME), sql.Identifier(_template)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(name, template))
        yield DatabaseUrls(postgres.url(database=_NAME), postgres.url(user="storyreel", database=_NAME))
        connection.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture(scope="module")
async def house(own_database: DatabaseUrls) -> AsyncIterator[House]:
    """Likewise."""
    bound = listener()
    account = FalAccount(address(bound))
    variables = {"STORYREEL_FAL_QUEUE_URL": account.url, "STORYREEL_OPERATOR_SECRETS": OPERATOR}
    async with (
        serving(account.app(), bound),
        open_door(own_database.worker, **variables) as door,
        await psycopg.AsyncConnection.connect(own_database.owner, autocommit=True) as owner,
    ):
        yield House(door, account, owner)


def stores_on(database: Database) -> Stores:
    """Every store on that database."""
    return Stores(
        PostgresStories(database),
        PostgresPlans(database),
        PostgresRenders(database),
        PostgresTakes(database),
        PostgresSweep(database),
    )


def breaking(table: str, *, before: str, message: str) -> sql.Composed:
    """What makes every such change of one of our tables fail, with that message."""
    return sql.SQL(
        """create function storyreel.broken() returns trigger language plpgsql as {body};
           create trigger broken before {event} on storyreel.{table} execute function storyreel.broken()"""
    ).format(
        body=sql.Literal(f"begin raise exception using message = {sql.quote(message)}; end"),
        event=sql.SQL(before),
        table=sql.Identifier(table),
    )
