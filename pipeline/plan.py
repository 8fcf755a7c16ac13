"""The step `plan`: every revision that waits becomes shots, and every shot subscribes to a take.

Takes whatever is due, in batches; carries no row id, so one hint serves a thousand inserts. Does not submit.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from pipeline import retry
from pipeline.errors import BadRequest, BadStory
from pipeline.keys import take_key
from pipeline.model import Model, Parameters, PlannedShot, Prompt, RevisionToPlan
from pipeline.models import find_model, parameters_for, rung
from pipeline.parameters import read_given
from pipeline.ports import Generator, PromptWriter
from pipeline.prompts import check, seed_for
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
) -> int:
    """Plan until nothing is due, and return how many revisions were planned or rejected."""
    planned = 0
    while batch := await plans.claim(now=clock(), lease=timing.plan_lease, limit=_BATCH):
        since = clock() - timing.missing_endpoint
        missing = await plans.missing_endpoints(generator.provider, since=since)
        errors: list[Exception] = []
        for revision in batch:
            one = _plan_one(plans, writer, generator, revision, missing=missing, clock=clock)
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
    plans: Plans,
    writer: PromptWriter,
    generator: Generator,
    revision: RevisionToPlan,
    *,
    missing: frozenset[str],
    clock: Callable[[], datetime],
) -> bool:
    if revision.attempt > retry.MAX_STEP_TRIES:
        reason = "not_planned"
        return await plans.reject(revision, reason=reason, message=sentence(reason), now=clock())
    try:
        model = find_model(revision.model)
        parameters = generator.check(model, read_given(revision.given))
        prompts = await writer.write(revision.story)
    except BadStory as bad:
        return await plans.reject(revision, reason=bad.reason, message=str(bad), now=clock())
    except BadRequest as refused:
        return await plans.reject(revision, reason=refused.code, message=str(refused), now=clock())
    seed = seed_for(check(revision.story)) if revision.seed is None else revision.seed
    endpoint = rung(model, missing)
    shots = [_shot(model, parameters, prompt, seed, generator, endpoint) for prompt in prompts]
    return await plans.save(revision, shots, now=clock())


def _shot(
    model: Model, parameters: Parameters, prompt: Prompt, seed: int, generator: Generator, endpoint: str
) -> PlannedShot:
    key = take_key(model=model.name, parameters=parameters, prompt=prompt, seed=seed, emulated=generator.emulated)
    return PlannedShot(
        take_key=key,
        model=model.name,
        parameters=parameters,
        prompt=prompt,
        seed=seed,
        emulated=generator.emulated,
        provider=generator.provider,
        endpoint=endpoint,
        estimate=generator.estimate(endpoint, parameters_for(model, endpoint, parameters)),
    )
