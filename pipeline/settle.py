"""Money and loose ends, once a clip is safe: what it cost, and renders that turned out not to be needed.

Nothing here may delay or fail a clip; what cannot be had now, reconcile asks for again.
"""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from pipeline.errors import GeneratorError, GeneratorMissing
from pipeline.model import Failure, Result, SubmittedRender
from pipeline.ports import Generator
from pipeline.stores import Renders


async def settle(renders: Renders, generator: Generator, render: SubmittedRender, *, now: datetime) -> bool:
    """Ask once what the render cost and write it down. False: the provider did not answer.

    A result that has expired is settled at its estimate: better a guess on the ledger than nothing.
    """
    try:
        result = await generator.result(render.endpoint, render.request_id)
    except GeneratorMissing:
        await renders.settle(render.id, units=None, cost=None, now=now)
    except GeneratorError:
        return False
    else:
        await write_cost(renders, generator, render, result, now=now)
    return True


async def write_cost(
    renders: Renders, generator: Generator, render: SubmittedRender, result: Result, *, now: datetime
) -> None:
    """Write down the cost that a result tells; for a clip that tells none, its estimate."""
    units = result.billable_units
    if units is None and isinstance(result.outcome, Failure):
        # Not billed unless the provider says so.
        if not result.outcome.billed:
            await renders.unbilled(render.id, now=now)
        return
    cost = None if units is None else generator.price(render.endpoint, units)
    await renders.settle(render.id, units=units, cost=cost, now=now)


async def cancel_rivals(renders: Renders, generator: Generator, take_id: UUID) -> None:
    """Stop the renders of the take that are not needed any more."""
    for render in await renders.withdrawn(take_id):
        await stop(generator, render)


async def stop(generator: Generator, render: SubmittedRender) -> None:
    """Ask the provider once. A render that cannot be stopped delivers; what it cost is then recorded."""
    with suppress(GeneratorError):
        await generator.cancel(render.endpoint, render.request_id)
