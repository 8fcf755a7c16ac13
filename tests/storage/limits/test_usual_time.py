"""What an endpoint usually takes is learned from its last requests, and used where its renders are waited for."""

from datetime import timedelta

import pytest

from pipeline.timing import Timing
from tests.storage.builders import CLIP
from tests.storage.limits.scene import ANNA, Bounded

TIMING = Timing()


async def took(world: Bounded, *seconds: float, endpoint: str = "fal-ai/one") -> None:
    """Requests that took so long, one after the other."""
    for number in seconds:
        (count,) = await world.one("select count(*) from storyreel.renders")
        await world.asks(ANNA, f"clip-{count}", endpoint=endpoint)
        render = await world.admit()
        world.clock.advance(seconds=5)  # a slow POST is no slow clip
        await world.submit(render, f"r{count}")
        world.clock.advance(seconds=number)
        await world.deliver(render.id, CLIP, request_id=f"r{count}")


async def usual(world: Bounded, endpoint: str = "fal-ai/one") -> timedelta | None:
    (count,) = await world.one("select count(*) from storyreel.renders")
    await world.asks(ANNA, f"asks-{count}", endpoint=endpoint)
    render = await world.admit()
    await world.conclude(render.id, CLIP)
    return render.usual


async def test_until_three_were_seen_it_is_not_known(world: Bounded) -> None:
    """Then the step falls back on what the provider's catalogue says."""
    await took(world, 40, 40)
    assert await usual(world) is None

    await took(world, 40)
    assert await usual(world) == timedelta(seconds=40)


async def test_it_is_what_nine_in_ten_took_at_most(world: Bounded) -> None:
    """One that hung for an hour says little."""
    await took(world, *range(31, 40), 3600)

    assert await usual(world) == timedelta(seconds=39)


async def test_only_the_last_twenty_count(world: Bounded) -> None:
    """An endpoint that has become quicker is known to be."""
    await took(world, *[300] * 5, *[20] * 20)

    assert await usual(world) == timedelta(seconds=20)


async def test_each_endpoint_has_its_own(world: Bounded) -> None:
    """What one takes says nothing of another."""
    await took(world, 40, 40, 40)

    assert await usual(world, "fal-ai/two") is None


@pytest.mark.parametrize(("seconds", "wait"), [(40, timedelta(seconds=40)), (None, TIMING.usual)])
async def test_an_unanswered_submit_is_waited_for_as_long(
    world: Bounded, seconds: float | None, wait: timedelta
) -> None:
    """The start timeout, what it usually takes, and a margin; where nobody knows, the default."""
    if seconds:
        await took(world, *[seconds] * 3)
    await world.asks(ANNA, "lost")
    render = await world.admit()
    world.clock.advance(minutes=10)

    assert (
        await world.stores.sweep.lose_answers(now=world.clock(), patience=TIMING.patience, usual=TIMING.usual) == 1
    )

    row = await world.one("select status, due_at from storyreel.renders where id = %s", render.id)
    assert row == ("unknown", world.clock() + TIMING.start_timeout + TIMING.margin + wait)


def test_the_first_look_is_never_later_than_five_minutes() -> None:
    """However slow it is known to be: what came to an early end is forgotten by the provider soon after."""
    for minutes in (0, 1, 4, 5, 60):
        first = TIMING.first_poll(timedelta(minutes=minutes))
        assert timedelta(0) < first <= timedelta(minutes=5)
    assert TIMING.first_poll(timedelta(seconds=100)) == timedelta(seconds=100) + TIMING.poll_after
