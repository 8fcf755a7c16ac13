"""The step `reconcile`: once a minute, compare rows with the clock and mend what nobody looks after.

Finds by state, never by memory: what a killed process leaves behind looks no different from what a slow one
does, and both are dealt with by compare-and-set. Running it twice at once changes nothing more: what it asks the
provider about is claimed first.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pipeline.errors import BucketRefused, BucketUnavailable, GeneratorError, GeneratorMissing
from pipeline.model import Done, Failure, SubmittedRender
from pipeline.outcome import on_failure, on_silence
from pipeline.ports import Bucket, Generator
from pipeline.receive import verdict_on
from pipeline.settle import settle, stop, write_cost
from pipeline.stores import Renders, Sweep
from pipeline.timing import Timing

_BATCH = 50
_AT_ONCE = 8  # questions to the provider at a time
_SECONDS = 45.0  # for all of them; what is left, the next minute asks
_FILES = 500  # looked at in one run
_REMOVE_SECONDS = 60.0  # for all of them
_SUSPENDED = timedelta(minutes=5)  # after ten, another sweep removes them; no request to a bucket takes so long
_REFUSED = timedelta(days=1)  # until a bucket that deletes nothing is asked again
_BACKLOG = frozenset({"plan", "admit"})
FORGOTTEN = Failure("provider_forgot", "the provider no longer knows the request", permanent=False, billed=True)
ENDLESS = Failure("timeout", "the provider never came to an end with it", permanent=False, billed=True)


@dataclass(frozen=True)
class _Round:
    """What one run of reconcile works with."""

    sweep: Sweep
    renders: Renders
    generator: Generator
    clock: Callable[[], datetime]
    timing: Timing
    jitter: Callable[[], float]


async def reconcile(
    sweep: Sweep,
    renders: Renders,
    generator: Generator,
    bucket: Bucket,
    *,
    clock: Callable[[], datetime],
    timing: Timing,
    jitter: Callable[[], float],
) -> Mapping[str, int]:
    """Mend everything that is overdue; what was found, counted by kind."""
    now = clock()
    found = Counter(await sweep.hint_overdue(now=now))
    found["missed"] += await sweep.adopt_missed()
    found["unsettled_for_long"] += await sweep.settle_old(now=now, before=now - timing.unsettled)
    found["admitted"] += await sweep.lose_answers(now=now, patience=timing.patience, usual=timing.usual)
    for render_id in await sweep.silent(now=now, limit=_BATCH):
        found["unknown"] += 1
        await renders.conclude(render_id, partial(on_silence, now=now), now=now)
    found["failed"] += await sweep.begin_again(now=now, limit=_BATCH)
    await sweep.wake_held(now=now)
    found["held"] += await sweep.mend_held(now=now)
    withdrawn = await sweep.withdraw(now=now)
    found["unwanted"] += len(withdrawn)

    here = _Round(sweep, renders, generator, clock, timing, jitter)
    overdue = await sweep.claim_overdue(now=now, due_at=now + timing.poll_after, limit=_BATCH)
    found["submitted"] += len(overdue)
    unsettled = await sweep.unsettled(before=now - timing.margin, limit=_BATCH)
    found["unsettled"] += len(unsettled)
    errors = await _all(
        [partial(_poll, here, render) for render in overdue]
        + [partial(settle, renders, generator, render, now=now) for render in unsettled]
        + [partial(stop, generator, render) for render in withdrawn]
    )
    found["unused_files"] += await _remove_unused(here, bucket)
    # What waits for its turn is no finding.
    await sweep.note({kind: count for kind, count in found.items() if kind not in _BACKLOG}, now=now)
    if errors:
        raise ExceptionGroup("asking the provider failed unexpectedly", errors)
    return found


async def _remove_unused(here: _Round, bucket: Bucket) -> int:
    """Remove files that nobody needs any more. What is not removed in time, another sweep removes."""
    now = here.clock()
    paths = await here.sweep.remove_unused(bucket.name, now=now, before=now - here.timing.keep, limit=_FILES)
    if not paths or here.clock() - now > _SUSPENDED:
        return 0  # nothing to remove, or by now put again
    try:
        async with asyncio.timeout(_REMOVE_SECONDS):
            await bucket.delete(paths)
    except (TimeoutError, BucketUnavailable):
        return 0  # some may be on their way out still
    except BucketRefused:
        await here.sweep.not_removed(bucket.name, paths, marked_at=now, due_at=now + _REFUSED)
        raise
    await here.sweep.removed(bucket.name, paths, marked_at=now)
    return len(paths)


async def _all(questions: Sequence[Callable[[], Awaitable[object]]]) -> Sequence[Exception]:
    """A few at a time, within a time for all of them. Each leaves its rows right wherever it is cut off.

    An unexpected error of one keeps no other from being asked; returns them.
    """
    free = asyncio.Semaphore(_AT_ONCE)

    async def ask(question: Callable[[], Awaitable[object]]) -> None:
        async with free:
            await question()

    outcomes: list[BaseException | None] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS):
            outcomes = await asyncio.gather(*map(ask, questions), return_exceptions=True)
    return [error for error in outcomes if isinstance(error, Exception)]


async def _poll(here: _Round, render: SubmittedRender) -> None:
    """Ask after a silent render. An error that can pass never fails it: it is paid for."""
    try:
        state = await here.generator.status(render.endpoint, render.request_id)
        if not isinstance(state, Done):
            await _keep_waiting(here, render)
            return
        result = await here.generator.result(render.endpoint, render.request_id)
    except GeneratorMissing:
        await _fail(here, render, FORGOTTEN)
    except GeneratorError:
        # It is paid for. Only a provider that was silent for a day has surely forgotten it.
        if here.clock() - render.since >= here.timing.unsettled:
            await _fail(here, render, ENDLESS)
    else:
        now = here.clock()
        decide = partial(verdict_on, outcome=result.outcome, now=now, jitter=here.jitter())
        await here.renders.conclude(render.id, decide, now=now)
        await write_cost(here.renders, here.generator, render, result, now=now)
        await here.sweep.asked(render.id)


async def _keep_waiting(here: _Round, render: SubmittedRender) -> None:
    """It was claimed until the next poll; only one that never ends is given up, for it holds a slot."""
    if render.cancelled:
        await stop(here.generator, render)  # whoever withdrew it may have been killed before telling
    if here.clock() - render.since < here.timing.endless:
        return
    await stop(here.generator, render)
    await _fail(here, render, ENDLESS)


async def _fail(here: _Round, render: SubmittedRender, failure: Failure) -> None:
    now = here.clock()
    decide = partial(on_failure, failure=failure, now=now, jitter=here.jitter())
    await here.renders.conclude(render.id, decide, now=now)
    await here.sweep.asked(render.id)
