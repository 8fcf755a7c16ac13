"""What happens to a take when the step that has it in hand fails. Used by `fetch` and `finish`.

Errors that can pass put the take back for a later try, permanent ones give it up, and a worker that is told
to stop hands it back at once. Anything unexpected rises to the engine; the lease then brings the take back.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from pipeline import retry
from pipeline.errors import StoryreelError
from pipeline.model import Failure, TakeInHand
from pipeline.ports import Takes


@asynccontextmanager
async def in_hand(
    takes: Takes, take: TakeInHand, *, reason: str, clock: Callable[[], datetime], jitter: Callable[[], float]
) -> AsyncIterator[None]:
    """Run a step on the take; `reason` is the word for a failure that is not the clip's own."""
    try:
        yield
    except StoryreelError as error:
        if error.permanent or take.tries >= retry.MAX_STEP_TRIES:
            code = error.code if error.permanent else reason
            await takes.give_up(take, Failure(code, str(error), permanent=error.permanent), now=clock())
        else:
            wait = retry.backoff(take.tries, jitter=jitter())
            await takes.try_again(take, due_at=clock() + wait)
    except asyncio.CancelledError:
        await asyncio.shield(takes.try_again(take, due_at=clock()))
        raise


async def worn_out(takes: Takes, take: TakeInHand, *, reason: str, now: datetime) -> bool:
    """Give up a take whose step never came to an end: whatever kills its worker will do so again."""
    if take.tries <= retry.MAX_STEP_TRIES:
        return False
    message = f"the step was begun {retry.MAX_STEP_TRIES} times and never ended"
    await takes.give_up(take, Failure(reason, message, permanent=False), now=now)
    return True
