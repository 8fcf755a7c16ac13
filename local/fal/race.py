"""Waits for one of two things, whichever comes first. Knows nothing of fal."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Done = TypeVar("Done")


async def unless(work: Coroutine[Any, Any, Done], ended: Coroutine[Any, Any, object]) -> Done | None:
    """What the work comes to, or None where `ended` returns before it. Raises what either raises.

    Both are over then: whichever is left is cancelled, and has heeded that.
    """
    working, ending = asyncio.create_task(work), asyncio.create_task(ended)
    try:
        await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        ending.result()
        return None
    finally:
        working.cancel()
        ending.cancel()
        await asyncio.wait({working, ending})
