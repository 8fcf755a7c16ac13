"""The provider's no to a clip: what is tried again, what is not, and what the viewer is told."""

from datetime import timedelta

from pipeline.lifecycle import Shows, Work
from pipeline.retry import MAX_RENDERS
from tests.pipeline.steps.outside import TURBO
from tests.pipeline.steps.world import World


async def test_a_failed_clip_is_tried_again_later(world: World) -> None:
    """After a pause, the same order again; the failure is not paid for and is not shown."""
    world.provider.script(1, fail=500)
    story = await world.submit()
    await world.deliver()
    first, second = await world.renders_made()
    assert (first["status"], first["failure_code"], second["status"]) == ("failed", "provider_error", "waiting")
    assert second["due_at"] == world.clock() + timedelta(seconds=2.5), "with no jitter"
    assert (await world.video(story)).work == Work.WORKING

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert [len(await world.ledger(kind)) for kind in ("reserved", "released")] == [2, 1]
    (bill,) = [entry for entry in await world.ledger("settled") if entry["render_id"] == first["id"]]
    assert bill["amount_usd"] == 0, "it was asked for: a webhook does not tell"


async def test_the_last_failure_falls_back(world: World) -> None:
    """Three failures end it for now: the placeholder goes on playing, with a word and a sentence why."""
    for nth in range(1, 6):
        world.provider.script(nth, fail=500)
    story = await world.submit()
    video = await world.live_on(story)

    assert (video.shows, video.path) == (Shows.PLACEHOLDER, "p/dream.mp4")
    assert (video.work, video.reason) == (Work.FALLBACK, "provider_error")
    assert video.message == "The video service failed several times. It will be tried again by itself."
    assert await world.provider.accepted() == MAX_RENDERS
    assert len(await world.ledger("released")) == MAX_RENDERS


async def test_declined_content_is_not_tried_again(world: World) -> None:
    """One submit; an equal story later learns the same at once, without another."""
    world.provider.script(1, fail="content_policy_violation")
    story = await world.submit()
    await world.deliver()
    video = await world.video(story)
    assert (video.work, video.reason) == (Work.REJECTED, "content_rejected")
    assert video.message == "The video service declined the content of this story."

    other = await world.tell()
    await world.run_jobs()
    assert (await world.video(other)).reason == "content_rejected"
    assert await world.provider.accepted() == 1


async def test_a_failure_that_can_pass_is_forgotten_when_asked_anew(world: World) -> None:
    """An equal story begins again with all tries, and the first one gets its video, too."""
    for nth in range(1, 6):
        world.provider.script(nth, fail=500)
    story = await world.submit()
    assert (await world.live_on(story)).work == Work.FALLBACK

    other = await world.tell()
    await world.plan()
    assert (await world.live_on(other)).shows == Shows.FINAL
    assert ((await world.video(story)).shows, (await world.video(story)).work) == (Shows.FINAL, Work.IDLE)
    assert await world.provider.accepted() == 6


async def test_not_begun_in_time_is_tried_again_and_not_paid(world: World) -> None:
    """The start timeout that we send ends it at the provider; another try follows, and the money is set free."""
    await world.rows("update storyreel.providers set slots = 3")  # one more than the provider runs at once
    for nth in (1, 2):
        world.provider.script(nth, latency=400)
    for number in range(3):
        await world.tell(f"a whale, number {number}")
    await world.plan()
    await world.admit()
    world.clock.advance(seconds=world.timing.start_timeout.total_seconds())

    assert await world.deliver() == "accepted"
    assert sorted(await world.statuses()) == ["failed", "submitted", "submitted", "waiting"]
    assert len(await world.ledger("released")) == 1
    assert await world.provider.called("POST", f"/{TURBO}") == 3
