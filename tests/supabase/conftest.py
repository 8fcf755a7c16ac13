"""What the tests of the SQL share: an app's own session, and the warnings the database raised in it."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from functions.services import Stores
from local.postgres import EmbeddedPostgres
from tests.conftest import Clock, DatabaseUrls, program
from tests.storage.world import World
from tests.supabase.hosted import Project, hosting, making_project


@pytest.fixture
def world(stores: Stores, owner: psycopg.AsyncConnection, clock: Clock) -> World:
    """An hour from now, so that rows which a trigger stamps with the real time are due."""
    clock.advance(hours=1)
    return World(stores, owner, clock)


@pytest.fixture
async def app(database_urls: DatabaseUrls) -> AsyncIterator[psycopg.AsyncConnection]:
    """A second session, in which a test takes the roles that an app's requests take."""
    async with await psycopg.AsyncConnection.connect(database_urls.owner, autocommit=True) as connection:
        yield connection


@pytest.fixture
def warnings(owner: psycopg.AsyncConnection) -> list[str]:
    """Every WARNING that the owner's session was told."""
    heard: list[str] = []

    def hear(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity == "WARNING":
            heard.append(diagnostic.message_primary or "")

    owner.add_notice_handler(hear)
    return heard


@pytest.fixture(scope="session")
def hosted() -> Iterator[EmbeddedPostgres]:
    """Where projects are, for tests that are marked as needing postgres15."""
    with hosting(program("postgres15").parent) as server:
        yield server


@pytest.fixture(scope="module")
def project(hosted: EmbeddedPostgres) -> Iterator[Project]:
    """One project for all tests of a file: each looks at rows of its own."""
    with making_project(hosted) as made:
        yield made
