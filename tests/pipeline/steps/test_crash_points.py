"""The plug is pulled between any two effects of a step; time and reconcile alone bring it to a right end."""

import pytest

from pipeline.lifecycle import Shows, Work
from pipeline.model import Failure
from tests.pipeline.steps.cuts import cut, until_cut
from tests.pipeline.steps.world import World

# Which port, which method of it, and whether its effect took place.
PLAN = [
    ("plans", "claim", "after"),
    ("plans", "missing_endpoints", "after"),
    ("moderator", "judge", "before"),
    ("moderator", "judge", "after"),
    ("plans", "save", "before"),
    ("plans", "save", "after"),
]
ADMIT = [
    ("renders", "admit", "after"),
    ("generator", "submit", "before"),
    ("generator", "submit", "after"),
    ("renders", "submitted", "before"),
    ("renders", "submitted", "after"),
]
RECEIVE = [
    ("generator", "read_delivery", "after"),
    ("renders", "deliver", "before"),
    ("renders", "deliver", "after"),
]
FETCH = [
    ("takes", "claim_fetch", "after"),
    ("source", "download", "after"),
    ("bucket", "put", "before"),
    ("bucket", "put", "after"),
    ("takes", "fetched", "before"),
    ("takes", "fetched", "after"),
    ("renders", "withdrawn", "after"),
    ("generator", "result", "before"),
    ("generator", "result", "after"),
    ("renders", "settle", "before"),
    ("renders", "settle", "after"),
]
FINISH = [
    ("takes", "claim_finish", "after"),
    ("takes", "renditions", "after"),
    ("bucket", "get", "after"),
    ("transcoder", "transcode", "after"),
    ("bucket", "put", "after"),
    ("takes", "finished", "before"),
    ("takes", "finished", "after"),
]


def pull(world: World, port: str, method: str, when: str) -> object:
    """Put the cut in place and return the port as it was."""
    whole = getattr(world, port)
    setattr(world, port, cut(whole, method, "after" if when == "after" else "before"))
    return whole


async def ends_well(world: World, story: str, *, paid: int = 1) -> None:
    """Even if the engine lost every job: a final video, settled once, and nothing left to do."""
    await world.lose_hints()
    video = await world.live_on(story)
    assert (video.shows, video.work, video.reason) == (Shows.FINAL, Work.IDLE, None)
    assert await world.provider.accepted() == paid

    world.clock.advance(minutes=5)
    await world.reconcile()
    await world.run_jobs()
    before = await world.everything()
    assert len(await world.ledger("settled")) == 1
    assert len(await world.rows("select from storyreel.renditions")) == 3
    world.clock.advance(hours=1)
    await world.reconcile()
    await world.run_jobs()
    assert await world.everything() == before


@pytest.mark.parametrize(("port", "method", "when"), PLAN)
async def test_killed_in_plan(world: World, port: str, method: str, when: str) -> None:
    """Another planner takes over once the lease is over."""
    story = await world.tell()
    whole = pull(world, port, method, when)
    await until_cut(world.plan())
    setattr(world, port, whole)

    await ends_well(world, story)


@pytest.mark.parametrize(("port", "method", "when"), ADMIT)
async def test_killed_in_admit(world: World, port: str, method: str, when: str) -> None:
    """Whatever was accepted counts by its webhook; what was not is tried once more after the silence."""
    story = await world.tell()
    await world.plan()
    whole = pull(world, port, method, when)
    await until_cut(world.admit())
    setattr(world, port, whole)

    await ends_well(world, story)
    not_sent = (port, method, when) in {("renders", "admit", "after"), ("generator", "submit", "before")}
    assert await world.statuses() == (["lost", "delivered"] if not_sent else ["delivered"])


@pytest.mark.parametrize("redelivered", [True, False])
@pytest.mark.parametrize(("port", "method", "when"), RECEIVE)
async def test_killed_in_receive(world: World, port: str, method: str, when: str, redelivered: bool) -> None:
    """The provider got no answer: it delivers again, or the silent render is polled."""
    story = await world.submit()
    letter = await world.next_letter()
    whole = pull(world, port, method, when)
    await until_cut(world.receive(letter))
    setattr(world, port, whole)
    if redelivered:
        world.clock.advance(seconds=5)
        assert await world.receive(letter) == (
            "repeated" if (method, when) == ("deliver", "after") else "accepted"
        )

    await ends_well(world, story)
    recorded = redelivered or (method, when) == ("deliver", "after")
    assert len(await world.rows("select from storyreel.deliveries")) == recorded


@pytest.mark.parametrize(("port", "method", "when"), FETCH)
async def test_killed_in_fetch(world: World, port: str, method: str, when: str) -> None:
    """The clip is fetched, stored once, and settled once."""
    story = await world.submit()
    await world.deliver()
    whole = pull(world, port, method, when)
    await until_cut(world.fetch())
    setattr(world, port, whole)

    await ends_well(world, story)
    assert len(await world.bucket.list("originals/")) == 1


@pytest.mark.parametrize(("port", "method", "when"), FINISH)
async def test_killed_in_finish(world: World, port: str, method: str, when: str) -> None:
    """The same files are made again under the same names."""
    story = await world.submit()
    await world.deliver()
    await world.fetch()
    whole = pull(world, port, method, when)
    await until_cut(world.finish())
    setattr(world, port, whole)

    await ends_well(world, story)
    assert len(await world.bucket.list("renditions/")) == 3


RECONCILE = [
    ("generator", "status", "after"),
    ("generator", "result", "after"),
    ("renders", "conclude", "before"),
    ("renders", "conclude", "after"),
    ("renders", "settle", "before"),
    ("renders", "settle", "after"),
]


@pytest.mark.parametrize(("port", "method", "when"), RECONCILE)
async def test_killed_in_reconcile(world: World, port: str, method: str, when: str) -> None:
    """A poll that was cut short is made again."""
    world.provider.script(1, lose_webhook=True)
    story = await world.submit()
    await world.provider.rests()
    world.clock.advance(minutes=1)
    whole = pull(world, port, method, when)
    await until_cut(world.reconcile())
    setattr(world, port, whole)

    await ends_well(world, story)


async def test_a_worker_that_was_cut_off_and_returns_harms_nothing(world: World) -> None:
    """It took longer than its lease; another has the take in hand, then is done: its own end moves nothing."""
    story = await world.submit()
    await world.deliver()
    takes, take_id, lease = world.stores.takes, await world.take_id(), world.timing.fetch_lease
    slow = await takes.claim_fetch(take_id, now=world.clock(), lease=lease)
    assert slow is not None
    world.clock.advance(minutes=3)
    assert await takes.claim_fetch(take_id, now=world.clock(), lease=lease) is not None
    for _ in ("in another's hands", "done"):
        before, now = await world.everything(), world.clock()
        assert not await takes.fetched(slow, bucket="videos", path="other", sha256="0" * 64, now=now)
        assert not await takes.try_again(slow, due_at=now)
        assert not await takes.give_up(slow, Failure("clip_lost", "too slow", permanent=False), now=now)
        assert await world.everything() == before
        world.clock.advance(minutes=3)
        await world.fetch()
        await world.finish()

    assert (await world.video(story)).shows == Shows.FINAL


async def test_a_late_answer_to_a_submit_taken_for_lost_is_kept(world: World) -> None:
    """The submitter hung for longer than its lease; its answer still names the request."""
    await world.tell()
    await world.plan()
    (render,) = await world.stores.renders.admit("fal", now=world.clock(), lease=world.timing.submit_lease)
    world.clock.advance(minutes=2)
    await world.reconcile()
    assert await world.statuses() == ["unknown"]

    saved = await world.stores.renders.submitted(
        render, "request-9", now=world.clock(), due_at=world.clock() + world.timing.poll_after
    )
    assert saved
    assert await world.statuses() == ["submitted"]
