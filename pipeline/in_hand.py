"""What happens to a take when the step that has it in hand fails. Used by `fetch` and `finish`.

A clip that is gone or is no video is given up; every other error puts the take back for a later try, even one that
the bucket calls permanent: a person can mend a wrong key, and the clip is paid for. A worker that is told to stop
hands the take back at once. Anything unexpected puts it back, too, and rises to the engine, which tells of it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from pipeline import retry
from pipeline.errors import GeneratorMissing, ObjectMissing, StoreUnavailable, StoryreelError, UnusableClip
from pipeline.model import Failure, TakeInHand
from pipeline.reasons import CLIP_GONE, ORIGINAL_GONE
from pipeline.stores import Takes

_MOST_RENEWALS = 60  # of a third of a lease: what has not ended by then never will, and another may try

_GONE: Mapping[type[StoryreelError], str] = {GeneratorMissing: CLIP_GONE, ObjectMissing: ORIGINAL_GONE}
"""What is paid for and is not to be had any more: the provider's clip, or our own copy of it."""


@asynccontextmanager
async def in_hand(
    takes: Takes,
    take: TakeInHand,
    *,
    reason: str,
    lease: timedelta,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> AsyncIterator[None]:
    """Run a step on the take, keeping others off it; `lease` as it was claimed with.

    `reason` is the word for giving up for any fault but the clip's own.
    """
    try:
        async with _kept(takes, take, lease, clock):
            yield
    except UnusableClip as clip:
        # The same request would bring the same clip again: nobody need pay for that.
        await takes.give_up(take, Failure(clip.code, str(clip), permanent=True), now=clock())
    except StoryreelError as error:
        await _put_back(takes, take, error, reason=reason, now=clock(), jitter=jitter())
    except asyncio.CancelledError:
        await asyncio.shield(takes.hand_back(take, now=clock()))
        raise
    except Exception as fault:
        # A full disk, a fault of ours: it killed nobody, and the clip is paid for. The engine tells of it.
        await _put_back(takes, take, StoryreelError(repr(fault)), reason=reason, now=clock(), jitter=jitter())
        raise


async def _put_back(
    takes: Takes, take: TakeInHand, error: StoryreelError, *, reason: str, now: datetime, jitter: float
) -> None:
    """For a later try; where there were too many, give it up."""
    failures, gone = take.failures + 1, _GONE.get(type(error))
    if failures >= (retry.MAX_MISSES if gone else retry.MAX_STEP_FAILURES):
        # What is gone was paid for: only a person may ask to pay again.
        again_at = None if gone else retry.comeback_at(take.comebacks, now=now, jitter=jitter)
        failure = Failure(gone or reason, str(error), permanent=False)
        await takes.give_up(take, failure, now=now, again_at=again_at)
    else:
        wait = retry.backoff(failures, jitter=jitter, retry_after=error.retry_after)
        await takes.try_again(take, due_at=now + wait)


@asynccontextmanager
async def _kept(
    takes: Takes, take: TakeInHand, lease: timedelta, clock: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Renew the lease while the step goes on: it may have to wait for its turn with ffmpeg."""

    async def keep() -> None:
        for _ in range(_MOST_RENEWALS):
            await asyncio.sleep(lease.total_seconds() / 3)
            # A database that is away for a moment is asked again in a third of a lease.
            with suppress(StoreUnavailable):
                if not await takes.renew(take, due_at=clock() + lease):
                    return

    keeper = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.wait({keeper})
        if not keeper.cancelled():
            keeper.result()


async def worn_out(takes: Takes, take: TakeInHand, *, reason: str, now: datetime) -> bool:
    """Give up a take whose step never came to an end: whatever kills its worker will do so again."""
    if take.tries <= retry.MAX_STEP_TRIES:
        return False
    message = f"the step was begun {retry.MAX_STEP_TRIES} times and never ended"
    await takes.give_up(take, Failure(reason, message, permanent=False), now=now)
    return True
