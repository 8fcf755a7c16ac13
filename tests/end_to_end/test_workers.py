"""Several workers share the work of one database."""

import asyncio
import os
import sys

from tests.end_to_end.conftest import Stack

_STORIES = 8


async def test_two_workers_share_the_work_and_pay_once(stack: Stack) -> None:
    """With two workers on one database, every story is ready, and its preview and its final were ordered once."""
    environment = {**os.environ, **stack.info.settings}
    second = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", "worker", env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        stories = [await stack.insert(f"Bear {number} counts the twins") for number in range(_STORIES)]
        videos = [await stack.end_of(story) for story in stories]
    finally:
        second.terminate()
        await second.wait()

    assert [video["work"] for video in videos] == ["idle"] * _STORIES
    orders = [order for order in await stack.submits() if "counts the twins" in order]
    assert len(orders) == len(set(orders)) == 2 * _STORIES
