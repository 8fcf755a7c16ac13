"""Any step, run again or by two workers at once, changes nothing more, and holds no transaction while it waits."""

import asyncio
import inspect
from collections import Counter
from typing import Any

from pipeline.lifecycle import Shows
from tests.pipeline.steps.cuts import cut, until_cut
from tests.pipeline.steps.world import STORY, World


async def test_a_second_run_of_anything_changes_nothing(world: World) -> None:
    """After each step, every step run again leaves every row as it was, and asks the provider for nothing."""
    await world.tell()
    for step in (world.plan, world.admit, world.deliver, world.fetch, world.finish):
        await step()
        before, calls = await world.everything(), len((await world.provider.journal())["received"])
        await world.plan()
        if step != world.plan:
            await world.admit()
            await world.reconcile()
        for work in (world.fetch, world.finish):
            if step not in {world.deliver, world.fetch}:
                assert not await work()

        assert await world.everything() == before
        assert len((await world.provider.journal())["received"]) == calls


async def test_two_workers_at_once_do_the_work_once(world: World) -> None:
    """Every step run twice at the same moment submits, fetches and finishes once."""
    await asyncio.gather(*(world.tell(f"{STORY}, number {number}") for number in range(1)))
    await asyncio.gather(world.plan(), world.plan())
    await asyncio.gather(world.admit(), world.admit())
    await world.deliver()
    fetched = await asyncio.gather(world.fetch(), world.fetch())
    finished = await asyncio.gather(world.finish(), world.finish())

    assert sorted(fetched) == sorted(finished) == [False, True]
    assert await world.provider.accepted() == 1
    assert len(await world.ledger("settled")) == 1


class _Watched:
    """A port that looks, at each call, for transactions that are open meanwhile."""

    def __init__(self, port: object, world: World, seen: list[str]) -> None:
        self._port, self._world, self._seen = port, world, seen

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if not inspect.iscoroutinefunction(real):
            return real

        async def look(*args: Any, **named: Any) -> Any:
            (row,) = await self._world.rows(
                "select count(*) as open from pg_stat_activity where application_name = 'storyreel' "
                "and datname = current_database() and state like 'idle in transaction%%'"
            )
            self._seen += [name] * (1 + 100 * row["open"])
            return await real(*args, **named)

        return look


async def test_no_transaction_is_open_during_a_call_to_the_outside(world: World) -> None:
    """Provider, bucket, clip and ffmpeg are waited for with no transaction held."""
    seen: list[str] = []
    for port in ("generator", "bucket", "source", "transcoder"):
        setattr(world, port, _Watched(getattr(world, port), world, seen))
    world.provider.script(1, lose_webhook=True)
    story = await world.submit()
    assert (await world.live_on(story)).shows == Shows.FINAL

    usual = {"submit": 1, "status": 1, "result": 1, "download": 1, "put": 4, "get": 1, "transcode": 1}
    assert Counter(seen) == usual


async def test_the_video_goes_up_last(world: World) -> None:
    """Killed after any upload, there is no video in the bucket whose poster is not there, too."""
    await world.submit()
    await world.deliver()
    await world.fetch()
    whole, world.bucket = world.bucket, cut(world.bucket, "put", "after")
    await until_cut(world.finish())

    assert not [found for found in await whole.list("renditions/") if found.content_type == "video/mp4"]
