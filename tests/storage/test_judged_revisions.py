"""What is kept of a verdict, and how a story waits that nobody could be asked about."""

import asyncio
from datetime import timedelta

from pipeline.errors import ModerationKeyRefused, ModerationUnavailable
from pipeline.model import Judgement, Opinion, RevisionToPlan
from tests.storage.builders import LEASE, TABLE, shot
from tests.storage.world import World

AWAY = ModerationUnavailable("it is away")
HATE = Judgement(Opinion.REJECTED, by="endpoint", category="hate")
KEPT = "select moderation, moderated_by, moderation_category, story from storyreel.revisions order by number"


async def postpone(world: World, revision: RevisionToPlan, *, seconds: float = 10) -> bool:
    now = world.clock()
    return await world.stores.plans.postpone(revision, why=AWAY, due_at=now + timedelta(seconds=seconds), now=now)


async def refuse(world: World, revision: RevisionToPlan) -> bool:
    return await world.stores.plans.refuse(revision, HATE, message="No.", now=world.clock())


async def test_a_refusal_keeps_the_verdict_and_not_the_text(world: World) -> None:
    """In one transaction with the end of the work."""
    story = await world.story("A whale")
    (revision,) = await world.claim()

    assert await refuse(world, revision)
    assert await world.rows(KEPT) == [("rejected", "endpoint", "hate", "")]
    assert await world.video(story) == ("placeholder", 0, "rejected", "content_rejected")
    assert await world.claim() == []


async def test_a_plan_keeps_the_verdict_and_the_text(world: World) -> None:
    """Passed, and by whom; or that nobody looked."""
    for text, judgement in {
        "whale": Judgement(Opinion.PASSED, by="rules"),
        "fox": Judgement(Opinion.UNCHECKED),
    }.items():
        await world.story(text)
        (revision,) = await world.claim()
        assert await world.stores.plans.save(revision, [shot(text)], judgement=judgement, now=world.clock())

    rows = await world.rows("select moderation, moderated_by, moderation_category, story from storyreel.revisions")
    assert set(rows) == {("passed", "rules", None, "whale"), ("unchecked", None, None, "fox")}


async def test_refusing_an_older_revision_says_nothing_about_the_newest(world: World) -> None:
    """But its text is erased."""
    story = await world.story("A whale")
    (old,) = await world.claim()
    await world.ask_again(story)

    assert await refuse(world, old)
    assert await world.video(story) == ("placeholder", 0, "working", None)
    assert [text for *_, text in await world.rows(KEPT)] == ["", "A whale"]


async def test_a_planner_that_was_cut_off_neither_refuses_nor_postpones(world: World) -> None:
    """Its attempt is old news; one that was postponed is not postponed twice."""
    await world.story("A whale")
    (late,) = await world.claim()
    world.clock.advance(minutes=5)
    (current,) = await world.claim()

    assert not await refuse(world, late)
    assert not await postpone(world, late)
    assert await postpone(world, current)
    assert not await postpone(world, current, seconds=0)
    assert await world.one("select attempt, postponed from storyreel.revisions") == (2, 1)


async def test_a_deleted_story_is_neither_refused_nor_postponed(world: World) -> None:
    """It went while its revision was in hand."""
    await world.story()
    (revision,) = await world.claim()
    await world.owner.execute("delete from public.stories")

    assert not await refuse(world, revision)
    assert not await postpone(world, revision)


async def test_a_postponed_story_is_held_until_it_is_due(world: World) -> None:
    """It comes back no sooner, says meanwhile that it waits, and stops to when it is planned."""
    story = await world.story()
    (revision,) = await world.claim()
    assert await postpone(world, revision, seconds=90)
    assert await world.video(story) == ("placeholder", 0, "held", "moderation")

    world.clock.advance(seconds=89)
    assert await world.claim() == []
    world.clock.advance(seconds=1)
    (again,) = await world.claim()
    assert (again.attempt, again.postponed) == (2, 1)
    assert await world.video(story) == ("placeholder", 0, "held", "moderation")
    assert await world.stores.plans.save(again, [shot()], now=world.clock())
    assert await world.video(story) == ("placeholder", 0, "working", None)


async def test_what_was_postponed_comes_back_together(world: World) -> None:
    """An outage is nobody's fault: unlike what may have killed its planner, it does not go alone."""
    for number in range(5):
        await world.story(f"A whale, number {number}")
    for revision in await world.claim():
        assert await postpone(world, revision)
    world.clock.advance(seconds=10)

    assert len(await world.claim(limit=3)) == 3
    assert len(await world.claim(limit=3)) == 2


async def test_what_may_be_poison_goes_alone_though_it_was_postponed(world: World) -> None:
    """Starts without an end count, whenever they were; new stories come first, and then those that only wait."""
    for text in ("deadly", "waiting"):
        await world.story(text)
    for revision in await world.claim():
        assert await postpone(world, revision)
    world.clock.advance(minutes=1)
    await world.owner.execute("update storyreel.revisions set attempt = attempt + 1 where story = 'deadly'")
    await world.story("new")

    batches = [await world.claim() for _ in range(4)]
    assert [[revision.story for revision in batch] for batch in batches] == [["new"], ["waiting"], ["deadly"], []]


async def test_two_planners_share_what_was_postponed(world: World) -> None:
    """Each is claimed once."""
    for number in range(40):
        await world.story(f"A whale, number {number}")
    for revision in await world.claim():
        assert await postpone(world, revision)
    world.clock.advance(seconds=10)

    shares = await asyncio.gather(*(world.claim(limit=10) for _ in range(6)))
    claimed = [revision.id for share in shares for revision in share]
    assert len(claimed) == len(set(claimed)) == 40


async def test_a_sweep_sees_when_it_is_due_and_leaves_it_held(world: World) -> None:
    """It hints a plan then, and sets nothing right that is right."""
    story = await world.story()
    (revision,) = await world.claim()
    assert await postpone(world, revision, seconds=600)
    await world.owner.execute("delete from procrastinate.procrastinate_jobs")
    sweep = world.stores.sweep
    assert await sweep.mend_held(now=world.clock()) == 0
    assert (await sweep.hint_overdue(now=world.clock()))["plan"] == 0

    world.clock.advance(seconds=600)
    assert (await sweep.hint_overdue(now=world.clock()))["plan"] == 1
    assert await world.one("select task_name from procrastinate.procrastinate_jobs") == ("plan",)
    assert (await world.video(story))[2:] == ("held", "moderation")


async def test_why_it_was_last_postponed_is_kept(world: World) -> None:
    """A refused key is told apart from an outage."""
    await world.story()
    (revision,) = await world.claim()
    now = world.clock()
    assert await world.stores.plans.postpone(revision, why=ModerationKeyRefused("no"), due_at=now, now=now)

    assert await world.one("select postponed_for from storyreel.revisions") == ("moderation_key_refused",)


async def test_a_quota_counts_what_is_postponed(world: World) -> None:
    """It was begun; and the hour's next one is not taken for it."""
    await world.owner.execute("update storyreel.limits set owner_stories_per_hour = 1")
    (owner,) = await world.one("select gen_random_uuid()")
    for text in ("first", "second"):
        await world.owner.execute("insert into public.stories (text, owner_id) values (%s, %s)", (text, owner))
    (first,) = await world.claim()
    assert await postpone(world, first)
    world.clock.advance(minutes=5)

    (again,) = await world.claim()
    assert again.story == "first"
    assert await world.claim(limit=5) == []


async def test_a_verdict_waits_for_whoever_asks_anew(world: World) -> None:
    """A rerender that is asked for while the old revision is refused: each keeps its own."""
    story = await world.story("A whale")
    (old,) = await world.claim()
    async with world.holding("select from storyreel.videos for update"):
        refusing = asyncio.ensure_future(refuse(world, old))
        asking = asyncio.ensure_future(world.stores.stories.request_of(TABLE, story, kind="rerender"))
        await asyncio.sleep(0)
    assert all(await asyncio.gather(refusing, asking))

    assert {text for *_, text in await world.rows(KEPT)} == {"", "A whale"}
    assert (await world.claim())[0].id != old.id


async def test_a_lease_is_a_planners_again_after_a_wait(world: World) -> None:
    """Claimed again, nobody else has it until the lease is over."""
    await world.story()
    (revision,) = await world.claim()
    assert await postpone(world, revision)
    world.clock.advance(seconds=10)
    assert len(await world.claim()) == 1
    assert await world.claim() == []

    world.clock.advance(seconds=LEASE.total_seconds())
    (again,) = await world.claim()
    assert again.attempt - again.postponed == 2
