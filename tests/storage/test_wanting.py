"""What a planned revision gets from its take as it stands: new, under way, ready, failed."""

from tests.storage.builders import LEASE, PASSING, PERMANENT, shot
from tests.storage.world import World


async def test_a_new_take_gets_one_render_that_waits(world: World) -> None:
    """With the plan's provider, endpoint and estimate, in round and attempt one, due now; one hint to admit."""
    await world.waiting(estimate="0.0125")

    render = await world.one(
        "select round, attempt, provider, endpoint, status, estimate_usd::text, due_at, tries"
        " from storyreel.renders"
    )
    assert render == (1, 1, "fal", "fal-ai/one", "waiting", "0.012500", world.clock(), 0)
    assert await world.jobs("admit") == 1
    assert await world.one("select count(*) from storyreel.ledger") == (0,), "nothing is reserved yet"


async def test_equal_stories_share_one_take(world: World) -> None:
    """Ten stories that want the same clip have ten shots, one take and one render."""
    for _ in range(10):
        await world.story()

    await world.plan()

    counts = await world.one(
        "select (select count(*) from storyreel.shots), (select count(*) from storyreel.takes),"
        " (select count(*) from storyreel.renders)"
    )
    assert counts == (10, 1, 1)


async def test_a_take_that_is_ready_shows_at_once(world: World) -> None:
    """The later of two equal stories has its final clip when it is planned, and nothing is rendered for it."""
    await world.ready()
    later = await world.story()

    await world.plan()

    assert await world.video(later) == ("final", 1, "idle", None)
    assert await world.one("select count(*) from storyreel.renders") == (1,)


async def test_a_take_that_failed_for_good_falls_back_at_once(world: World) -> None:
    """The same request would fail again: nothing is rendered, and the reason is the take's."""
    await world.failed(PERMANENT)
    later = await world.story()

    await world.plan()

    assert await world.video(later) == ("placeholder", 0, "fallback", "content_policy")
    assert await world.one("select count(*) from storyreel.renders") == (1,)


async def test_a_take_that_failed_in_passing_begins_again(world: World) -> None:
    """In a new round with a full number of tries; its earlier renders stay on record."""
    take = await world.failed(PASSING)
    later = await world.story()

    await world.plan()

    assert (await world.video(later))[2] == "working"
    assert await world.one("select status, round, failure_code from storyreel.takes") == ("rendering", 2, None)
    assert await world.rows("select round, attempt, status from storyreel.renders order by attempt") == [
        (1, 1, "failed"),
        (2, 2, "waiting"),
    ]
    world.clock.advance(minutes=1)
    render = await world.admit()
    await world.submit(render, "second-round")
    verdict = await world.conclude(render.id, PASSING)
    assert verdict
    assert verdict.retry_at, "one failure does not use up the new round"
    assert await world.take(take) == "rendering"


async def test_a_take_whose_original_we_have_is_only_finished_again(world: World) -> None:
    """It failed in passing after the clip was stored: nothing is rendered again, `finish` gets its full tries."""
    take = await world.fetching()
    await world.fetch(take)
    in_hand = await world.stores.takes.claim_finish(take, now=world.clock(), lease=LEASE)
    assert in_hand
    assert await world.stores.takes.give_up(in_hand, PASSING, now=world.clock())
    await world.forget_jobs()
    later = await world.story()

    await world.plan()

    assert (await world.take(take), await world.jobs("finish"), await world.jobs("admit")) == ("finishing", 1, 0)
    assert await world.one("select count(*) from storyreel.renders") == (1,)
    await world.finish(take)
    assert await world.video(later) == ("final", 1, "idle", None)


async def test_whoever_is_in_a_hurry_hurries_the_take_along(world: World) -> None:
    """A render asked for by a re-render rises when a person waits for the same clip; it never sinks."""
    story = await world.story()
    await world.plan(shot("other"))
    await world.ask_again(story)
    await world.plan()
    (low,) = await world.one(
        "select r.priority from storyreel.renders r join storyreel.takes t on t.id = r.take_id"
        " where take_key = 'whale'"
    )

    await world.story()
    await world.plan()
    (high,) = await world.one("select max(priority) from storyreel.renders where take_id in"
                              " (select id from storyreel.takes where take_key = 'whale')")  # fmt: skip
    assert low < high

    await world.ask_again(story)
    await world.plan()
    assert await world.rows("select distinct priority from storyreel.renders") == [(high,)]
