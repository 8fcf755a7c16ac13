"""The step `plan`: every revision that waits is judged, becomes shots, and every shot subscribes to its takes.

Takes whatever is due, in batches; carries no row id, so one hint serves a thousand inserts. Does not submit. Every
revision passes the moderators first, whatever door its story came by and however often it did before.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline import retry
from pipeline.errors import BadRequest, BadStory, ModerationError
from pipeline.model import Judgement, RevisionToPlan
from pipeline.moderation.categories import sentence_for
from pipeline.orders import Orders
from pipeline.ports import Generator, Moderator, PromptWriter
from pipeline.prompts import check
from pipeline.reasons import sentence
from pipeline.stores import Plans
from pipeline.timing import Timing

_BATCH = 50
# Questions to the moderators at a time: of an endpoint that takes five seconds for each, a batch takes 35, and a
# planner's lease lasts longer.
_AT_ONCE = 8


@dataclass(frozen=True)
class _Round:
    """What a batch is planned with."""

    plans: Plans
    writer: PromptWriter
    orders: Orders
    clock: Callable[[], datetime]
    jitter: Callable[[], float]


async def plan(
    plans: Plans,
    moderator: Moderator,
    writer: PromptWriter,
    generator: Generator,
    *,
    clock: Callable[[], datetime],
    timing: Timing,
    jitter: Callable[[], float],
    previews: bool,
) -> int:
    """Plan until nothing is due, and return how many revisions were planned or rejected.

    `previews` False: none are made, whoever wants one.
    """
    planned = 0
    while batch := await plans.claim(now=clock(), lease=timing.plan_lease, limit=_BATCH):
        since = clock() - timing.missing_endpoint
        missing = await plans.missing_endpoints(generator.provider, since=since)
        here = _Round(plans, writer, Orders(generator, missing, previews=previews), clock, jitter)
        errors: list[Exception] = []
        for revision, judgement in zip(batch, await _judge_each(moderator, batch), strict=True):
            # An unexpected error of one story must not keep the others from being planned.
            [outcome] = await asyncio.gather(_plan_one(here, revision, judgement), return_exceptions=True)
            if isinstance(outcome, Exception):
                errors.append(outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                planned += outcome
        if errors:
            raise ExceptionGroup("planning failed unexpectedly", errors)
    return planned


async def _judge_each(
    moderator: Moderator, batch: Sequence[RevisionToPlan]
) -> Sequence[Judgement | BaseException | None]:
    """What the moderators say of each, or what kept them from saying it; None where it is to be given up."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def judge(revision: RevisionToPlan) -> Judgement | None:
        if _is_poison(revision):
            return None
        async with free:
            return await moderator.judge(check(revision.story))

    return await asyncio.gather(*map(judge, batch), return_exceptions=True)


def _is_poison(revision: RevisionToPlan) -> bool:
    """Whether it was begun too often without an end."""
    return revision.attempt - revision.postponed > retry.MAX_STEP_TRIES


async def _plan_one(here: _Round, revision: RevisionToPlan, judgement: Judgement | BaseException | None) -> bool:
    plans, now = here.plans, here.clock()
    if judgement is None:
        reason = "not_planned"
        return await plans.give_up(revision, reason=reason, message=sentence(reason), now=now)
    try:
        if isinstance(judgement, BaseException):
            raise judgement
        if judgement.category is not None:
            return await plans.refuse(revision, judgement, message=sentence_for(judgement.category), now=now)
        shots = [here.orders.shot(revision, prompt) for prompt in await here.writer.write(revision.story)]
    except BadStory as bad:
        return await plans.reject(revision, reason=bad.reason, message=str(bad), now=now)
    except BadRequest as refused:
        return await plans.reject(revision, reason=refused.code, message=str(refused), now=now)
    except ModerationError as away:
        wait = retry.backoff(revision.postponed + 1, jitter=here.jitter(), retry_after=away.retry_after)
        await plans.postpone(revision, why=away, due_at=now + wait, now=now)
        return False
    return await plans.save(revision, shots, judgement=judgement, now=here.clock())
