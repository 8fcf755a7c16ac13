"""The step `admit`: hand as many waiting renders to the provider as may go now.

The intent is on record before the POST and the request id right after. Killed between the two, the render is
found by reconcile and waited for: it may be running, and paid. Nothing here ever sends a POST again.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from pipeline import retry
from pipeline.errors import (
    GeneratorBusy,
    GeneratorKeyRefused,
    GeneratorMissing,
    GeneratorRefused,
    GeneratorUnavailable,
    StoreUnavailable,
    UnknownModel,
)
from pipeline.model import AdmittedRender, Failure, Order
from pipeline.models import find_model, parameters_for
from pipeline.outcome import on_failure, on_over_cap
from pipeline.ports import Generator
from pipeline.reasons import OVER_CAP
from pipeline.stores import Renders
from pipeline.timing import Timing

_SAVE_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds; less than Timing.submit_lease together


async def admit(
    renders: Renders,
    generator: Generator,
    webhook_url: Callable[[UUID], str],
    *,
    clock: Callable[[], datetime],
    timing: Timing,
    jitter: Callable[[], float],
) -> int:
    """Submit until no slot or no waiting render is left, and return how many were tried.

    `webhook_url` gives the address under which the provider reports on a render.
    """
    tried = 0
    while batch := await renders.admit(generator.provider, now=clock(), lease=timing.submit_lease):
        tried += len(batch)
        submits = [
            _submit(renders, generator, render, webhook_url(render.id), clock=clock, timing=timing, jitter=jitter)
            for render in batch
        ]
        # All of them end before an unexpected error is raised: cancelling a POST makes its outcome unknown.
        outcomes = await asyncio.gather(*submits, return_exceptions=True)
        if errors := [error for error in outcomes if isinstance(error, Exception)]:
            raise ExceptionGroup("submitting failed unexpectedly", errors)
        if not all(outcomes):
            break  # the provider takes nothing at present; asking for every other render would not help
    await _give_up_over_cap(renders, generator.provider, clock)
    return tried


async def _give_up_over_cap(renders: Renders, provider: str, clock: Callable[[], datetime]) -> None:
    """What may not be paid for is not made. Whoever is killed in the middle leaves the rest to the next."""
    for render_id, cap in (await renders.over_cap(provider)).items():
        await renders.conclude(render_id, partial(on_over_cap, reason=OVER_CAP[cap]), now=clock())


async def _submit(
    renders: Renders,
    generator: Generator,
    render: AdmittedRender,
    webhook_url: str,
    *,
    clock: Callable[[], datetime],
    timing: Timing,
    jitter: Callable[[], float],
) -> bool:
    """Hand over one render. False: the provider takes nothing at present, neither this nor another."""
    usual = render.usual or generator.usual(render.endpoint)
    try:
        request_id = await generator.submit(_order(render, webhook_url, timing))
    except GeneratorUnavailable:
        await renders.answer_lost(render, due_at=clock() + timing.until_lost(usual))
    except (GeneratorBusy, GeneratorKeyRefused) as closed:
        # Of a refused key a person must hear; until then nothing is failed, for nothing was tried.
        wait = partial(retry.pause, jitter=jitter(), retry_after=closed.retry_after)
        until = await renders.pause(generator.provider, wait, why=closed, now=clock())
        await renders.put_back(render, due_at=until, why=closed)
        return False
    except GeneratorMissing as missing:
        await _climb_down(renders, generator, render, missing, now=clock(), jitter=jitter())
    except GeneratorRefused as refused:
        failure = Failure(refused.code, str(refused), permanent=True)
        await _fail(renders, render, failure, clock(), jitter())
    except UnknownModel as unknown:
        await _leave_to_others(renders, render, unknown, now=clock(), jitter=jitter())
    else:
        now = clock()
        await _save(renders, render, request_id, now=now, due_at=now + timing.first_poll(usual))
    return True


async def _save(
    renders: Renders, render: AdmittedRender, request_id: str, *, now: datetime, due_at: datetime
) -> None:
    """Save the provider's name for a render, through a short absence of the database: it is paid for."""
    for pause in _SAVE_PAUSES:
        try:
            await renders.submitted(render, request_id, now=now, due_at=due_at)
        except StoreUnavailable:
            await asyncio.sleep(pause)
        else:
            return
    await renders.submitted(render, request_id, now=now, due_at=due_at)


def _order(render: AdmittedRender, webhook_url: str, timing: Timing) -> Order:
    return Order(
        endpoint=render.endpoint,
        prompt=render.prompt,
        seed=render.seed,
        parameters=parameters_for(find_model(render.model), render.endpoint, render.parameters),
        webhook_url=webhook_url,
        start_timeout=timing.start_timeout.total_seconds(),
        low_priority=render.low_priority,
    )


async def _climb_down(
    renders: Renders,
    generator: Generator,
    render: AdmittedRender,
    missing: GeneratorMissing,
    *,
    now: datetime,
    jitter: float,
) -> None:
    """Note that the endpoint does not exist and go on with the one below it; at the bottom, fail."""
    await renders.note_missing(generator.provider, render.endpoint, now=now)
    model = find_model(render.model)
    ladder = model.ladder
    below = ladder[ladder.index(render.endpoint) + 1 :] if render.endpoint in ladder else ()
    if below:
        parameters = parameters_for(model, below[0], render.parameters)
        estimate = generator.estimate(below[0], parameters, ceiling=model.ceiling)
        await renders.climb_down(render, below[0], estimate, why=missing, now=now)
    else:
        failure = Failure("endpoint_missing", str(missing), permanent=False)
        await _fail(renders, render, failure, now, jitter)


async def _leave_to_others(
    renders: Renders, render: AdmittedRender, unknown: UnknownModel, *, now: datetime, jitter: float
) -> None:
    """Put back what only a newer worker, or an older one, knows how to ask for; where none takes it, fail."""
    if render.tries < retry.MAX_UNKNOWN_TRIES:
        await renders.put_back(render, due_at=now + retry.backoff(render.tries, jitter=jitter), why=unknown)
    else:
        failure = Failure(unknown.code, str(unknown), permanent=False)
        await _fail(renders, render, failure, now, jitter)


async def _fail(renders: Renders, render: AdmittedRender, failure: Failure, now: datetime, jitter: float) -> None:
    await renders.conclude(render.id, partial(on_failure, failure=failure, now=now, jitter=jitter), now=now)
