"""What a planned revision gets from its take as it stands: new, under way, ready, failed."""

from uuid import UUID

from pipeline.model import Clip, Failure
from pipeline.reasons import CLIP_GONE
from pipeline.retry import MAX_RENDERS
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT, shot
from tests.storage.world import World

GONE = Failure(CLIP_GONE, "404", permanent=False)


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

    assert await world.video(later) == ("placeholder", 0, "fallback", "no_clip")
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


async def _given_up_fetching(world: World, failure: Failure) -> UUID:
    """A take whose paid clip could not be fetched, asked for again; every hint is lost before."""
    take = await world.fetching()
    in_hand = await world.stores.takes.claim_fetch(take, now=world.clock(), lease=LEASE)
    assert in_hand
    assert await world.stores.takes.give_up(in_hand, failure, now=world.clock())
    await world.forget_jobs()
    return take


async def _paid(world: World) -> list[tuple[object, ...]]:
    """Every render and every line of the ledger."""
    renders = await world.rows("select id, status from storyreel.renders order by attempt")
    return renders + await world.rows("select render_id, kind, amount_usd from storyreel.ledger order by id")


async def test_a_paid_clip_is_only_fetched_again(world: World) -> None:
    """It still lies at the provider: nothing is rendered and nothing reserved, and `fetch` gets its full tries."""
    take = await _given_up_fetching(world, Failure("clip_lost", "the bucket was away", permanent=False))
    before = await _paid(world)
    later = await world.story()

    await world.plan()

    assert await world.take(take) == "fetching"
    assert (await world.jobs("fetch"), await world.jobs("admit")) == (1, 0)
    assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []
    in_hand = await world.stores.takes.claim_fetch(take, now=world.clock(), lease=LEASE)
    assert in_hand
    assert (in_hand.tries, in_hand.failures, in_hand.clip_url) == (1, 0, CLIP.url)
    assert await world.stores.takes.hand_back(in_hand, now=world.clock())
    await world.fetch(take)
    await world.finish(take)
    assert await world.video(later) == ("final", 1, "idle", None)
    assert await _paid(world) == before


async def test_a_clip_that_is_gone_is_rendered_again(world: World) -> None:
    """In a new round: fetching once more what the provider has no longer would bring nobody a video."""
    take = await _given_up_fetching(world, GONE)
    await world.story()

    await world.plan()

    assert await world.one("select status, round, failure_code from storyreel.takes") == ("rendering", 2, None)
    assert await world.rows("select round, status from storyreel.renders order by attempt") == [
        (1, "delivered"), (2, "waiting")
    ]  # fmt: skip
    assert (await world.jobs("fetch"), await world.jobs("admit")) == (0, 1)
    render = await world.admit()
    await world.submit(render, "second-round")
    await world.conclude(render.id, Clip("https://provider.example/new.mp4"))
    assert await world.one("select id, status, clip_url, render_id from storyreel.takes") == (
        take, "fetching", "https://provider.example/new.mp4", render.id)  # fmt: skip


async def test_a_clip_that_is_gone_stays_gone(world: World) -> None:
    """The round after it failed too: asked for once more, the take is rendered, the old clip not fetched."""
    await _given_up_fetching(world, GONE)
    await world.story()
    await world.plan()
    for _ in range(MAX_RENDERS):
        render = await world.admit()
        await world.submit(render, str(render.id))
        await world.conclude(render.id, PASSING)
        world.clock.advance(hours=1)
    assert await world.rows("select status, failure_code from storyreel.takes") == [("failed", PASSING.code)]
    await world.story()

    await world.plan()

    assert await world.rows("select status, round from storyreel.takes") == [("rendering", 3)]


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
