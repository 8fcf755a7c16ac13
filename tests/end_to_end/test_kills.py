"""A process that is killed at any moment costs nobody their video."""

import asyncio
from collections import Counter

import pytest

from local.postgres import EmbeddedPostgres
from tests.end_to_end.conftest import Stack
from tests.end_to_end.moments import MOMENTS, hearing


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("victim", ["worker", "functions"])
async def test_a_kill_at_any_moment_ends_in_a_ready_video(stack: Stack, victim: str, moment: str) -> None:
    """Killed at the moment named and started again, the story ends in its clip; preview and final are paid once.

    Only where the submit's own answer was lost may one be paid twice, and never three times.
    """
    text = f"A fox is killed never, says the {victim} when {moment}"
    async with hearing(stack, moment) as reached:
        story = await stack.insert(text)
        await reached()
        stack.kill(victim)

    video = await stack.end_of(story)

    assert (video["work"], video["shows"]) == ("idle", "final"), video
    paid = Counter(order for order in await stack.submits() if text in order)
    allowed = 2 if (victim, moment) == ("worker", "admitted") else 1
    assert len(paid) == 2, paid
    assert max(paid.values()) <= allowed, paid


async def test_a_worker_told_to_stop_leaves_its_clip_to_the_next(stack: Stack) -> None:
    """SIGTERM in the middle of a step ends it or hands it back: no lease has to run out first."""
    async with hearing(stack, "finishing") as reached:
        story = await stack.insert("A heron hands over its catch")
        await reached()
        stack.stop("worker")

    assert (await stack.end_of(story))["work"] == "idle"


async def test_postgres_may_restart_under_everyone(stack: Stack) -> None:
    """Worker and functions outlive a restart of the database, and what was under way goes on."""
    story = await stack.insert("A lighthouse outlives the storm")
    server = EmbeddedPostgres(stack.folder / "postgres")
    server.kill()
    await asyncio.to_thread(server.start)
    later = await stack.insert("A second lighthouse is lit")

    assert (await stack.end_of(story))["work"] == "idle"
    assert (await stack.end_of(later))["work"] == "idle"
