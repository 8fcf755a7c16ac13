"""A process that is killed, told to stop or left without its database costs nobody their video."""

import asyncio
from collections import Counter

from local.postgres import EmbeddedPostgres
from tests.end_to_end.conftest import Stack
from tests.end_to_end.moments import hearing


async def test_a_kill_between_intent_and_answer_ends_in_a_ready_video(stack: Stack) -> None:
    """The one moment at which a clip may be paid twice, in the whole stack: never three times, and both are shown.

    Every other moment is in tests/crashes/, one process at a time.
    """
    text = "A fox is killed never, says the worker when admitted"
    async with hearing(stack, "admitted") as reached:
        story = await stack.insert(text)
        await reached()
        stack.kill("worker")

    video = await stack.end_of(story)

    assert (video["work"], video["shows"]) == ("idle", "final"), video
    paid = Counter(order for order in await stack.submits() if text in order)
    assert 1 <= len(paid) <= 2, paid  # no preview any more where the final was first
    assert max(paid.values()) <= 2, paid


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
