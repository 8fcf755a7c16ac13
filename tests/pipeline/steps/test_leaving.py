"""Stories that are deleted while their clip is made: it is given up only when nobody waits for it any more."""

import httpx

from pipeline.lifecycle import Shows
from tests.pipeline.steps.progressive import send
from tests.pipeline.steps.world import World


async def delete(world: World, *stories: str) -> None:
    await world.rows("delete from public.stories where id::text = any (%s)", list(stories))


async def free_money(world: World) -> bool:
    """Whether every reservation was released."""
    return [row["render_id"] for row in await world.ledger("reserved")] == [
        row["render_id"] for row in await world.ledger("released")
    ]


async def test_a_clip_that_waits_and_nobody_wants_is_never_sent(world: World) -> None:
    """It is withdrawn when its turn comes, and its slot goes to the next."""
    await world.rows("update storyreel.providers set slots = 1")
    left = await world.tell()
    await world.plan()
    world.clock.advance(seconds=1)
    stayed = await world.tell("A fox in the forest")
    await world.plan()
    await delete(world, left)
    assert await world.admit() == 1

    [request] = (await world.provider.journal())["requests"]
    assert "fox" in request["input"]["prompt"]
    assert sorted(await world.statuses()) == ["cancelled", "submitted"]
    assert (await world.live_on(stayed)).shows == Shows.FINAL
    assert len(await world.ledger("reserved")) == 1


async def test_what_was_reserved_for_a_clip_that_waits_again_is_set_free(world: World) -> None:
    """The provider was busy and took nothing; meanwhile the story went."""
    world.wire.answers = [("POST", httpx.Response(429))]
    story = await world.submit()
    assert len(await world.ledger("reserved")) == 1
    await delete(world, story)
    world.clock.advance(minutes=10)
    assert await world.admit() == 0

    assert await world.statuses() == ["cancelled"]
    assert await free_money(world)
    assert await world.provider.accepted() == 0


async def test_no_further_try_is_made_for_nobody(world: World) -> None:
    """The first one failed, the story went before the second."""
    world.provider.script(1, fail=500)
    story = await world.submit()
    await world.deliver()
    await delete(world, story)
    world.clock.advance(minutes=10)
    await world.run_jobs()

    assert await world.statuses() == ["failed", "cancelled"]
    assert await world.provider.accepted() == 1
    assert await free_money(world)


async def test_a_clip_at_the_provider_that_nobody_wants_is_cancelled_there(world: World) -> None:
    """With the next reconcile, once; the slot is free for others."""
    await world.rows("update storyreel.providers set slots = 1")
    world.provider.script(1, latency=600, heed_cancel=True)
    story = await world.submit()
    other = await world.tell("A fox in the forest")
    await world.plan()
    await delete(world, story)
    for _ in range(3):
        await world.reconcile()

    assert await world.provider.called("PUT", "/requests/request-1/cancel") == 1
    assert "cancelled" in await world.statuses()
    assert (await world.live_on(other)).shows == Shows.FINAL


async def test_preview_and_final_are_both_given_up(world: World) -> None:
    """Nobody looks at either."""
    for nth in (1, 2):
        world.provider.script(nth, latency=600, heed_cancel=True)
    await delete(world, await send(world))
    await world.reconcile()

    assert await world.provider.called("PUT", "/cancel") == 2
    assert await world.statuses() == ["cancelled", "cancelled"]


async def test_a_clip_that_cannot_be_stopped_is_kept(world: World) -> None:
    """The provider rendered it all the same: it was paid for, and whoever tells the story next has it."""
    world.provider.script(1, latency=60)
    await delete(world, await world.submit())
    await world.reconcile()
    world.clock.advance(seconds=60)
    assert await world.deliver() == "accepted"
    await world.run_jobs()
    assert len(await world.ledger("settled")) == 1

    again = await world.tell()
    await world.plan()
    assert (await world.video(again)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_one_of_two_who_leaves_cancels_nothing(world: World) -> None:
    """Waiting or at the provider: the other one gets the clip, whichever of the two it was that left."""
    for number, (first_leaves, sent) in enumerate([(True, True), (True, False), (False, True), (False, False)]):
        text = f"A whale, number {number}"
        stories = [await world.tell(text), await world.tell(text)]
        await world.plan()
        if sent:
            await world.admit()
        left, stayed = stories if first_leaves else stories[::-1]
        await delete(world, left)
        await world.reconcile()
        assert (await world.live_on(stayed)).shows == Shows.FINAL

    assert await world.provider.called("PUT", "/cancel") == 0
    assert set(await world.statuses()) == {"delivered"}
    assert await world.provider.accepted() == 4


async def test_the_last_of_two_who_leaves_cancels(world: World) -> None:
    """The first had cancelled nothing."""
    world.provider.script(1, latency=600, heed_cancel=True)
    stories = [await world.tell(), await world.tell()]
    await world.plan()
    await world.admit()
    for story, cancelled in zip(stories, (0, 1), strict=True):
        await delete(world, story)
        await world.reconcile()
        assert await world.provider.called("PUT", "/cancel") == cancelled


async def test_a_clip_that_waited_and_is_wanted_again_is_rendered_then(world: World) -> None:
    """It was withdrawn before it was sent, so nothing is known of it at the provider."""
    await world.rows("update storyreel.providers set slots = 1")
    first = await world.submit("A fox in the forest")
    waited = await world.tell()
    await world.plan()
    await delete(world, waited)
    assert (await world.live_on(first)).shows == Shows.FINAL
    assert sorted(await world.statuses()) == ["cancelled", "delivered"]

    assert (await world.live_on(await world.tell())).shows == Shows.FINAL
    assert await world.statuses() == ["delivered", "cancelled", "delivered"]
    assert await world.provider.accepted() == 2


async def test_a_clip_that_was_withdrawn_and_is_wanted_again_is_not_paid_twice(world: World) -> None:
    """Nobody knows yet whether the provider stopped: it is asked before another one is ordered. It had not."""
    world.provider.script(1, latency=30)
    await delete(world, await world.submit())
    await world.reconcile()
    assert await world.statuses() == ["cancelled"]

    again = await world.tell()
    await world.plan()
    assert await world.statuses() == ["submitted"]
    assert (await world.live_on(again)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_a_clip_that_was_stopped_and_is_wanted_again_is_rendered_again(world: World) -> None:
    """The provider stopped: it says so when it is asked, and another one is ordered. The first cost nothing."""
    world.provider.script(1, latency=600, heed_cancel=True)
    await delete(world, await world.submit())
    await world.reconcile()

    assert (await world.live_on(await world.tell())).shows == Shows.FINAL
    assert await world.statuses() == ["failed", "delivered"]
    assert await world.provider.accepted() == 2
    assert await world.rows("select reserved_usd from storyreel.accounts where scope = 'all'") == [
        {"reserved_usd": 0}
    ]


async def test_a_clip_that_was_stopped_sets_its_money_free(world: World) -> None:
    """Once the provider has said that it made nothing; what was reserved counts no more against any cap."""
    world.provider.script(1, latency=600, heed_cancel=True)
    await delete(world, await world.submit())
    await world.reconcile()
    world.clock.advance(minutes=2)
    await world.reconcile()

    assert await world.rows("select cost_usd, settled_at is not null as told from storyreel.renders") == [
        {"cost_usd": 0, "told": True}
    ]
    assert await world.rows("select reserved_usd from storyreel.accounts where scope = 'all'") == [
        {"reserved_usd": 0}
    ]


async def test_a_clip_that_somebody_wants_again_in_time_goes_on(world: World) -> None:
    """Deleted and told anew between two looks: the render at the provider is theirs."""
    world.provider.script(1, latency=30)
    await delete(world, await world.submit())
    again = await world.tell()
    await world.plan()
    await world.reconcile()

    assert (await world.live_on(again)).shows == Shows.FINAL
    assert await world.provider.called("PUT", "/cancel") == 0
    assert await world.provider.accepted() == 1


async def test_a_lost_answer_that_nobody_waits_for_brings_no_second_attempt(world: World) -> None:
    """It may be running and paid: its reservation stays."""
    world.provider.script(1, drop_submit_answer=True, lose_webhook=True)
    await delete(world, await world.submit())
    await world.provider.rests()
    for _ in range(3):
        await world.reconcile()
        await world.run_jobs()
        world.clock.advance(minutes=10)
    assert await world.statuses() == ["lost", "cancelled"]
    world.clock.advance(days=1)
    await world.reconcile()
    assert await world.ledger("released") == await world.ledger("settled") == []
    assert await world.provider.accepted() == 1


async def test_a_deleted_story_takes_its_own_clips_alone(world: World) -> None:
    """Its neighbours at the provider and in the queue are not touched."""
    world.provider.script(1, latency=600, heed_cancel=True)
    left = await world.submit("A fox in the forest")
    stayed = [await world.tell(f"A whale, number {number}") for number in range(3)]
    await world.plan()
    await world.admit()
    await delete(world, left)
    await world.reconcile()

    for story in stayed:
        assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 4
    assert sorted(await world.statuses()) == ["cancelled", "delivered", "delivered", "delivered"]
