"""A world with limits, and fifty connections of workers."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from functions.services import Stores
from storage.database import Database
from storage.plans import PostgresPlans
from storage.renders import PostgresRenders
from storage.stories import PostgresStories
from storage.sweep import PostgresSweep
from storage.takes import PostgresTakes
from tests.conftest import Clock, DatabaseUrls
from tests.storage.limits.scene import CROWD, Bounded


@pytest.fixture
def world(stores: Stores, owner: psycopg.AsyncConnection, clock: Clock) -> Bounded:
    """Noon tomorrow: due for everything that a trigger stamps with the real time, and half a day is left."""
    clock.now = clock.now.replace(hour=12, minute=0, second=0, microsecond=0)
    clock.advance(days=1)
    return Bounded(stores, owner, clock)


@pytest.fixture
async def crowd(database_urls: DatabaseUrls) -> AsyncIterator[Stores]:
    """As many processes as there are connections."""
    async with Database(database_urls.worker, connections=CROWD) as database:
        yield Stores(
            PostgresStories(database),
            PostgresPlans(database),
            PostgresRenders(database),
            PostgresTakes(database),
            PostgresSweep(database),
        )
