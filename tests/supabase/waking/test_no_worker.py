"""A deployment without a worker is complete: from the insert to the clip, only the database calls `run-jobs`.

The functions, the emulator and their HTTP are real; pg_net is played by pg_net.py.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import LiteralString

import httpx
import pytest

from tests.conftest import DatabaseUrls
from tests.functions.serving import RUN, SECRET, open_door
from tests.functions.test_run_jobs import emulating
from tests.storage.world import World
from tests.supabase.waking.pg_net import sending, take

SPANS: LiteralString = """
    create table public.spans (until timestamptz, noted_at timestamptz default clock_timestamp());
    create function public.note() returns trigger language plpgsql security definer as
    $$ begin insert into public.spans (until) values (new.under_way_until); return null; end $$;
    create trigger note after update on storyreel.waking for each row execute function public.note()
"""


@pytest.fixture
async def deployment(equipped: World, database_urls: DatabaseUrls, tmp_path: Path) -> AsyncIterator[World]:
    """The functions with two connections, as serverless hosts run them."""
    async with (
        emulating() as (_, fal_url),
        open_door(
            database_urls.worker,
            STORYREEL_FAL_QUEUE_URL=fal_url,
            STORYREEL_BUCKET_FOLDER=str(tmp_path / "bucket"),
            STORYREEL_DB_CONNECTIONS="2",
        ) as door,
    ):
        await equipped.owner.execute("select storyreel.wake_by(%s)", [f"{door.url}{RUN}"])
        yield equipped


@asynccontextmanager
async def within(seconds: float, world: World) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise AssertionError(await world.rows("select * from net._http_response")) from None


async def until_final(world: World) -> None:
    async with within(60, world):
        while await world.one("select count(*) from storyreel.videos where shows <> 'final'") != (0,):
            await asyncio.sleep(0.02)


async def test_an_insert_alone_ends_in_the_final_clip(deployment: World, database_urls: DatabaseUrls) -> None:
    """Every step's job, the webhook's too, has the next run called; each is answered at once."""
    async with sending(database_urls.owner):
        await deployment.story("A whale swims through the stars")
        await deployment.story("A fox in the snow")
        await until_final(deployment)

    answers = await deployment.rows("select distinct status_code from net._http_response")
    assert answers == [(202,)]


async def test_what_pg_net_loses_the_next_tick_finds(deployment: World, database_urls: DatabaseUrls) -> None:
    """The call is gone, and the story stands in its row; a minute later the clock calls."""
    await deployment.story()
    assert await take(deployment.owner), "it was queued, and is lost with this"
    await deployment.owner.execute("update storyreel.waking set under_way_until = now() - interval '1 s'")

    async with sending(database_urls.owner):
        await deployment.owner.execute("select storyreel.call_run_jobs()")
        await until_final(deployment)


async def test_a_run_says_when_it_begins_and_when_it_has_ended(deployment: World) -> None:
    """Until then nobody calls another; a run that is cut off is one until its time is over."""
    await deployment.owner.execute(SPANS)

    assert await run(deployment, "?seconds=20") == 200

    begun, ended = await deployment.rows(
        "select until - noted_at > interval '40 s', until = '-infinity' from public.spans order by noted_at"
    )
    assert (begun, ended) == ((True, False), (False, True))


async def test_what_a_run_had_no_time_for_is_another_call(deployment: World) -> None:
    """At once, and not only with the next minute."""
    await deployment.story()
    await take(deployment.owner)

    assert await run(deployment, "?seconds=0.000001") == 200

    assert len(await take(deployment.owner)) == 1


async def test_a_run_keeps_to_the_connections_it_was_given(deployment: World) -> None:
    """Serverless hosts make many instances; the engine shares the two connections of its own."""
    for number in range(5):
        await deployment.story(f"Story {number}")
    running = asyncio.create_task(run(deployment, "?seconds=20"))
    most = 0
    while not running.done():
        (open_now,) = await deployment.one(
            "select count(*) from pg_stat_activity where datname = current_database() and usename = 'storyreel'"
        )
        most = max(most, open_now)
        await asyncio.sleep(0)

    assert await running == 200
    assert 0 < most <= 2


async def run(deployment: World, query: str) -> int:
    """Call run-jobs as the database would, and wait for it to end; the status."""
    (url,) = await deployment.one("select url from storyreel.waking")
    async with httpx.AsyncClient(headers={"apikey": SECRET}, trust_env=False, timeout=60) as http:
        return (await http.post(f"{url}{query}")).status_code
