"""The step `reconcile`: once a minute, compare rows with the clock and mend what nobody looks after.

Finds by state, never by memory: what a killed process leaves behind looks no different from what a slow one
does, and both are dealt with by compare-and-set. Running it twice at once changes nothing more.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from pipeline.errors import GeneratorError, GeneratorMissing
from pipeline.lifecycle import RenderStatus
from pipeline.model import Done, Failure, SubmittedRender
from pipeline.outcome import on_failure, on_silence
from pipeline.ports import Generator, Renders, Sweep
from pipeline.receive import verdict_on
from pipeline.settle import settle, write_cost
from pipeline.timing import Timing

_BATCH = 200
FORGOTTEN = Failure("provider_forgot", "the provider no longer knows the request", permanent=False)


async def reconcile(
    sweep: Sweep,
    renders: Renders,
    generator: Generator,
    *,
    clock: Callable[[], datetime],
    timing: Timing,
    jitter: Callable[[], float],
) -> Mapping[str, int]:
    """Mend everything that is overdue; what was found, counted by kind."""
    found = Counter({"missed": await sweep.adopt_missed()})
    for status, render in await sweep.overdue_renders(now=clock(), limit=_BATCH):
        found[status] += 1
        if status == RenderStatus.ADMITTED:
            now = clock()
            await sweep.lose_answer(render.id, now=now, due_at=now + timing.until_lost)
        elif status == RenderStatus.UNKNOWN:
            now = clock()
            await renders.conclude(render.id, partial(on_silence, now=now), now=now)
        else:
            await _poll(sweep, renders, generator, render, clock=clock, timing=timing, jitter=jitter())
    for render in await sweep.unsettled(before=clock() - timing.margin, limit=_BATCH):
        found["unsettled"] += await settle(renders, generator, render, now=clock())
    return found + Counter(await sweep.hint_overdue(now=clock()))


async def _poll(
    sweep: Sweep,
    renders: Renders,
    generator: Generator,
    render: SubmittedRender,
    *,
    clock: Callable[[], datetime],
    timing: Timing,
    jitter: float,
) -> None:
    """Ask after a silent render. An error that can pass never fails it: it is paid for."""
    try:
        state = await generator.status(render.endpoint, render.request_id)
        result = await generator.result(render.endpoint, render.request_id) if isinstance(state, Done) else None
    except GeneratorMissing:
        now = clock()
        forget = partial(on_failure, failure=FORGOTTEN, now=now, jitter=jitter)
        await renders.conclude(render.id, forget, now=now)
        return
    except GeneratorError:
        result = None
    now = clock()
    if result is None:
        await sweep.look_later(render.id, due_at=now + timing.poll_after)
        return
    decide = partial(verdict_on, outcome=result.outcome, now=now, jitter=jitter)
    await renders.conclude(render.id, decide, now=now)
    await write_cost(renders, generator, render, result, now=now)
