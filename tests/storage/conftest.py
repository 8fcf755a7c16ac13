"""A world for every test of the stores: its rows, its stores and its clock."""

import psycopg
import pytest

from functions.services import Stores
from tests.conftest import Clock
from tests.storage.world import World


@pytest.fixture
def world(stores: Stores, owner: psycopg.AsyncConnection, clock: Clock) -> World:
    """An hour from now, so that rows which a trigger stamps with the real time are due."""
    clock.advance(hours=1)
    return World(stores, owner, clock)
