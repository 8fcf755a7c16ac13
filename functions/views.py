"""A video as the functions' answers show it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from storage.stories import VideoView


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


def described(video: VideoView) -> dict[str, object]:
    """What a caller who may see the video is told of it, as JSON."""
    return VideoAnswer.model_validate(video).model_dump(mode="json")
