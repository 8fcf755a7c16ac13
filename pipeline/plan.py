"""The step `plan`: every revision that waits becomes shots, and every shot subscribes to its takes.

Takes whatever is due, in batches; carries no row id, so one hint serves a thousand inserts. Does not submit.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from pipeline import retry
from pipeline.errors import BadRequest, BadStory
from pipeline.model import RevisionToPlan
from pipeline.orders import Orders
from pipeline.ports import Generator, PromptWriter
from pipeline.reasons import sentence
from pipeline.stores import Plans
from pipeline.timing import Timing

_BATCH = 50


async def plan(
    plans: Plans,
    writer: PromptWriter,
    generator: Generator,
    *,
    clock: Callable[[], datetime],
    timing: Timing,
    previews: bool,
) -> int:
    """Plan until nothing is due, and return how many revisions were planned or rejected.

    `previews` False: none are made, whoever wants one.
    """
    planned = 0
    while batch := await plans.claim(now=clock(), lease=timing.plan_lease, limit=_BATCH):
        since = clock() - timing.missing_endpoint
        missing = await plans.missing_endpoints(generator.provider, since=since)
        orders = Orders(generator, missing, previews=previews)
        errors: list[Exception] = []
        for revision in batch:
            one = _plan_one(plans, writer, orders, revision, clock=clock)
            # An unexpected error of one story must not keep the others from being planned.
            [outcome] = await asyncio.gather(one, return_exceptions=True)
            if isinstance(outcome, Exception):
                errors.append(outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                planned += outcome
        if errors:
            raise ExceptionGroup("planning failed unexpectedly", errors)
    return planned


async def _plan_one(
    plans: Plans, writer: PromptWriter, orders: Orders, revision: RevisionToPlan, *, clock: Callable[[], datetime]
) -> bool:
    if revision.attempt > retry.MAX_STEP_TRIES:
        reason = "not_planned"
        return await plans.give_up(revision, reason=reason, message=sentence(reason), now=clock())
    try:
        shots = [orders.shot(revision, prompt) for prompt in await writer.write(revision.story)]
    except BadStory as bad:
        return await plans.reject(revision, reason=bad.reason, message=str(bad), now=clock())
    except BadRequest as refused:
        return await plans.reject(revision, reason=refused.code, message=str(refused), now=clock())
    return await plans.save(revision, shots, now=clock())
