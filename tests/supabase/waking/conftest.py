"""A database with pg_net and Vault, as far as they can be had here, that calls `run-jobs` when there is work."""

from pathlib import Path
from typing import LiteralString

import pytest

from tests.functions.serving import SECRET
from tests.storage.world import World

EXTENSIONS = Path(__file__).with_name("extensions.sql")
ENDED: LiteralString = "update storyreel.waking set under_way_until = '-infinity', run = null"
URL = "https://app.example/functions/v1/run-jobs"


@pytest.fixture
async def equipped(world: World) -> World:
    """The extensions are there, and the secret in Vault; nobody is called yet."""
    await world.owner.execute(EXTENSIONS.read_bytes())
    await world.owner.execute("select vault.create_secret(%s, 'storyreel_run_jobs')", [SECRET])
    return world


@pytest.fixture
async def waking(equipped: World, warnings: list[str]) -> World:
    """`run-jobs` is called; the first call, of setting it up, was made and has ended."""
    await equipped.owner.execute("select storyreel.wake_by(%s)", [URL])
    assert "pg_cron" in warnings.pop()
    await equipped.owner.execute("delete from net.http_request_queue")
    await equipped.owner.execute(ENDED)
    return equipped
