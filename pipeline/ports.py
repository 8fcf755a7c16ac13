"""What the steps need from the outside, as small Protocols. Pure: nothing here does I/O.

Implementations live in `storage` (JobStore, Bucket), `pipeline.fal` (Generator), `pipeline.ffmpeg`
(Transcoder) and `pipeline.prompts` (PromptWriter). One contract suite per port, in `tests/contract/`,
runs on every implementation that users have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pipeline.errors import GeneratorError
from pipeline.model import (
    AdmittedRender,
    Delivery,
    Failure,
    Order,
    Parameters,
    PlannedShot,
    Prompt,
    RenderState,
    Result,
    RevisionToPlan,
    StoredRendition,
    SubmittedRender,
    TakeInHand,
)
from pipeline.outcome import RenderSeen, Verdict


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

    def estimate(self, endpoint: str, parameters: Parameters) -> Decimal:
        """What one such clip will probably cost, in US dollars."""

    def price(self, endpoint: str, billable_units: Decimal) -> Decimal:
        """What that many units cost, in US dollars."""


class PromptWriter(Protocol):
    """Turns a story into prompts, one per shot."""

    async def write(self, story: str) -> tuple[Prompt, ...]:
        """At least one prompt. Raises `BadStory` when the text cannot become a video."""


class ClipSource(Protocol):
    """Where a provider's clips are downloaded from."""

    async def download(self, url: str, file: Path) -> str:
        """Write the clip to the file and return its SHA-256 in hex. Streams, within limits of size and time.

        Raises `GeneratorMissing` (gone), `GeneratorUnavailable` (try again), `UnusableClip` (too large, or
        at an address that is not the provider's).
        """


class Plans(Protocol):
    """Revisions that wait to be planned. Every method of this and the next three ports is one transaction."""

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> list[RevisionToPlan]:
        """Take revisions that are due, the most urgent first; the lease keeps others off them."""

    async def missing_endpoints(self, provider: str, *, since: datetime) -> frozenset[str]:
        """Endpoints that the provider answered 404 for after that time."""

    async def save(self, revision: RevisionToPlan, shots: Sequence[PlannedShot], *, now: datetime) -> bool:
        """Subscribe the revision's shots to their takes, making those that are new. False: another was first.

        A take that is ready shows at once; one under way is waited for; one that failed in a way that can
        pass is begun again; a new one waits to be admitted.
        """

    async def reject(self, revision: RevisionToPlan, *, reason: str, message: str, now: datetime) -> bool:
        """The story cannot become a video; its placeholder stays. False: another was first."""


class Renders(Protocol):
    """Renders on their way to a provider and back."""

    async def admit(self, provider: str, *, now: datetime, lease: timedelta) -> list[AdmittedRender]:
        """Reserve slots and money for as many waiting renders as may go now, the most urgent first."""

    async def submitted(self, render: AdmittedRender, request_id: str, *, now: datetime, due_at: datetime) -> bool:
        """The provider has it. By `due_at` there should be news. False: something else was first."""

    async def put_back(
        self, render: AdmittedRender, *, due_at: datetime, why: GeneratorError, endpoint: str | None = None
    ) -> bool:
        """The provider took nothing: free the slot, wait until `due_at`, then use `endpoint` if given."""

    async def answer_lost(self, render: AdmittedRender, *, due_at: datetime) -> bool:
        """Whether the provider took it is not known. Its webhook is waited for until `due_at`."""

    async def note_missing(self, provider: str, endpoint: str, *, now: datetime) -> None:
        """The provider has no such endpoint."""

    async def conclude(
        self, render_id: UUID, decide: Callable[[RenderSeen], Verdict], *, now: datetime
    ) -> Verdict | None:
        """Lock render and take, decide, apply, all at once. None: there is no such render.

        `decide` must be pure. A take that gets a clip cancels its other renders and is fetched next.
        """

    async def deliver(
        self, render_id: UUID, delivery: Delivery, decide: Callable[[RenderSeen], Verdict], *, provider: str
    ) -> str:
        """Record the delivery and conclude with it, in one transaction.

        Returns what it was: `accepted`, `late` (paid, but another clip was first), `stale` (old news),
        `orphan` (no such render is left), `repeated` (this very delivery was recorded before).
        """

    async def withdrawn(self, take_id: UUID) -> list[SubmittedRender]:
        """Renders of the take that nobody wants any more and the provider may still be working on."""

    async def unsettled(self, render_id: UUID) -> SubmittedRender | None:
        """The render, if it delivered and its cost is not written down yet."""

    async def settle(self, render_id: UUID, *, units: Decimal | None, cost: Decimal | None, now: datetime) -> None:
        """Write down what the render cost, its estimate where `cost` is None. The first figure stays."""


class Takes(Protocol):
    """Takes whose clip exists and is on its way to the viewers."""

    async def claim_fetch(self, take_id: UUID, *, now: datetime, lease: timedelta) -> TakeInHand | None:
        """Take it in hand for `fetch`; None where it needs no fetching, or someone else is at it."""

    async def claim_finish(self, take_id: UUID, *, now: datetime, lease: timedelta) -> TakeInHand | None:
        """Take it in hand for `finish`; None as above."""

    async def fetched(self, take: TakeInHand, *, bucket: str, path: str, sha256: str, now: datetime) -> bool:
        """The original is in the bucket; `finish` is next. False: we were cut off and another was first."""

    async def renditions(self, rendition_key: str) -> bool:
        """Whether the renditions of that key exist already."""

    async def finished(
        self,
        take: TakeInHand,
        *,
        rendition_key: str,
        bucket: str,
        renditions: Sequence[StoredRendition],
        now: datetime,
    ) -> bool:
        """The renditions are in the bucket: every subscribed video shows them. False: another was first."""

    async def try_again(self, take: TakeInHand, *, due_at: datetime) -> bool:
        """The step failed in a way that can pass; or it was interrupted. Reconcile runs it again when due."""

    async def give_up(self, take: TakeInHand, failure: Failure, *, now: datetime) -> bool:
        """There will be no video of this clip. Every subscribed video falls back to what it shows."""


class Sweep(Protocol):
    """What `reconcile` looks for: rows compared with the clock."""

    async def adopt_missed(self) -> int:
        """Make the videos that the insert trigger could not make; how many."""

    async def hint_overdue(self, *, now: datetime) -> Mapping[str, int]:
        """Hint every step whose rows are due; how many rows were found for each."""

    async def overdue_renders(self, *, now: datetime, limit: int) -> list[tuple[str, SubmittedRender]]:
        """Renders at a provider that should have been heard of, with their status. Request id `` if none."""

    async def look_later(self, render_id: UUID, *, due_at: datetime) -> None:
        """The provider is still at it: expect news by then."""

    async def lose_answer(self, render_id: UUID, *, now: datetime, due_at: datetime) -> bool:
        """A render whose submitter died between intent and answer: from now on its answer counts as lost."""

    async def unsettled(self, *, before: datetime, limit: int) -> list[SubmittedRender]:
        """Delivered renders whose cost is not written down yet."""
