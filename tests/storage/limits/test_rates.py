"""The rate of a provider: as many at once as there are slots after a quiet time, then evenly, whoever admits."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.services import Stores
from tests.conftest import DatabaseUrls
from tests.storage.builders import CLIP, LEASE
from tests.storage.limits.scene import Bounded

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
END_ALL = """
update storyreel.renders set status = 'delivered', due_at = null, ended_at = %s
where status in ('admitted', 'submitted', 'unknown')
"""


async def begun(world: Bounded) -> int:
    """One admission, all of which ends at once: what bounds the next is the rate alone."""
    batch = await world.admits()
    for render in batch:
        await world.conclude(render.id, CLIP)
    return len(batch)


async def test_after_a_quiet_time_as_many_go_at_once_as_there_are_slots(world: Bounded) -> None:
    """Then one every ten seconds at six a minute; what is saved up is never more than the slots."""
    await world.provider(slots=3, per_minute=6)
    await world.many(40)

    assert [await begun(world), await begun(world)] == [3, 0]
    world.clock.advance(seconds=9.9)
    assert await begun(world) == 0
    world.clock.advance(seconds=0.1)
    assert [await begun(world), await begun(world)] == [1, 0]
    world.clock.advance(hours=1)
    assert [await begun(world), await begun(world)] == [3, 0]


async def test_fifty_admitters_at_once_keep_to_the_rate(world: Bounded, crowd: Stores) -> None:
    """Those that were saved up go, and then no more than the rate gives."""
    await world.provider(slots=5, per_minute=4)
    await world.many(60)

    async def one(stores: Stores) -> int:
        return len(await stores.renders.admit("fal", now=world.clock(), lease=LEASE))

    assert sum(await world.at_once(crowd, one)) == 5
    for (render,) in await world.rows("select id from storyreel.renders where status = 'admitted'"):
        await world.conclude(render, CLIP)
    world.clock.advance(seconds=15)
    assert sum(await world.at_once(crowd, one)) == 1


async def test_a_provider_without_a_rate_is_bounded_by_its_slots(world: Bounded) -> None:
    """Nor does a rate that was taken away leave anything behind."""
    await world.provider(slots=2, per_minute=1)
    await world.many(20)
    assert [await begun(world), await begun(world)] == [2, 0]

    await world.provider(per_minute=None)

    assert [await begun(world), await begun(world)] == [2, 2]


@pytest.fixture
async def queue(world: Bounded, database_urls: DatabaseUrls) -> AsyncIterator[psycopg.Connection]:
    """Three hundred waiting renders; every example is a transaction that is rolled back."""
    world.clock.now = NOON - timedelta(hours=1)
    await world.many(300)
    with psycopg.connect(database_urls.owner) as connection:
        yield connection


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    slots=st.integers(1, 4),
    per_minute=st.sampled_from([1, 6, 7, 60]),
    waits=st.lists(st.sampled_from([0, 0.5, 1, 7, 10, 31, 60, 200]), min_size=5, max_size=25),
)
def test_no_minute_has_more_than_the_rate_and_the_slots(
    queue: psycopg.Connection, slots: int, per_minute: int, waits: list[float]
) -> None:
    """Whenever they are asked for."""
    times: list[datetime] = []
    now = NOON
    queue.execute(
        "update storyreel.providers set slots = %s, per_minute = %s where name = 'fal'", [slots, per_minute]
    )
    for wait in waits:
        now += timedelta(seconds=wait)
        found = queue.execute("select storyreel.admit('fal', %s, interval '1 minute')", [now]).fetchall()
        times += [now] * len(found)
        queue.execute(END_ALL, [now])
    queue.rollback()

    for first in range(len(times)):
        minute = [time for time in times[first:] if time - times[first] < timedelta(minutes=1)]
        assert len(minute) <= per_minute + slots
    gap = timedelta(minutes=1) / per_minute
    for before, after in zip(times, times[slots:], strict=False):
        assert after - before >= gap - timedelta(microseconds=slots), "more at once than there are slots"
