"""Runs a model once: checks its input, takes its time, has it drawn, and says how it ended. Knows no queue.

Queued and direct calls, streams and sockets all end here.
"""

import asyncio
import logging

from local.fal.clock import Clock
from local.fal.damage import damaged
from local.fal.files import Files
from local.fal.models.billing import billable_units
from local.fal.models.catalogue import Catalogue, Model
from local.fal.models.film import Drawing, drawings_for
from local.fal.models.output import MediaFile, data_uri, output_for, wants_data_uris
from local.fal.outcomes import (
    JsonObject,
    Outcome,
    bounded,
    crashed,
    failed,
    invalid_input,
    platform_failure,
    succeeded,
)
from local.fal.studio import Studio
from local.fal.work import Work

log = logging.getLogger(__name__)

SERVED_FROM = {"X-Fal-Served-From": "emulator"}
"""fal names the machine there."""


def interrupted(error_type: str) -> Outcome:
    """How a run ends that its caller no longer wants, by fal's name for that."""
    return platform_failure(error_type).with_headers(SERVED_FROM)


class Runner:
    """Does one piece of work after the other, or several at once; all on the event loop's thread."""

    def __init__(self, *, catalogue: Catalogue, clock: Clock, studio: Studio, files: Files) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._studio = studio
        self._files = files

    async def run(self, work: Work, *, attempt: int = 1) -> Outcome:
        """How this attempt, counted from 1, ends. Never raises: a model's own crash is a 500, as at fal."""
        try:
            outcome = await self._outcome(work, attempt)
        except Exception:
            log.exception("running %s failed", work.endpoint)
            outcome = crashed()
        return bounded(outcome.with_headers({**SERVED_FROM, **work.fate.headers})).with_headers(SERVED_FROM)

    async def _outcome(self, work: Work, attempt: int) -> Outcome:
        model = self._catalogue.get(work.endpoint)
        assert model is not None, "an order is taken for a known model only"
        checked = model.check(work.body)
        if isinstance(checked, list):
            return invalid_input(checked)
        done_at = self._clock.now() + work.fate.latency
        failure = work.fate.failure_of(attempt)
        outcome = await self._made(model, checked, work) if failure is None else failed(failure, body=work.body)
        await self._clock.sleep_until(done_at)
        return outcome

    async def _made(self, model: Model, given: JsonObject, work: Work) -> Outcome:
        drawings = drawings_for(model, given, fallback_seed=work.fate.fallback_seed)
        inline = wants_data_uris(given)
        media = [self._drawn(drawing, work, inline=inline) for drawing in drawings]
        output = output_for(model, given, await asyncio.gather(*media), inference=work.fate.latency)
        units = billable_units(model, given, drawings, compute_seconds=work.fate.latency)
        return succeeded(output, billable_units=units)

    async def _drawn(self, drawing: Drawing, work: Work, *, inline: bool) -> MediaFile:
        content = damaged(await self._studio.draw(drawing), work.fate.damage)
        kind = drawing.content_type
        if inline:
            return MediaFile(drawing, f"output{drawing.suffix}", data_uri(content, kind), len(content))
        now = self._clock.now()
        file = await self._files.keep(content, content_type=kind, lifecycle=work.lifecycle, now=now)
        return MediaFile(drawing, file.name, f"{work.files_url}/{file.name}", len(content))
