"""A video as the functions' answers show it: addresses that play, signed where the bucket is private."""

import asyncio
import logging
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from functions.services import Services
from pipeline.errors import BucketError, ObjectMissing
from pipeline.ports import Bucket
from storage.stories import VideoView

_log = logging.getLogger(__name__)

_SIGNING_SECONDS = 3.0


class VideoAnswer(BaseModel):
    """What plays for a story, and how the work on it stands. Sizes in pixels, `progress` from 0 to 1."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    source_table: str
    source_id: str
    theme: str
    shape: Literal["square", "wide", "tall"]
    shows: Literal["placeholder", "preview", "final"]
    work: Literal["idle", "working", "held", "fallback", "rejected", "cancelled"]
    reason: str | None
    message: str | None
    progress: Annotated[float, Field(ge=0, le=1)]
    url: str | None
    poster_url: str | None
    blurhash: str | None
    width: int | None
    height: int | None


async def described(services: Services, video: VideoView) -> dict[str, object]:
    """What a caller who may see the video is told of it, as JSON. Raises `BucketError`, asked for a signature."""
    answer = VideoAnswer.model_validate(video)
    bucket = services.private_bucket
    if bucket is not None and video.bucket == bucket.name:
        seconds = services.settings.url_seconds
        answer.url, answer.poster_url = await asyncio.gather(
            _signed(bucket, video.path, seconds), _signed(bucket, video.poster_path, seconds)
        )
    return answer.model_dump(mode="json")


async def accepted(services: Services, video: VideoView) -> dict[str, object]:
    """The same for one that was just asked for. It stands, and may cost money, whether or not it can be shown.

    An error would have the caller ask again, and a text without a name get two videos; and the answer is at once.
    """
    try:
        async with asyncio.timeout(_SIGNING_SECONDS):
            return await described(services, video)
    except (BucketError, TimeoutError) as error:
        _log.warning("a video was asked for, and its files cannot be shown now (%s)", type(error).__name__)
        return VideoAnswer.model_validate(video).model_dump(mode="json")


async def _signed(bucket: Bucket, path: str | None, seconds: int) -> str | None:
    """Null for what is not there: a placeholder that was never published, a file that was removed just now."""
    if path is None:
        return None
    try:
        return await bucket.sign(path, seconds=seconds)
    except ObjectMissing:
        return None
