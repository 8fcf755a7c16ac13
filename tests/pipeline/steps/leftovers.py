"""A bucket, stories whose files lie there, and days that pass."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from tests.pipeline.steps.cuts import When
from tests.pipeline.steps.world import World

Port = TypeVar("Port")


class _Meanwhile:
    """A port; right before or after one of its methods is called the first time, something else happens."""

    def __init__(self, port: object, method: str, when: When, what: Callable[[], Awaitable[object]]) -> None:
        self._port, self._method, self._when, self._what = port, method, when, [what]

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._method:
            return real

        async def call(*args: Any, **named: Any) -> Any:
            what = self._what.pop() if self._what else None
            if what and self._when == "before":
                await what()
            answer = await real(*args, **named)
            if what and self._when == "after":
                await what()
            return answer

        return call


def meanwhile(port: Port, method: str, when: When, what: Callable[[], Awaitable[object]]) -> Port:
    """The port, with something else that happens beside one call of its method."""
    return cast("Port", _Meanwhile(port, method, when, what))


async def files(world: World) -> set[str]:
    """Everything in the bucket."""
    return {found.path for found in await world.bucket.list("")}


async def shown(world: World, story: str) -> set[str]:
    """The files that the story's video shows, all of which are in the bucket."""
    row = await world.one(
        "select path, poster_path, preview_path from storyreel.videos where source_id = %s and shows = 'final'",
        story,
    )
    assert set(row.values()) <= await files(world), "it shows what is gone"
    return set(row.values())


async def delete(world: World, story: str) -> None:
    """The app deletes the story."""
    await world.rows("delete from public.stories where id::text = %s", story)


async def pass_days(world: World, days: int) -> None:
    """Reconcile once a day."""
    for _ in range(days):
        world.clock.advance(days=1)
        await world.reconcile()
        await world.run_jobs()


async def overdue(world: World) -> None:
    """A story was made and deleted: the next reconcile removes its files."""
    await delete(world, await world.made())
    await pass_days(world, 7)
    assert len(await files(world)) == 4
    world.clock.advance(days=1)
