"""A deployment for the commands of those who keep one."""

from pathlib import Path

import psycopg
import pytest

from functions.services import Stores
from tests.cli.deployment import Deployment, settings
from tests.conftest import Clock, DatabaseUrls
from tests.storage.world import World


@pytest.fixture
def deployment(
    stores: Stores, owner: psycopg.AsyncConnection, database_urls: DatabaseUrls, tmp_path: Path
) -> Deployment:
    """At the real time, since that is when the command looks."""
    return Deployment(World(stores, owner, Clock()), settings(database_urls, tmp_path))
