"""What the steps need from the outside world, as small Protocols. Pure: nothing here does I/O.

Implementations live in `storage.buckets` (Bucket), `pipeline.fal` (Generator), `pipeline.download` (ClipSource),
`pipeline.ffmpeg` (Transcoder), `pipeline.moderation` (Moderator) and `pipeline.prompts` (PromptWriter); what they
need of our own rows is in `pipeline.stores`. One contract suite per port, in `tests/contract/`, runs on every
implementation that users have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from pipeline.model import (
    Delivery,
    Judgement,
    Model,
    Order,
    Parameters,
    Prompt,
    RenderState,
    Result,
)


@dataclass(frozen=True)
class StoredObject:
    """What a bucket knows of one object. `size` in bytes."""

    path: str
    size: int
    content_type: str


class Bucket(Protocol):
    """One bucket of files. Paths are relative, `/`-separated, without `.` or `..` parts.

    Of a public one everyone reads the files at `url`; of a private one, whoever has an address from `sign`, until
    it expires. Every method raises `BucketUnavailable` when there is no usable answer and `BucketRefused` when the
    answer is no. Objects are content-addressed by the callers, so putting one twice is harmless.
    """

    name: str
    is_public: bool
    base_url: str
    """What stands before `/<path>` in the address of an object; in that of a private one, a signature follows."""

    async def ensure(self) -> None:
        """Make the bucket unless it is there. One that is there and open to others than wanted is refused."""

    async def put(self, path: str, file: Path, *, content_type: str) -> None:
        """Store the file under the path, replacing what is there. Streams; never holds the file in memory."""

    async def get(self, path: str, file: Path) -> None:
        """Write the object to the file. Streams. Raises `ObjectMissing`."""

    async def head(self, path: str) -> StoredObject | None:
        """What is at the path, or None."""

    def url(self, path: str) -> str:
        """The public address of the object, whether or not it exists. Special characters are escaped.

        A private bucket has none: `BucketRefused`.
        """

    async def sign(self, path: str, *, seconds: int) -> str:
        """An address at which anyone reads the object, and nothing else, for that many seconds: 1 to 604,800.

        Raises `ObjectMissing` where signing shows that there is none; S3 signs by itself and cannot know, and then
        the address is answered like that of any missing object. Refused by a public bucket, where none expires.
        """

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


class Generator(Protocol):
    """A provider that renders clips for money and tells us by webhook when one is done.

    One HTTP request per call, never a repetition of its own accord: who repeats a submit pays twice.
    """

    provider: str
    emulated: bool
    """True where no money flows: clips of an emulator must never be taken for the real thing."""

    async def submit(self, order: Order) -> str:
        """Queue the order and return the provider's request id.

        Nothing was accepted: `GeneratorRefused`, `GeneratorKeyRefused`, `GeneratorMissing` (no such
        endpoint), `GeneratorBusy`.
        It may have been accepted, and paid: `GeneratorUnavailable`.
        """

    async def status(self, endpoint: str, request_id: str) -> RenderState:
        """Where the request stands. Raises `GeneratorMissing` once the provider has forgotten it."""

    async def result(self, endpoint: str, request_id: str) -> Result:
        """The outcome of a finished request. Raises `GeneratorMissing` once it has expired."""

    async def cancel(self, endpoint: str, request_id: str) -> None:
        """Ask the provider to stop; one already finished or forgotten is no error."""

    async def read_delivery(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Delivery:
        """Verify a webhook POST over its raw bytes, then parse it. `headers` has lower-case names.

        Raises `BadSignature` and `BadDelivery`.
        """

    def check(self, model: Model, given: Mapping[str, object]) -> Parameters:
        """What the model is asked for with what was given beside it, in one form however that was spelt.

        Of that form a take's key is made. Refuses what is known to fail, before it costs; what is not known
        passes. Raises `UnsuitableModel` for a model that makes no video of a text, and `BadParameters` where a
        given parameter would be refused, or would make a clip that could not be used.
        """

    def aspect_ratio(self, endpoint: str, parameters: Parameters) -> Fraction | None:
        """Width by height of such a clip; None where only the provider knows."""

    def usual(self, endpoint: str) -> timedelta | None:
        """What one request usually takes once it is begun; None where nobody says."""

    def estimate(self, endpoint: str, parameters: Parameters, *, ceiling: Decimal) -> Decimal:
        """What one such clip will probably cost, in US dollars; of an unknown price, at least `ceiling`."""

    def price(self, endpoint: str, billable_units: Decimal) -> Decimal:
        """What that many units cost, in US dollars."""


class Moderator(Protocol):
    """Says whether a video may be made of a text. Keeps no text, and gives it to nobody who does not judge."""

    async def judge(self, text: str) -> Judgement:
        """What it thinks of the text, which `pipeline.prompts.check` has normalised.

        Raises `ModerationUnavailable` and `ModerationKeyRefused` where it cannot say.
        """


class PromptWriter(Protocol):
    """Turns a story into prompts, one per shot."""

    async def write(self, story: str) -> tuple[Prompt, ...]:
        """At least one prompt. Raises `BadStory` when the text cannot become a video."""


class ClipSource(Protocol):
    """Where a provider's clips are downloaded from."""

    async def download(self, url: str, file: Path) -> str:
        """Write the clip to the file and return its SHA-256 in hex. Streams, within limits of size and time.

        Raises `GeneratorMissing` (gone), `GeneratorUnavailable` (try again; also for an address that is not
        the provider's), `UnusableClip` (too large).
        """
