"""Watches one video until its work is done, telling where it stands. Reads rows; asks the provider rarely.

The provider is asked only for the place in its queue, only while someone watches, and at most every 2 s.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from functions.services import Services
from pipeline.errors import GeneratorError
from pipeline.model import Queued
from storage.stories import Trace, VideoView

_LOOK_SECONDS = 0.1  # between looks at our own rows
_ASK_SECONDS = 2.0  # between questions to the provider
_COST_SECONDS = 3.0  # to wait for the cost once the video is there


@dataclass(frozen=True)
class Sight:
    """What there is to see at one moment; `stage` is a sentence for people."""

    video: VideoView
    trace: Trace | None
    stage: str


async def watch(services: Services, source_table: str, source_id: str, *, tell: Callable[[Sight], None]) -> Sight:
    """Follow the video of a story that exists until nothing more is being done, and return the last sight."""
    loop = asyncio.get_running_loop()
    position, asked_at, idle_since = "", 0.0, None
    while True:
        sight = await _look(services, source_table, source_id, position)
        tell(sight)
        if sight.video.work not in {"working", "held"}:
            idle_since = idle_since or loop.time()
            if _is_settled(sight) or loop.time() - idle_since > _COST_SECONDS:
                return sight
        elif _is_at_provider(sight) and loop.time() - asked_at >= _ASK_SECONDS:
            asked_at, position = loop.time(), await _position(services, sight.trace)
        await asyncio.sleep(_LOOK_SECONDS)


async def _look(services: Services, source_table: str, source_id: str, position: str) -> Sight:
    stories = services.stores.stories
    video = await stories.find(source_table, source_id, now=services.clock())
    assert video is not None, "its insert has been committed"
    trace = await stories.trace(video.id)
    return Sight(video, trace, stage(video, trace, position))


def stage(video: VideoView, trace: Trace | None, position: str) -> str:
    """Where the work stands, as a sentence. `position` is what the provider says of its queue."""
    if video.work not in {"working", "held"}:
        return {"idle": "ready"}.get(video.work, video.work)
    final = _final_stage(trace, position)
    return f"preview shown; the final clip: {final}" if video.shows == "preview" else final


def _final_stage(trace: Trace | None, position: str) -> str:
    if trace is None or trace.planned_at is None:
        return "planning"
    if trace.take_status in _TAKE_STAGES:
        return _TAKE_STAGES[trace.take_status]
    if trace.render_status == "submitted":
        return _RENDER_STAGES["submitted"] + position
    if trace.failure_message:
        return f"waiting to try again: {trace.failure_message}"
    return _RENDER_STAGES.get(trace.render_status or "", "waiting")


_TAKE_STAGES = {"fetching": "fetching the clip", "finishing": "preparing it for playing"}
_RENDER_STAGES = {
    "waiting": "waiting for a slot",
    "admitted": "handing it to the provider",
    "submitted": "rendering at the provider",
    "unknown": "waiting to hear whether the provider took it",
}


def _is_at_provider(sight: Sight) -> bool:
    return sight.trace is not None and sight.trace.render_status == "submitted"


def _is_settled(sight: Sight) -> bool:
    return sight.trace is None or sight.trace.render_status != "delivered" or sight.trace.cost_usd is not None


async def _position(services: Services, trace: Trace | None) -> str:
    assert trace is not None, "it is at the provider"
    assert trace.endpoint is not None, "likewise"
    assert trace.request_id is not None, "likewise"
    try:
        state = await services.generator.status(trace.endpoint, trace.request_id)
    except GeneratorError:
        return " (it does not say how far it is)"
    if isinstance(state, Queued):
        return " (place in its queue unknown)" if state.position is None else f" ({state.position} before it)"
    return ""
