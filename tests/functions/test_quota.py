"""How many stories an owner may tell in an hour, at the door that can say no."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from tests.functions.serving import Door, assert_problem

ANNA, BERT = str(UUID(int=1)), str(UUID(int=2))


@pytest.fixture
async def quota(owner: psycopg.AsyncConnection) -> int:
    await owner.execute("update storyreel.limits set owner_stories_per_hour = 3")
    return 3


async def tell(door: Door, whose: str | None, name: str | None = None, status: int = 202) -> None:
    answer = await door.post(json={"text": "A whale", "id": name, "owner_id": whose})
    assert answer.status_code == status, answer.text


async def count(owner: psycopg.AsyncConnection) -> int:
    row = await (await owner.execute("select count(*) from storyreel.videos")).fetchone()
    assert row
    return int(row[0])


async def later(owner: psycopg.AsyncConnection, seconds: float) -> None:
    """The door asks the database's own clock: what was told, was told earlier."""
    await owner.execute("update storyreel.videos set created_at = created_at - %s", [timedelta(seconds=seconds)])


async def test_one_too_many_is_refused_with_a_time_to_come_back(
    door: Door, owner: psycopg.AsyncConnection, quota: int
) -> None:
    """429, a problem document, Retry-After in whole seconds; nothing was made of it."""
    for number in range(quota):
        await tell(door, ANNA, f"story {number}")
    answer = await door.post(json={"text": "A whale", "id": "too many", "owner_id": ANNA})

    body = assert_problem(answer, 429, "hour")
    assert body["code"] == "over_quota"
    assert 3590 <= int(answer.headers["retry-after"]) <= 3600
    assert await count(owner) == quota


@pytest.mark.parametrize("early", [2, 600, 3598])
async def test_the_time_is_true(door: Door, owner: psycopg.AsyncConnection, quota: int, early: float) -> None:
    """A second before it is refused again, and then it passes: the oldest of the hour has made room."""
    await tell(door, ANNA)
    await later(owner, early)
    for _ in range(quota - 1):
        await tell(door, ANNA)
    answer = await door.post(json={"text": "A whale", "owner_id": ANNA})
    wait = int(answer.headers["retry-after"])
    assert wait <= 3600 - early + 1

    await later(owner, wait - 2)
    await tell(door, ANNA, status=429)
    await later(owner, 2)
    await tell(door, ANNA)
    await tell(door, ANNA, status=429)


async def test_the_same_story_again_is_no_new_one(door: Door, owner: psycopg.AsyncConnection, quota: int) -> None:
    """Who repeats a call is answered, however much was told meanwhile."""
    for number in range(quota):
        await tell(door, ANNA, f"story {number}")

    for number in range(quota):
        await tell(door, ANNA, f"story {number}")
    assert await count(owner) == quota


async def test_each_owner_has_an_hour_of_his_own_and_nobody_has_none(
    door: Door, owner: psycopg.AsyncConnection, quota: int
) -> None:
    """Bert's are not counted with Anna's; a call without an owner is bounded by nothing."""
    for _ in range(quota):
        await tell(door, ANNA)
    for _ in range(quota):
        await tell(door, BERT)
    for _ in range(3 * quota):
        await tell(door, None)
    await tell(door, BERT, status=429)


async def test_no_limit_refuses_nobody(door: Door) -> None:
    """As it is when nothing was set."""
    for _ in range(12):
        await tell(door, ANNA)


async def test_a_higher_limit_counts_at_once(door: Door, owner: psycopg.AsyncConnection, quota: int) -> None:
    for _ in range(quota):
        await tell(door, ANNA)
    await tell(door, ANNA, status=429)
    await owner.execute("update storyreel.limits set owner_stories_per_hour = 4")
    await tell(door, ANNA)
    await tell(door, ANNA, status=429)


async def test_calls_at_the_same_moment_are_counted_one_after_the_other(
    door: Door, owner: psycopg.AsyncConnection, quota: int
) -> None:
    """Twenty at once: three are told."""
    calls = [door.post(json={"text": "A whale", "owner_id": ANNA}) for _ in range(20)]
    statuses = [answer.status_code for answer in await asyncio.gather(*calls)]

    assert (statuses.count(202), statuses.count(429)) == (quota, 20 - quota)
    assert await count(owner) == quota


async def test_stories_that_the_app_inserts_count_and_are_never_refused(
    door: Door, owner: psycopg.AsyncConnection, quota: int
) -> None:
    """A row's trigger cannot say no, nor can the webhook that tells of the row; the door that can, does."""
    for _ in range(quota + 2):
        await owner.execute("insert into public.stories (text, owner_id) values ('A whale', %s)", [ANNA])
    assert await count(owner) == quota + 2

    await tell(door, ANNA, status=429)


async def test_what_passed_the_door_is_not_held_for_the_quota(
    door: Door, owner: psycopg.AsyncConnection, quota: int
) -> None:
    """Exactly as many as the door lets through are planned."""
    for _ in range(quota):
        await tell(door, ANNA)
    now = datetime.now().astimezone() + timedelta(seconds=1)

    claimed = await door.services.stores.plans.claim(now=now, lease=timedelta(minutes=1), limit=50)

    assert len(claimed) == quota


async def test_an_owner_is_named_as_a_uuid(shared_door: Door) -> None:
    """Anything else is a mistake of the caller's, and said so."""
    assert_problem(await shared_door.post(json={"text": "A whale", "owner_id": "anna"}), 422, "owner_id")
