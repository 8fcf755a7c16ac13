"""A submit whose answer was lost may be paid: one double payment at most, and no clip thrown away."""

from pipeline.errors import GeneratorUnavailable
from pipeline.lifecycle import Shows, Work
from tests.pipeline.steps.cuts import broken
from tests.pipeline.steps.world import World


async def test_a_lost_answer_whose_webhook_comes_counts(world: World) -> None:
    """The clip of a submit that was never answered is used, settled, and the only one."""
    world.provider.script(1, drop_submit_answer=True)
    story = await world.submit()
    assert await world.statuses() == ["unknown"]
    assert await world.deliver() == "accepted"
    await world.run_jobs()

    assert (await world.video(story)).shows == Shows.FINAL
    (render,) = await world.renders_made()
    assert (render["status"], render["request_id"]) == ("delivered", "request-1")
    assert render["settled_at"] is not None
    assert await world.provider.accepted() == 1


async def test_a_lost_answer_keeps_slot_and_money_until_it_cannot_run_any_more(world: World) -> None:
    """Start timeout, usual time and margin: before that nothing is given up, and its slot is taken."""
    world.provider.script(1, drop_submit_answer=True, lose_webhook=True)
    await world.rows("update storyreel.providers set slots = 1")
    await world.submit()
    await world.tell("A fox in the forest")
    await world.plan()
    await world.provider.rests()
    world.clock.advance(seconds=world.timing.until_lost(None).total_seconds() - 1)
    await world.reconcile()
    await world.run_jobs()
    assert sorted(await world.statuses()) == ["unknown", "waiting"]

    world.clock.advance(seconds=1)
    await world.reconcile()
    assert "lost" in await world.statuses()
    assert await world.ledger("released") == []


async def test_silence_brings_exactly_one_more_attempt(world: World) -> None:
    """Two submits may have been paid, one clip is shown."""
    world.provider.script(1, drop_submit_answer=True, lose_webhook=True)
    story = await world.submit()
    video = await world.live_on(story)

    assert video.shows == Shows.FINAL
    assert await world.statuses() == ["lost", "delivered"]
    assert await world.provider.accepted() == 2


async def test_two_silences_end_it(world: World) -> None:
    """Never a third attempt: the video falls back, and says that the service did not answer."""
    for nth in (1, 2, 3):
        world.provider.script(nth, drop_submit_answer=True, lose_webhook=True)
    story = await world.submit()
    video = await world.live_on(story)
    world.clock.advance(hours=1)
    await world.reconcile()
    await world.run_jobs()

    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, "provider_silent")
    assert await world.statuses() == ["lost", "lost"]
    assert await world.provider.accepted() == 2


async def test_a_failure_after_a_lost_answer_ends_it(world: World) -> None:
    """The one more attempt fails: no third one."""
    world.provider.script(1, drop_submit_answer=True, lose_webhook=True)
    world.provider.script(2, fail=500)
    story = await world.submit()
    video = await world.live_on(story)

    assert (video.work, video.reason) == (Work.FALLBACK, "provider_error")
    assert await world.provider.accepted() == 2


async def test_the_first_of_two_clips_is_used_and_the_other_cancelled(world: World) -> None:
    """The lost render delivers while its successor runs: it is shown, the provider is told to stop the other."""
    world.provider.script(1, drop_submit_answer=True, webhook_delay=460)
    world.provider.script(2, latency=600)
    story = await world.submit()
    await world.provider.rests()
    world.clock.advance(seconds=world.timing.until_lost(None).total_seconds())
    await world.reconcile()
    await world.run_jobs()
    assert await world.statuses() == ["lost", "submitted"]
    world.clock.advance(seconds=70)

    assert await world.deliver() == "accepted"
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL
    assert await world.statuses() == ["delivered", "cancelled"]
    second = (await world.renders_made())[1]["request_id"]
    assert await world.provider.called("PUT", f"/requests/{second}/cancel") == 1


async def test_the_other_is_cancelled_even_where_the_first_cannot_be_downloaded(world: World) -> None:
    """The provider is told before the download, for each minute of the other costs money."""
    world.provider.script(1, drop_submit_answer=True, webhook_delay=460)
    world.provider.script(2, latency=600)
    await world.submit()
    await world.provider.rests()
    world.clock.advance(seconds=world.timing.until_lost(None).total_seconds())
    await world.reconcile()
    await world.run_jobs()
    world.clock.advance(seconds=70)
    await world.deliver()
    world.source = broken(world.source, "download", GeneratorUnavailable("HTTP 503"))
    await world.run_jobs()

    assert await world.provider.called("PUT", "/cancel") == 1


async def test_a_second_clip_that_could_not_be_stopped_is_late_and_settled(world: World) -> None:
    """Both were paid, so both stand on the ledger; what is shown stays."""
    world.provider.script(1, drop_submit_answer=True, webhook_delay=460)
    world.provider.script(2, latency=100)
    story = await world.submit()
    await world.provider.rests()
    world.clock.advance(seconds=world.timing.until_lost(None).total_seconds())
    await world.reconcile()
    await world.run_jobs()
    world.clock.advance(seconds=70)
    await world.deliver()
    await world.run_jobs()
    shown = await world.video(story)
    world.clock.advance(seconds=30)

    assert await world.deliver() == "late"
    world.clock.advance(minutes=2)
    await world.reconcile()
    assert await world.video(story) == shown
    assert await world.statuses() == ["delivered", "delivered"]
    assert len(await world.ledger("settled")) == 2


async def test_a_clip_after_all_was_given_up_is_still_shown(world: World) -> None:
    """Both answers were lost and the video fell back; then the first clip comes: it was paid for."""
    world.provider.script(1, drop_submit_answer=True, webhook_delay=1500)
    world.provider.script(2, drop_submit_answer=True, lose_webhook=True)
    story = await world.submit()
    assert (await world.live_on(story)).work == Work.FALLBACK
    world.clock.advance(seconds=1500)

    assert await world.deliver() == "accepted"
    await world.run_jobs()
    video = await world.video(story)
    assert (video.shows, video.work, video.reason) == (Shows.FINAL, Work.IDLE, None)


async def test_a_lost_render_that_announces_without_content_still_counts(world: World) -> None:
    """Its webhook holds no payload (`payload_error`): the result is asked for, for it was paid."""
    world.provider.script(1, drop_submit_answer=True, webhook_delay=1500, payload_error=True)
    world.provider.script(2, drop_submit_answer=True, lose_webhook=True)
    story = await world.submit()
    assert (await world.live_on(story)).work == Work.FALLBACK
    world.clock.advance(seconds=1500)
    await world.deliver()
    await world.run_jobs()

    assert (await world.live_on(story)).shows == Shows.FINAL


async def test_a_cancelled_render_that_announces_without_content_is_settled(world: World) -> None:
    """It could not be stopped and may have been paid: its result is asked for at once, and once."""
    world.provider.script(1, drop_submit_answer=True, webhook_delay=460)
    world.provider.script(2, latency=100, payload_error=True)
    story = await world.submit()
    await world.provider.rests()
    world.clock.advance(seconds=world.timing.until_lost(None).total_seconds())
    await world.reconcile()
    await world.run_jobs()
    world.clock.advance(seconds=70)
    await world.deliver()
    await world.run_jobs()
    shown, asked = await world.video(story), await world.provider.results_asked()
    world.clock.advance(seconds=30)
    assert await world.deliver() == "accepted"
    await world.run_jobs()
    world.clock.advance(minutes=5)
    await world.reconcile()

    assert await world.video(story) == shown
    assert await world.statuses() == ["delivered", "delivered"]
    assert len(await world.ledger("settled")) == 2
    assert await world.provider.results_asked() == asked + 1


async def test_what_silences_may_have_cost_stays_reserved(world: World) -> None:
    """However long: it may be billed, and only a delivery or a person can tell."""
    for nth in (1, 2):
        world.provider.script(nth, drop_submit_answer=True, lose_webhook=True)
    story = await world.submit()
    assert (await world.live_on(story)).reason == "provider_silent"
    world.clock.advance(days=90)
    await world.reconcile()

    assert await world.ledger("settled") == await world.ledger("released") == []
    assert len(await world.ledger("reserved")) == 2
