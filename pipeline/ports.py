"""What the steps need from the outside, as small Protocols. Pure: nothing here does I/O.

Implementations live in `storage` (JobStore, Bucket), `pipeline.fal` (Generator), `pipeline.ffmpeg`
(Transcoder) and `pipeline.prompts` (PromptWriter). One contract suite per port, in `tests/contract/`,
runs on every implementation that users have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class StoredObject:
    """What a bucket knows of one object. `size` in bytes."""

    path: str
    size: int
    content_type: str


class Bucket(Protocol):
    """One bucket of public files. Paths are relative, `/`-separated, without `.` or `..` parts.

    Every method raises `BucketUnavailable` when there is no usable answer and `BucketRefused` when the
    answer is no. Objects are content-addressed by the callers, so putting one twice is harmless.
    """

    name: str

    async def put(self, path: str, file: Path, *, content_type: str) -> None:
        """Store the file under the path, replacing what is there. Streams; never holds the file in memory."""

    async def get(self, path: str, file: Path) -> None:
        """Write the object to the file. Streams. Raises `ObjectMissing`."""

    async def head(self, path: str) -> StoredObject | None:
        """What is at the path, or None."""

    def url(self, path: str) -> str:
        """The public address of the object, whether or not it exists. Special characters are escaped."""

    async def delete(self, paths: Sequence[str]) -> None:
        """Remove the objects; those that are not there are passed over."""

    async def list(self, prefix: str) -> list[StoredObject]:
        """Every object whose path starts with the prefix, sorted by path, however many there are."""


@dataclass(frozen=True)
class Video:
    """What probing says of a clip. `width` and `height` in pixels as displayed, `duration` in seconds."""

    width: int
    height: int
    frames: int
    fps: float
    duration: float
    codec: str


@dataclass(frozen=True)
class Rendition:
    """One file made from an original. `kind` is `video`, `poster` or `preview`; sizes in pixels."""

    kind: str
    file: Path
    content_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Transcoded:
    """All renditions of one original. `copied` tells that the video stream was not re-encoded."""

    video: Video
    renditions: tuple[Rendition, ...]
    blurhash: str
    copied: bool


class Transcoder(Protocol):
    """Turns an untrusted clip into files that browsers play."""

    recipe: str
    """Names the version of what is made; a new one remakes renditions without another provider call."""

    async def transcode(self, original: Path, folder: Path) -> Transcoded:
        """Write the renditions of `original` into the existing, empty `folder`.

        Raises `UnusableClip` (permanent) and `TranscodeFailed`.
        """
