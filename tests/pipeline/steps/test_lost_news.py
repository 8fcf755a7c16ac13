"""News of a render: late, lost, twice, empty, bad; by webhook, by asking, or never."""

from datetime import timedelta

import httpx
import pytest

from pipeline.errors import BadSignature
from pipeline.lifecycle import Shows, Work
from pipeline.retry import MAX_RENDERS
from tests.pipeline.steps.world import TURBO, Letter, World


async def test_a_lost_webhook_is_made_up_for_by_one_poll(world: World) -> None:
    """A minute of silence: one status, one result, and the video is final and settled."""
    world.script(1, lose_webhook=True)
    story = await world.submit()
    await world.provider_rests()
    world.clock.advance(seconds=59)
    await world.reconcile()
    assert await world.called("GET", "/status") == 0

    world.clock.advance(seconds=1)
    await world.reconcile()
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL
    assert (await world.called("GET", "/status"), await world.results_asked()) == (1, 1)
    assert len(await world.ledger("settled")) == 1


async def test_a_render_that_still_runs_is_asked_after_each_minute(world: World) -> None:
    """It is paid for, so it is waited for, however long it takes."""
    world.script(1, latency=1000, lose_webhook=True)
    story = await world.submit()
    for polls in range(1, 11):
        world.clock.advance(minutes=1)
        await world.reconcile()
        assert await world.called("GET", "/status") == polls
    assert await world.statuses() == ["submitted"]

    world.clock.advance(minutes=10)
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.accepted() == 1


async def test_trouble_while_asking_never_fails_a_render(world: World) -> None:
    """A dead key, a 503, a broken answer: the render is asked after again, and used."""
    world.script(1, lose_webhook=True)
    story = await world.submit()
    await world.provider_rests()
    answers = [httpx.Response(401), httpx.Response(503), httpx.Response(200, text="no json"), httpx.Response(429)]
    for answer in answers:
        world.wire.answers = [("GET", answer)]
        world.clock.advance(minutes=1)
        await world.reconcile()
        assert await world.statuses() == ["submitted"]

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.accepted() == 1


async def test_a_webhook_without_content_has_the_result_asked_for_at_once(world: World) -> None:
    """`payload_error`: no waiting for the poll that would have come."""
    world.script(1, payload_error=True)
    story = await world.submit()

    assert await world.deliver() == "accepted"
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL
    assert await world.results_asked() == 1


async def test_a_forgotten_result_brings_another_try(world: World) -> None:
    """Nobody looked for more than an hour: the provider answers 404, and the clip is made again."""
    world.script(1, lose_webhook=True)
    story = await world.submit()
    await world.provider_rests()
    world.clock.advance(hours=2)
    await world.reconcile()
    assert await world.statuses() == ["failed", "waiting"]
    assert (await world.renders_made())[0]["failure_code"] == "provider_forgot"

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.accepted() == 2


async def test_a_forgotten_result_may_have_been_billed(world: World) -> None:
    """Its reservation is not set free: that is only done where no money can have flowed."""
    world.script(1, lose_webhook=True)
    await world.submit()
    await world.provider_rests()
    world.clock.advance(hours=2)
    await world.reconcile()

    assert await world.ledger("released") == []


async def test_a_failed_clip_is_tried_again_later(world: World) -> None:
    """After a pause, the same order again; the failure is not paid for and is not shown."""
    world.script(1, fail=500)
    story = await world.submit()
    await world.deliver()
    first, second = await world.renders_made()
    assert (first["status"], first["failure_code"], second["status"]) == ("failed", "provider_error", "waiting")
    assert second["due_at"] == world.clock() + timedelta(seconds=2.5), "with no jitter"
    assert (await world.video(story)).work == Work.WORKING

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert [len(await world.ledger(kind)) for kind in ("reserved", "released", "settled")] == [2, 1, 1]


async def test_the_last_failure_falls_back(world: World) -> None:
    """Three failures end it: the placeholder goes on playing, with a word and a sentence why."""
    for nth in range(1, 6):
        world.script(nth, fail=500)
    story = await world.submit()
    video = await world.live_on(story)

    assert (video.shows, video.path) == (Shows.PLACEHOLDER, "p/dream.mp4")
    assert (video.work, video.reason) == (Work.FALLBACK, "provider_error")
    assert video.message == "The video service failed several times. You can try again later."
    assert await world.accepted() == MAX_RENDERS
    assert len(await world.ledger("released")) == MAX_RENDERS


async def test_declined_content_is_not_tried_again(world: World) -> None:
    """One submit; an equal story later learns the same at once, without another."""
    world.script(1, fail="content_policy_violation")
    story = await world.submit()
    await world.deliver()
    video = await world.video(story)
    assert (video.work, video.reason) == (Work.FALLBACK, "content_policy")
    assert video.message == "The video service declined the content of this story."

    other = await world.tell()
    await world.run_jobs()
    assert (await world.video(other)).reason == "content_policy"
    assert await world.accepted() == 1


async def test_a_failure_that_can_pass_is_forgotten_when_asked_anew(world: World) -> None:
    """An equal story begins again with all tries, and the first one gets its video, too."""
    for nth in range(1, 6):
        world.script(nth, fail=500)
    story = await world.submit()
    assert (await world.live_on(story)).work == Work.FALLBACK

    other = await world.tell()
    await world.rows("update storyreel.revisions set due_at = %s where due_at is not null", world.clock())
    await world.plan()
    assert (await world.live_on(other)).shows == Shows.FINAL
    assert ((await world.video(story)).shows, (await world.video(story)).work) == (Shows.FINAL, Work.IDLE)
    assert await world.accepted() == 6


async def test_a_repeated_delivery_changes_nothing(world: World) -> None:
    """However often, at whatever stage: recognised, and no second effect."""
    await world.submit()
    letter = await world.next_letter()
    assert await world.receive(letter) == "accepted"
    for step in (world.fetch, world.finish, world.reconcile):
        before = await world.everything()
        assert await world.receive(letter) == "repeated"
        assert await world.everything() == before
        await step()


async def test_a_doubled_webhook_is_one_delivery(world: World) -> None:
    """The provider itself sends it twice."""
    world.script(1, duplicate_webhook=2)
    await world.submit()

    assert [await world.deliver(), await world.deliver()] == ["accepted", "repeated"]


async def test_a_delivery_that_outruns_the_answer_to_the_submit_counts(world: World) -> None:
    """It comes before the request id is saved; the answer then adds the name it already has."""
    story = await world.tell()
    await world.plan()
    whole = world.renders
    (render,) = await whole.admit("fal", now=world.clock(), lease=world.timing.submit_lease)
    world.renders = _AdmitsAgain(whole, [render])  # type: ignore[assignment]  # a port with one method put in front
    letters = _Reader(world)
    world.generator = letters  # type: ignore[assignment]  # likewise
    await world.admit()

    assert letters.outcome == "accepted"
    assert await world.statuses() == ["delivered"]
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL


class _AdmitsAgain:
    """Renders that were admitted already, handed out once more."""

    def __init__(self, port: object, batch: list[object]) -> None:
        self._port, self._batches = port, [batch, []]

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)

    async def admit(self, *_: object, **__: object) -> list[object]:
        return self._batches.pop(0)


class _Reader:
    """A generator whose submit returns only after the webhook was received."""

    def __init__(self, world: World) -> None:
        self._world, self._port, self.outcome = world, world.generator, ""

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)

    async def submit(self, order: object) -> str:
        request_id = await self._port.submit(order)  # type: ignore[arg-type]  # passed through
        self.outcome = await self._world.deliver()
        return request_id


async def test_old_news_is_recorded_as_stale(world: World) -> None:
    """A cancelled render's failure concerns nobody."""
    world.script(1, drop_submit_answer=True, webhook_delay=460)
    world.script(2, latency=100, fail=500)
    await world.submit()
    world.clock.advance(seconds=world.timing.until_lost.total_seconds())
    await world.reconcile()
    await world.run_jobs()
    world.clock.advance(seconds=70)
    await world.deliver()
    await world.run_jobs()
    world.clock.advance(seconds=30)

    assert await world.deliver() == "stale"
    assert await world.statuses() == ["delivered", "cancelled"]


async def test_a_delivery_for_a_render_that_is_gone_is_an_orphan_with_its_cost(world: World) -> None:
    """The money flowed whatever became of the row."""
    await world.submit()
    (render,) = await world.renders_made()
    await world.rows("delete from storyreel.renders")

    assert await world.deliver() == "orphan"
    (delivery,) = await world.rows("select * from storyreel.deliveries")
    assert (delivery["outcome"], delivery["cost_usd"]) == ("orphan", render["estimate_usd"])


async def test_a_forged_delivery_leaves_no_trace(world: World) -> None:
    """One byte changed: refused before anything is recorded; the genuine one still counts."""
    story = await world.submit()
    letter = await world.next_letter()
    before = await world.everything()
    with pytest.raises(BadSignature):
        await world.receive(Letter(letter.render_id, letter.headers, letter.body + b" "))

    assert await world.everything() == before
    assert await world.receive(letter) == "accepted"
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL


async def test_a_bill_that_cannot_be_had_delays_nobody(world: World) -> None:
    """The clip is shown; reconcile asks for the cost again."""
    world.wire.answers = []
    story = await world.submit()
    await world.deliver()
    world.wire.answers = [("GET", httpx.Response(503))]
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL
    assert await world.ledger("settled") == []

    world.clock.advance(minutes=2)
    await world.reconcile()
    assert len(await world.ledger("settled")) == 1


async def test_a_bill_that_is_gone_is_settled_at_the_estimate(world: World) -> None:
    """Better a guess on the ledger than nothing."""
    await world.submit()
    await world.deliver()
    world.wire.answers = [("GET", httpx.Response(404))]
    await world.run_jobs()

    (render,) = await world.renders_made()
    assert [row["amount_usd"] for row in await world.ledger("settled")] == [render["estimate_usd"]]
    assert render["billable_units"] is None


async def test_not_begun_in_time_is_tried_again_and_not_paid(world: World) -> None:
    """The start timeout that we send ends it at the provider; another try follows."""
    world.script(1, latency=400)
    await world.rows("update storyreel.providers set slots = 3")
    for number in range(3):
        await world.tell(f"a whale, number {number}")
    for nth in (1, 2):
        world.script(nth, latency=400)
    await world.plan()
    await world.admit()
    world.clock.advance(seconds=300)

    assert await world.deliver() == "accepted"
    failed = [row for row in await world.renders_made() if row["status"] == "failed"]
    assert [row["failure_code"] for row in failed] == ["not_started"]
    assert "waiting" in await world.statuses()
    assert await world.called("POST", TURBO) == 3
