"""The step `finish`: from the stored original to files that browsers play, shown by every subscribed video.

Renditions lie under a key of original and recipe, so finishing twice writes the same files. The video goes up
last: whoever finds it finds its poster too.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from pipeline.in_hand import in_hand, worn_out
from pipeline.keys import rendition_key, rendition_path
from pipeline.model import StoredRendition, TakeInHand
from pipeline.ports import Bucket, Rendition, Transcoded, Transcoder
from pipeline.stores import Takes
from pipeline.timing import Timing
from pipeline.workspace import workspace

_REASON = "not_finished"


async def finish(
    takes: Takes,
    bucket: Bucket,
    transcoder: Transcoder,
    *,
    take_id: UUID,
    clock: Callable[[], datetime],
    timing: Timing,
    jitter: Callable[[], float],
) -> bool:
    """Finish the take; False where there was nothing to do or it did not succeed."""
    take = await takes.claim_finish(take_id, now=clock(), lease=timing.finish_lease)
    if take is None or await worn_out(takes, take, reason=_REASON, now=clock()):
        return False
    async with in_hand(takes, take, reason=_REASON, lease=timing.finish_lease, clock=clock, jitter=jitter):
        return await _finish(takes, bucket, transcoder, take, clock)
    return False


async def _finish(
    takes: Takes, bucket: Bucket, transcoder: Transcoder, take: TakeInHand, clock: Callable[[], datetime]
) -> bool:
    assert take.original_path is not None, "a CHECK ties it to the status"
    assert take.original_sha256 is not None, "likewise"
    key = rendition_key(original_sha256=take.original_sha256, recipe=transcoder.recipe)
    stored: tuple[StoredRendition, ...] = ()
    # Two takes may have the same original: its renditions are made once.
    if not await _are_there(bucket, await takes.renditions(key)):
        with workspace() as folder:
            original, made = folder / "original.mp4", folder / "renditions"
            made.mkdir()
            await bucket.get(take.original_path, original)
            transcoded = await transcoder.transcode(original, made)
            await takes.note_files(bucket.name, [_path(key, file) for file in transcoded.renditions], now=clock())
            stored = await _upload(bucket, key, transcoded)
    return await takes.finished(take, rendition_key=key, bucket=bucket.name, renditions=stored, now=clock())


async def _are_there(bucket: Bucket, paths: Sequence[str]) -> bool:
    """Whether there are renditions, and the bucket has them: whoever asks for them anew may have lost them."""
    found = await asyncio.gather(*map(bucket.head, paths))
    return bool(paths) and all(found)


def _path(key: str, rendition: Rendition) -> str:
    return rendition_path(key, rendition.kind, rendition.file.suffix)


async def _upload(bucket: Bucket, key: str, transcoded: Transcoded) -> tuple[StoredRendition, ...]:
    first = [rendition for rendition in transcoded.renditions if rendition.kind != "video"]
    last = [rendition for rendition in transcoded.renditions if rendition.kind == "video"]
    blurhash = transcoded.blurhash
    stills = await asyncio.gather(*(_put(bucket, key, rendition, blurhash) for rendition in first))
    videos = [await _put(bucket, key, rendition, blurhash) for rendition in last]
    return (*stills, *videos)


async def _put(bucket: Bucket, key: str, rendition: Rendition, blurhash: str) -> StoredRendition:
    path = _path(key, rendition)
    await bucket.put(path, rendition.file, content_type=rendition.content_type)
    return StoredRendition(
        kind=rendition.kind,
        path=path,
        content_type=rendition.content_type,
        bytes=rendition.file.stat().st_size,
        width=rendition.width,
        height=rendition.height,
        blurhash=blurhash if rendition.kind == "poster" else None,
    )
