"""What news of a render means for it, for its take and for what is tried next. Pure decisions.

Whoever brings the news (a webhook, a poll, a refused submit, the clock) ends here; `pipeline.stores.Renders`
applies the verdict in one transaction. Nothing here does I/O or reads a clock.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pipeline import retry
from pipeline.lifecycle import (
    RenderEvent,
    RenderStatus,
    TakeEvent,
    TakeStatus,
    render_after,
    take_after,
)
from pipeline.model import Clip, Failure
from pipeline.reasons import CONTENT_REJECTED


@dataclass(frozen=True)
class RenderSeen:
    """A render and its take as they stand, both locked while the verdict is made and applied.

    `made` counts the renders of the take's present round, `lost` those of them that may have been paid for and
    brought nothing, `ever_lost` the same of all rounds; `comebacks` how often the take was begun again by itself.
    `rival` tells that another render of the take is still awaited, `over_cap` that it waits because it would
    pass a cap for good.
    """

    id: UUID
    status: RenderStatus
    provider: str
    endpoint: str
    model: str
    take_status: TakeStatus
    made: int
    lost: int
    ever_lost: int
    comebacks: int
    rival: bool
    over_cap: bool = False


@dataclass(frozen=True)
class Verdict:
    """What changes. None means: stays as it is.

    `retry_at` asks for another render of the take, not to be admitted before then; `clip` is what the take is
    to fetch; `failure` is why the render, and perhaps the take, failed. `again_at`: when a take that failed is
    begun again by itself.
    """

    render: RenderStatus | None = None
    take: TakeStatus | None = None
    clip: Clip | None = None
    failure: Failure | None = None
    retry_at: datetime | None = None
    again_at: datetime | None = None


def on_clip(seen: RenderSeen, clip: Clip) -> Verdict:
    """A clip arrived. It is used if the take still wants one; delivered it is anyway, for it was paid for."""
    render = render_after(seen.status, RenderEvent.CLIP)
    take = take_after(seen.take_status, TakeEvent.DELIVERED) if render else None  # old news revives nothing
    return Verdict(render=render, take=take, clip=clip if take else None)


def on_failure(seen: RenderSeen, failure: Failure, *, now: datetime, jitter: float) -> Verdict:
    """The provider's final no: another try where that can help and one is left, else the take fails.

    Declined content fails it whatever else is awaited: what was not submitted yet never is.
    """
    render = render_after(seen.status, RenderEvent.ERROR)
    if render is None or seen.take_status is not TakeStatus.RENDERING:
        return Verdict(render=render, failure=failure)
    if seen.rival and failure.code != CONTENT_REJECTED:
        return Verdict(render=render, failure=failure)
    if failure.permanent or seen.made >= _allowed(seen.lost + failure.billed):
        return Verdict(
            render=render,
            take=take_after(seen.take_status, TakeEvent.GAVE_UP),
            failure=failure,
            again_at=_again_at(seen, failure, now=now, jitter=jitter),
        )
    return Verdict(render=render, failure=failure, retry_at=now + retry.backoff(seen.made, jitter=jitter))


LOST = Failure("provider_silent", "the provider never answered whether it took the job", permanent=False)


def on_silence(seen: RenderSeen, *, now: datetime) -> Verdict:
    """A submit whose answer was lost has been silent for so long that it cannot be running."""
    if render_after(seen.status, RenderEvent.SILENCE) is None:
        return Verdict()
    if seen.take_status is not TakeStatus.RENDERING:
        return Verdict(render=RenderStatus.LOST)
    if seen.made >= _allowed(seen.lost + 1):
        gave_up = take_after(seen.take_status, TakeEvent.GAVE_UP)
        return Verdict(render=RenderStatus.LOST, take=gave_up, failure=LOST)
    return Verdict(render=RenderStatus.LOST, retry_at=now)


def on_over_cap(seen: RenderSeen, reason: str) -> Verdict:
    """It would cost more than may be spent on it: it is not made, until a person raises the cap and asks."""
    if not seen.over_cap or seen.take_status is not TakeStatus.RENDERING:
        return Verdict()
    return Verdict(
        render=render_after(seen.status, RenderEvent.WITHDRAWN),
        take=take_after(seen.take_status, TakeEvent.GAVE_UP),
        failure=Failure(reason, "a cap on what may be spent would have been passed", permanent=False),
    )


def _again_at(seen: RenderSeen, failure: Failure, *, now: datetime, jitter: float) -> datetime | None:
    """When the take comes back by itself: never where it would fail alike, or money may have gone already."""
    if failure.permanent or failure.billed or seen.ever_lost:
        return None
    return retry.comeback_at(seen.comebacks, now=now, jitter=jitter)


def _allowed(lost: int) -> int:
    return retry.MAX_RENDERS_AFTER_LOSS if lost else retry.MAX_RENDERS
