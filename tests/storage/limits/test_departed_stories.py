"""A quota counts stories that are gone as well: else whoever deletes one could tell the next for ever."""

from datetime import timedelta

import pytest

from pipeline.errors import OverQuota
from tests.storage.limits.scene import ANNA, BERT, Bounded
from tests.storage.limits.test_quota_holds import plan_all, tell, work

DELETE = "delete from public.stories where owner_id = %s"
GIVE_AWAY = "update public.stories set owner_id = %s where owner_id = %s"


async def test_deleting_what_was_begun_makes_no_room(world: Bounded) -> None:
    """Told, planned, deleted, and told again: what is beyond the quota is held as if all were still there."""
    await world.limit(owner_stories_per_hour=2)
    await tell(world, 2)
    assert len(await plan_all(world)) == 2
    await world.rows(DELETE + " returning id", ANNA)

    await tell(world, 3)

    assert await plan_all(world) == []
    assert await work(world) == {("held", "quota"): 3}


async def test_giving_it_away_makes_no_room(world: Bounded) -> None:
    """Another owner's name on a row is no way around it either."""
    await world.limit(owner_stories_per_hour=2)
    await tell(world, 2)
    assert len(await plan_all(world)) == 2
    await world.rows(GIVE_AWAY + " returning id", BERT, ANNA)

    await tell(world, 1)

    assert await plan_all(world) == []


async def test_what_was_never_begun_counts_for_nothing(world: Bounded) -> None:
    """A story that was deleted before anything was made of it cost nothing."""
    await world.limit(owner_stories_per_hour=2)
    await tell(world, 5)
    await world.rows(DELETE + " returning id", ANNA)

    await tell(world, 2)

    assert len(await plan_all(world)) == 2


async def test_the_door_counts_them_too(world: Bounded) -> None:
    """Where the caller can be told: refused, until the first of them is an hour old."""
    await world.limit(owner_stories_per_hour=2)
    stories = world.stores.stories
    for name in ("a", "b"):
        await stories.request("elsewhere", name, "A whale", owner_id=ANNA)
    await world.rows("delete from storyreel.videos where owner_id = %s returning id", ANNA)

    with pytest.raises(OverQuota) as refused:
        await stories.request("elsewhere", "c", "A whale", owner_id=ANNA)
    await stories.request("elsewhere", "d", "A whale", owner_id=BERT)

    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= timedelta(hours=1).total_seconds()


async def test_they_are_forgotten_when_they_count_no_more(world: Bounded) -> None:
    """And nothing is kept of them where there is no quota."""
    await tell(world, 1)
    await world.rows(DELETE + " returning id", ANNA)
    assert await world.rows("select owner_id from storyreel.departed") == []

    await world.limit(owner_stories_per_hour=2)
    await tell(world, 2)
    await world.rows(DELETE + " returning id", ANNA)
    assert len(await world.rows("select owner_id from storyreel.departed")) == 2
    await world.rows("update storyreel.departed set told_at = told_at - interval '61 minutes' returning owner_id")
    await tell(world, 1, BERT)
    await world.rows(DELETE + " returning id", BERT)

    assert await world.rows("select owner_id from storyreel.departed") == [(BERT,)]
