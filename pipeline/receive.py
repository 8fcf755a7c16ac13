"""What the webhook handler does with a POST: verify it, record it, move what it moves. Never downloads.

The delivery and what follows from it are one transaction, so a provider that got no answer may simply deliver
again.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pipeline.model import Clip, Failure
from pipeline.outcome import RenderSeen, Verdict, on_clip, on_failure
from pipeline.ports import Generator
from pipeline.stores import Renders


async def receive(
    renders: Renders,
    generator: Generator,
    render_id: UUID,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    jitter: float,
) -> str:
    """Take one webhook POST and return what it was (see `Renders.deliver`).

    Raises `BadSignature`, `BadDelivery`, and `GeneratorUnavailable` when the provider's keys cannot be had.
    """
    delivery = await generator.read_delivery(headers, body, now=now)

    def decide(seen: RenderSeen) -> Verdict:
        return verdict_on(seen, delivery.outcome, now=now, jitter=jitter)

    return await renders.deliver(render_id, delivery, decide, provider=generator.provider)


def verdict_on(seen: RenderSeen, outcome: Clip | Failure | None, *, now: datetime, jitter: float) -> Verdict:
    """What a provider's news means; None is news without content, whose result is still to be asked for."""
    if outcome is None:
        return Verdict()
    if isinstance(outcome, Clip):
        return on_clip(seen, outcome)
    return on_failure(seen, outcome, now=now, jitter=jitter)
