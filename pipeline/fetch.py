"""The step `fetch`: bring a paid clip from the provider into our bucket, before it expires there.

The original is kept under its own hash, so fetching twice stores it once. What the clip cost is asked for
afterwards, when it can no longer delay anybody.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from pipeline.in_hand import in_hand, worn_out
from pipeline.keys import original_path
from pipeline.model import TakeInHand
from pipeline.ports import Bucket, ClipSource, Generator
from pipeline.settle import cancel_rivals, settle
from pipeline.stores import Renders, Takes
from pipeline.timing import Timing
from pipeline.workspace import workspace

_REASON = "clip_lost"


async def fetch(
    takes: Takes,
    renders: Renders,
    generator: Generator,
    bucket: Bucket,
    source: ClipSource,
    *,
    take_id: UUID,
    clock: Callable[[], datetime],
    timing: Timing,
    jitter: Callable[[], float],
) -> bool:
    """Fetch the take's clip; False where there was nothing to do or it did not succeed."""
    take = await takes.claim_fetch(take_id, now=clock(), lease=timing.fetch_lease)
    if take is None or await worn_out(takes, take, reason=_REASON, now=clock()):
        return False
    stored = False
    async with in_hand(takes, take, reason=_REASON, lease=timing.fetch_lease, clock=clock, jitter=jitter):
        await cancel_rivals(renders, generator, take.id)
        stored = await _store_original(takes, bucket, source, take, clock)
    if stored and (render := await renders.unsettled(take.render_id)):
        await settle(renders, generator, render, now=clock())
    return stored


async def _store_original(
    takes: Takes, bucket: Bucket, source: ClipSource, take: TakeInHand, clock: Callable[[], datetime]
) -> bool:
    with workspace() as folder:
        file = folder / "original.mp4"
        sha256 = await source.download(take.clip_url, file)
        path = original_path(sha256)
        await takes.note_files(bucket.name, [path], now=clock())
        await bucket.put(path, file, content_type="video/mp4")
    return await takes.fetched(take, bucket=bucket.name, path=path, sha256=sha256, now=clock())
