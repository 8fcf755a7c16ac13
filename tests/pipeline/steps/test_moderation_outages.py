"""The moderation endpoint does not answer: stories wait and lose nothing, or go on and say that nobody looked."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from pipeline.errors import ModerationUnavailable
from pipeline.lifecycle import Shows, Work
from pipeline.moderation.endpoint import EndpointModerator
from pipeline.moderation.moderators import FailingOpen, InTurn, OfflineRules, Pausing
from pipeline.reasons import UNJUDGED
from pipeline.retry import MAX_STEP_TRIES
from tests.pipeline.moderation.endpoint_server import KEY, MODEL, Answer, ModerationEndpoint, serving
from tests.pipeline.steps.cuts import Killed, cut, deadly, until_cut
from tests.pipeline.steps.test_moderation import Hearing, verdicts
from tests.pipeline.steps.world import STORY, World

WAITING = (Shows.PLACEHOLDER, Work.HELD, *UNJUDGED)


@pytest.fixture
async def endpoint() -> AsyncIterator[ModerationEndpoint]:
    async with serving() as endpoint:
        yield endpoint


@pytest.fixture
async def asking(world: World, endpoint: ModerationEndpoint) -> AsyncIterator[Pausing]:
    """The endpoint as a deployment asks it."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:
        moderator = EndpointModerator(http, base_url=endpoint.url, key=KEY, model=MODEL)
        yield Pausing(moderator, clock=world.clock)


@pytest.fixture
def closed(world: World, asking: Pausing) -> World:
    """Whoever fails closed."""
    world.moderator = InTurn(OfflineRules(), asking)
    return world


@pytest.fixture
def opened(world: World, asking: Pausing) -> World:
    """Whoever fails open."""
    world.moderator = InTurn(OfflineRules(), FailingOpen(asking))
    return world


async def standing(world: World, story: str) -> tuple[str, str, str | None, str | None]:
    video = await world.video(story)
    return video.shows, video.work, video.reason, video.message


async def try_again(world: World, *, minutes: float = 11) -> None:
    """Let every wait pass, and do what is due then."""
    world.clock.advance(minutes=minutes)
    await world.reconcile()
    await world.run_jobs()


async def test_what_the_endpoint_rejects_is_final(closed: World, endpoint: ModerationEndpoint) -> None:
    """With its category; the text is not kept."""
    story = await closed.tell("a forbidden whale")
    await closed.run_jobs()

    assert (await closed.video(story)).message == "The story is not allowed for its content: violence."
    assert await verdicts(closed) == [(1, "rejected", "endpoint", "violence", "")]
    assert [question["input"] for question in endpoint.questions] == ["a forbidden whale"]


async def test_what_the_rules_reject_the_endpoint_never_hears_of(
    closed: World, endpoint: ModerationEndpoint
) -> None:
    """Not even while it is away: such a story does not wait for it."""
    endpoint.away = True
    story = await closed.tell("Write to jane.miller@gmail.com")
    await closed.run_jobs()

    assert (await closed.video(story)).work == Work.REJECTED
    assert endpoint.questions == []


async def test_failing_closed_a_story_waits_and_says_so(closed: World, endpoint: ModerationEndpoint) -> None:
    """The placeholder plays, nothing is paid; it goes on by itself as soon as the endpoint answers."""
    endpoint.away = True
    story = await closed.tell()
    await closed.run_jobs()
    assert await standing(closed, story) == WAITING
    assert await closed.rows("select from storyreel.takes") == []

    endpoint.away = False
    await try_again(closed)
    assert (await closed.video(story)).work == Work.WORKING
    assert (await closed.live_on(story)).shows == Shows.FINAL
    assert await verdicts(closed) == [(1, "passed", "endpoint", None, STORY)]


async def test_failing_open_a_story_goes_on_unchecked(opened: World, endpoint: ModerationEndpoint) -> None:
    """And that is kept."""
    endpoint.away = True
    story = await opened.tell()

    assert (await opened.live_on(story)).shows == Shows.FINAL
    assert await verdicts(opened) == [(1, "unchecked", None, None, STORY)]


async def test_an_outage_is_no_poison(closed: World, endpoint: ModerationEndpoint) -> None:
    """However often it is begun in vain, the story is not given up."""
    endpoint.away = True
    story = await closed.tell()
    await closed.run_jobs()
    for _ in range(3 * MAX_STEP_TRIES):
        await try_again(closed)
    (row,) = await closed.rows("select attempt, postponed, postponed_for from storyreel.revisions")
    assert row["attempt"] == row["postponed"] > 3 * MAX_STEP_TRIES
    assert row["postponed_for"] == "moderation_unavailable"
    assert await standing(closed, story) == WAITING

    endpoint.away = False
    await try_again(closed)
    assert (await closed.live_on(story)).shows == Shows.FINAL


async def test_what_kills_its_planner_is_given_up_in_spite_of_outages(
    closed: World, endpoint: ModerationEndpoint
) -> None:
    """Attempts that ended in an outage count for nothing, and forgive nothing."""
    endpoint.away = True
    story = await closed.tell()
    await closed.run_jobs()
    endpoint.away = False
    whole = closed.plans
    closed.plans = deadly(whole, "save")
    for _ in range(MAX_STEP_TRIES):
        closed.clock.advance(minutes=11)
        with pytest.raises(Killed):
            await closed.plan()
    closed.plans = whole
    await try_again(closed)

    assert (await closed.video(story)).reason == "not_planned"


async def test_the_waits_grow(closed: World, endpoint: ModerationEndpoint) -> None:
    """From the endpoint's pause of seconds to ten minutes at most; half of that without jitter."""
    endpoint.away = True
    await closed.tell()
    await closed.run_jobs()
    waits = []
    for _ in range(9):
        (row,) = await closed.rows("select due_at from storyreel.revisions")
        waits.append(row["due_at"] - closed.clock())
        closed.clock.advance(seconds=waits[-1].total_seconds())
        await closed.plan()

    assert waits == sorted(waits)
    assert waits[0] <= timedelta(seconds=10)
    assert waits[-1] == timedelta(minutes=5)


async def test_retry_after_is_heeded(closed: World, endpoint: ModerationEndpoint) -> None:
    """Nobody is asked before then."""
    endpoint.answers = [Answer(429, b"{}", {"retry-after": "90"})]
    story = await closed.tell()
    await closed.run_jobs()
    closed.clock.advance(seconds=89)
    await closed.plan()
    assert len(endpoint.questions) == 1

    closed.clock.advance(seconds=1)
    await closed.plan()
    assert (await closed.video(story)).work == Work.WORKING


async def test_an_endpoint_that_is_away_is_asked_once_for_all_that_wait(
    closed: World, endpoint: ModerationEndpoint
) -> None:
    """Not once for each, a time-out after the other; afterwards they go on together."""
    endpoint.away = True
    stories = [await closed.tell(f"a whale, number {number}") for number in range(30)]
    await closed.run_jobs()
    assert 1 <= len(endpoint.questions) <= 8, "those that were asked at once"
    assert {await standing(closed, story) for story in stories} == {WAITING}

    endpoint.away = False
    closed.clock.advance(minutes=1)
    assert len(await closed.plans.claim(now=closed.clock(), lease=closed.timing.plan_lease, limit=50)) == 30
    await try_again(closed)
    assert {(await closed.video(story)).work for story in stories} == {Work.WORKING}


async def test_a_story_that_waits_keeps_no_other_waiting(closed: World, endpoint: ModerationEndpoint) -> None:
    """Whoever comes when the endpoint is back is planned at once."""
    endpoint.away = True
    late = await closed.tell("a whale that came too early")
    await closed.run_jobs()
    endpoint.away = False
    closed.clock.advance(seconds=10)
    new = await closed.tell()
    await closed.run_jobs()

    assert (await closed.video(new)).work != Work.HELD
    assert (await closed.live_on(late)).shows == Shows.FINAL


async def test_a_refused_key_is_told_apart(closed: World, endpoint: ModerationEndpoint) -> None:
    """Stories wait as in any outage, and the row says that a person must act."""
    endpoint.answers = [Answer(401, b'{"error": {"code": "invalid_api_key"}}')]
    story = await closed.tell()
    await closed.run_jobs()

    assert await standing(closed, story) == WAITING
    (row,) = await closed.rows("select postponed_for from storyreel.revisions")
    assert row["postponed_for"] == "moderation_key_refused"


async def test_a_rerender_that_waits_leaves_what_plays(closed: World, endpoint: ModerationEndpoint) -> None:
    """And shows its clip in the end."""
    story = await closed.made()
    before = await closed.video(story)
    endpoint.away = True
    await closed.rerender(story, kind="new_take", seed=7)
    await closed.run_jobs()
    waiting = await closed.video(story)
    assert (waiting.shows, waiting.path, waiting.work) == (Shows.FINAL, before.path, Work.HELD)

    endpoint.away = False
    await try_again(closed)
    assert (await closed.live_on(story)).shown_revision == 2


async def test_a_story_that_waits_can_be_rejected_after_all(closed: World, endpoint: ModerationEndpoint) -> None:
    """What it waited for was an answer, not a yes."""
    endpoint.away = True
    story = await closed.tell("a forbidden whale")
    await closed.run_jobs()
    endpoint.away = False
    await try_again(closed)

    assert (await closed.video(story)).work == Work.REJECTED
    assert await verdicts(closed) == [(1, "rejected", "endpoint", "violence", "")]


async def test_a_story_that_waits_can_be_deleted(closed: World, endpoint: ModerationEndpoint) -> None:
    """Nothing is left to be asked about."""
    endpoint.away = True
    story = await closed.tell()
    await closed.run_jobs()
    await closed.rows("delete from public.stories where id::text = %s", story)
    endpoint.away = False
    await try_again(closed)

    assert await closed.rows("select from storyreel.revisions") == []


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_while_postponing(closed: World, endpoint: ModerationEndpoint, when: str) -> None:
    """The lease, or the wait, brings it back."""
    endpoint.away = True
    story = await closed.tell()
    whole = closed.plans
    closed.plans = cut(whole, "postpone", "after" if when == "after" else "before")
    await until_cut(closed.plan())
    assert ((await closed.video(story)).work == Work.HELD) == (when == "after")

    closed.plans, endpoint.away = whole, False
    await try_again(closed)
    assert (await closed.live_on(story)).shows == Shows.FINAL


async def test_a_planner_that_was_cut_off_cannot_hold_what_another_planned(
    closed: World, endpoint: ModerationEndpoint
) -> None:
    """It comes back from an endpoint that was away for it alone, long after its lease."""
    story = await closed.tell()
    (late,) = await closed.plans.claim(now=closed.clock(), lease=closed.timing.plan_lease, limit=1)
    await try_again(closed)
    away = ModerationUnavailable("away")
    now = closed.clock()
    assert not await closed.plans.postpone(late, why=away, due_at=now, now=now)
    assert (await closed.video(story)).work != Work.HELD
    assert endpoint.questions


async def test_one_unexpected_error_keeps_no_other_from_being_judged(world: World) -> None:
    """A fault of one story's judging is raised in the end, and the others are planned."""

    class Faulty(Hearing):
        async def judge(self, text: str) -> object:  # type: ignore[override]
            if "poison" in text:
                raise RuntimeError("a fault of ours")
            return await super().judge(text)

    world.moderator = Faulty()  # type: ignore[assignment]
    poison, good = await world.tell("poison"), await world.tell()
    with pytest.raises(ExceptionGroup) as raised:
        await world.plan()

    assert raised.group_contains(RuntimeError, match="a fault of ours")
    assert len(await world.rows("select from storyreel.takes")) == 1
    assert {(await world.video(story)).work for story in (poison, good)} == {Work.WORKING}
