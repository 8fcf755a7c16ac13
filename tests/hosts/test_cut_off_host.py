"""Workers as several hosts. One is cut off in the middle of work: others finish it; its return does no harm."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import LiteralString
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg import sql

from local.postgres_place import SOCKET_NAME
from pipeline.ffmpeg.transcoder import bundled_ffmpeg
from tests.conftest import DatabaseUrls
from tests.end_to_end.conftest import Stack
from tests.hosts.deployment import deployed, worker
from tests.hosts.forwarder import forwarding
from tests.hosts.network import Network, networked

_TABLES = ("videos", "revisions", "shots", "takes", "renders", "deliveries", "ledger", "renditions")
_HELD_FFMPEG = """#!/bin/sh
touch {folder}/begun
while [ ! -e {folder}/gate ]; do sleep 0.05; done
touch {folder}/passed
exec {ffmpeg} "$@"
"""
_TAKE_FOR_DEAD: LiteralString = """
    update procrastinate.procrastinate_workers set last_heartbeat = now() - interval '1 hour'
    where id = (
      select worker_id from procrastinate.procrastinate_jobs where task_name = 'finish' and status = 'doing')
"""
_WORKERS: LiteralString = "select count(*)::int from procrastinate.procrastinate_workers"
_JOBS: LiteralString = """
    select count(*)::int from procrastinate.procrastinate_jobs where task_name not in ('look', 'reconcile')
"""


@pytest.fixture
def network() -> Iterator[Network]:
    with networked("a", "b") as made:
        yield made


@pytest.fixture
async def stack(database_urls: DatabaseUrls, network: Network, tmp_path: Path) -> AsyncIterator[Stack]:
    """A deployment whose settings hold on every host of the network: nothing is reached but over it."""
    parts = urlsplit(database_urls.worker)
    server = Path(parse_qs(parts.query)["host"][0]) / SOCKET_NAME
    async with forwarding(server, host=network.address) as forwarder:
        url = f"postgresql://storyreel@{network.address}:{forwarder.port}{parts.path}"
        async with deployed(
            tmp_path, owner_url=database_urls.owner, worker_url=url, host=network.address
        ) as deployment:
            yield deployment


async def rows(stack: Stack) -> dict[str, list[tuple[object, ...]]]:
    """Everything that a worker's late word could have changed."""
    every = sql.SQL("select to_jsonb(t) from {} t order by t::text")
    async with await psycopg.AsyncConnection.connect(stack.info.owner_url) as owner:
        return {
            table: await (await owner.execute(every.format(sql.Identifier("storyreel", table)))).fetchall()
            for table in _TABLES
        }


async def until(stack: Stack, number: int, counted: LiteralString) -> None:
    async with asyncio.timeout(60):
        while await stack.ask(counted) != [(number,)]:
            await asyncio.sleep(0.1)


async def until_there(file: Path) -> None:
    async with asyncio.timeout(60):
        while not file.exists():
            await asyncio.sleep(0.02)


async def assert_made(stack: Stack, text: str) -> None:
    """A story of that text becomes a video, and its clip is paid for once."""
    await assert_ready(stack, await stack.insert(text), text)


async def assert_ready(stack: Stack, story: str, text: str) -> None:
    video = await stack.end_of(story)
    assert (video["work"], video["shows"]) == ("idle", "final"), video
    assert len([order for order in await stack.submits() if text in order]) == 1


@pytest.mark.needs("netns")
async def test_a_host_that_was_cut_off_changes_nothing(stack: Stack, network: Network, tmp_path: Path) -> None:
    """Cut off while it makes a clip's files: another host makes them. Back again, its own come too late.

    Others have taken it for dead: its engine job is gone, and so is its place among the workers. It begins anew,
    and when the other host dies, it does the work alone. No job is left over.
    """
    held = tmp_path / "held"
    held.write_text(_HELD_FFMPEG.format(folder=tmp_path, ffmpeg=bundled_ffmpeg()))
    held.chmod(0o755)
    over_http = {"STORYREEL_BUCKET_FOLDER": ""}
    async with worker(stack, "a", inside=network.inside("a"), STORYREEL_FFMPEG=str(held), **over_http) as first:
        story = await stack.insert("An otter drifts away")
        await until_there(tmp_path / "begun")
        network.cut_off("a")

        async with worker(stack, "b", inside=network.inside("b"), **over_http) as second:
            await assert_ready(stack, story, "An otter drifts away")
            await stack.ask(_TAKE_FOR_DEAD)
            await stack.ask("select storyreel.hint('reconcile')")
            await until(stack, 1, _WORKERS)
            await until(stack, 0, _JOBS)
            before = await rows(stack)

            network.reconnect("a")
            (tmp_path / "gate").touch()
            await until(stack, 2, _WORKERS)  # which it waits with until its own step has ended
            assert (tmp_path / "passed").exists()
            assert await rows(stack) == before
            second.process.kill()

        await assert_made(stack, "An otter comes home")
        await until(stack, 0, _JOBS)
        assert first.process.returncode is None


@pytest.mark.needs("netns")
async def test_a_host_that_stays_cut_off_notices(stack: Stack, network: Network) -> None:
    """It does not wait for answers that will not come, and works again soon after it is back."""
    # Two seconds each. Of its own a worker waits for half a minute.
    soon = f"{stack.info.settings['SUPABASE_DB_URL']}?tcp_user_timeout=2000&connect_timeout=2"
    async with worker(stack, "a", inside=network.inside("a"), SUPABASE_DB_URL=soon) as alone:
        await until(stack, 1, _WORKERS)
        network.cut_off("a")
        await alone.until_it_says("trying again")
        network.reconnect("a")

        await assert_made(stack, "A beaver mends the line")
        assert alone.process.returncode is None
