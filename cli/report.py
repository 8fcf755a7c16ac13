"""What `storyreel make` tells at the end, from a video and its trace. Pure: no clock, no I/O."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from storage.stories import Trace, VideoView


@dataclass(frozen=True)
class Report:
    """One made video. `path` is a file where the bucket is a folder, else the object's path; seconds by stage."""

    story_id: str
    video_id: str
    shows: str
    work: str
    reason: str | None
    message: str | None
    theme: str
    url: str | None
    path: str | None
    poster_url: str | None
    cost_usd: Decimal | None
    emulated: bool
    timings: dict[str, float]

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        cost = None if self.cost_usd is None else float(self.cost_usd)
        return {**vars(self), "cost_usd": cost}


# Each stage ends with the moment after it begins: the trace holds those moments.
STAGES = {
    "plan": ("created_at", "planned_at"),
    "admit": ("planned_at", "admitted_at"),
    "submit": ("admitted_at", "submitted_at"),
    "provider": ("submitted_at", "delivered_at"),
    "fetch": ("delivered_at", "fetched_at"),
    "finish": ("fetched_at", "ready_at"),
    "total": ("created_at", "ready_at"),
}


def timings(trace: Trace) -> dict[str, float]:
    """Seconds by stage, for the stages that have ended.

    `ours` is the total without the provider's share, `preview` how soon there was one. A take that existed before
    the story was asked for has no stages of its own beyond `plan`.
    """
    spans = {
        stage: _seconds(getattr(trace, start), getattr(trace, end), since=trace.created_at)
        for stage, (start, end) in STAGES.items()
    }
    found = {stage: seconds for stage, seconds in spans.items() if seconds is not None}
    preview = _seconds(trace.created_at, trace.preview_at, since=trace.created_at)
    if preview is not None:
        found["preview"] = preview
    if {"total", "provider"} <= found.keys():
        found["ours"] = round(found["total"] - found["provider"], 3)
    return found


def _seconds(start: datetime | None, end: datetime | None, *, since: datetime) -> float | None:
    if start is None or end is None or end < since or start < since:
        return None
    return round(max((end - start).total_seconds(), 0.0), 3)


def report(story_id: str, video: VideoView, trace: Trace | None, *, path: str | None) -> Report:
    """The report on a story's video."""
    return Report(
        story_id=story_id,
        video_id=str(video.id),
        shows=video.shows,
        work=video.work,
        reason=video.reason,
        message=video.message,
        theme=video.theme,
        url=video.url,
        path=path,
        poster_url=video.poster_url,
        cost_usd=trace.cost_usd if trace else None,
        emulated=bool(trace and trace.emulated),
        timings=timings(trace) if trace else {},
    )
