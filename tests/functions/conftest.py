"""Fixtures of the functions' tests: the real app over real sockets, on a real Postgres."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg import sql

from local.postgres import EmbeddedPostgres
from tests.conftest import DatabaseUrls
from tests.functions.serving import Door, FalAccount, address, listener, open_door, serving


@pytest.fixture(scope="session")
async def shared_door(postgres: EmbeddedPostgres, _template: str) -> AsyncIterator[Door]:
    """One app for all tests that look at its answers alone."""
    name = sql.Identifier("functions_shared")
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(name, sql.Identifier(_template)))
        async with open_door(postgres.url(user="storyreel", database="functions_shared")) as door:
            yield door
        connection.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture
async def door(database_urls: DatabaseUrls) -> AsyncIterator[Door]:
    """An app with a database of its own."""
    async with open_door(database_urls.worker) as opened:
        yield opened


@pytest.fixture
async def fal() -> AsyncIterator[FalAccount]:
    """A fal account whose keys can be fetched."""
    bound = listener()
    account = FalAccount(address(bound))
    async with serving(account.app(), bound):
        yield account


@pytest.fixture
async def fal_door(database_urls: DatabaseUrls, fal: FalAccount) -> AsyncIterator[Door]:
    """An app that trusts that account's webhooks."""
    async with open_door(database_urls.worker, STORYREEL_FAL_QUEUE_URL=fal.url) as opened:
        yield opened


@pytest.fixture(scope="session")
async def shared_fal_door(postgres: EmbeddedPostgres, _template: str) -> AsyncIterator[tuple[Door, FalAccount]]:
    """An app and the fal account it trusts, for all tests that look at its answers alone."""
    name = sql.Identifier("functions_fal")
    bound = listener()
    account = FalAccount(address(bound))
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(name, sql.Identifier(_template)))
        url = postgres.url(user="storyreel", database="functions_fal")
        async with serving(account.app(), bound), open_door(url, STORYREEL_FAL_QUEUE_URL=account.url) as door:
            yield door, account
        connection.execute(sql.SQL("drop database {} with (force)").format(name))
