"""A table of stories that was emptied leaves more waiting renders than one admission withdraws."""

from tests.storage.builders import LEASE
from tests.storage.world import World

AT_ONCE = 500
LEFT = """
    with left_behind as (
      insert into storyreel.takes
        (take_key, model, parameters, prompt, negative_prompt, seed, emulated, created_at)
      select 'left-' || n, 'lightning', '{}', 'A whale', '', 7, true, now() from generate_series(1, %s) n
      returning id
    )
    insert into storyreel.renders
      (take_id, round, attempt, provider, endpoint, priority, turn, due_at, estimate_usd, created_at)
    select id, 1, 1, 'fal', 'fal-ai/one', 10, 0, now(), 0.01, now() from left_behind
"""


async def withdrawn(world: World) -> int:
    (found,) = await world.one("select count(*) from storyreel.renders where status = 'cancelled'")
    return int(found)


async def test_a_live_render_behind_twelve_hundred_is_admitted_after_a_few_calls(world: World) -> None:
    """Each withdraws five hundred, for others wait meanwhile, and says that there is more; the last does not."""
    await world.owner.execute(LEFT, [1200])
    world.clock.advance(minutes=1)
    await world.waiting("wanted")
    for before in (0, AT_ONCE):
        await world.forget_jobs()
        assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []
        assert await withdrawn(world) == before + AT_ONCE
        assert await world.jobs("admit") == 1

    await world.forget_jobs()
    assert "wanted" in (await world.admit()).prompt.text
    assert await withdrawn(world) == 1200
    assert await world.jobs("admit") == 0


async def test_one_of_the_five_hundred_that_somebody_wants_is_admitted_on_the_way(world: World) -> None:
    """What is met before the limit goes to the provider in the same call."""
    await world.owner.execute(LEFT, [AT_ONCE - 1])
    world.clock.advance(minutes=1)
    await world.waiting("wanted")
    await world.owner.execute(LEFT.replace("left-", "later-"), [1])
    await world.owner.execute(
        "update storyreel.renders set created_at = created_at + interval '1 day', turn = 9"
        " where take_id in (select id from storyreel.takes where take_key = 'later-1')"
    )

    assert "wanted" in (await world.admit()).prompt.text
    assert await withdrawn(world) == AT_ONCE
