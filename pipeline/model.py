"""The values that steps pass around, in our own words. Pure: frozen records, no behaviour, no I/O.

A provider's words (`IN_QUEUE`, `num_inference_steps`, …) never appear here; its adapter translates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True)
class Parameters:
    """What is asked of a provider beside prompt and seed.

    In our words, each None where the endpoint's default is meant: `width` and `height` in pixels, `fps` in
    frames per second. `own` holds what is asked in an endpoint's own words, JSON values that are sent as they
    are; never an empty mapping.
    """

    frames: int | None = None
    steps: int | None = None
    guidance: float | None = None
    motion_scale: float | None = None
    width: int | None = None
    height: int | None = None
    fps: int | None = None
    own: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Model:
    """A name of ours for a ladder of provider endpoints, the first one that exists being used.

    `purpose` is what it is for, in a few words; `source` where its numbers come from. `overrides` holds, by
    endpoint of the ladder, those parameters of which it needs others. `ceiling`, in US dollars, is
    reserved for a clip of an endpoint without a published price.
    """

    name: str
    parameters: Parameters
    ladder: tuple[str, ...]
    overrides: Mapping[str, Parameters] = field(default_factory=dict)
    purpose: str = ""
    source: str = ""
    ceiling: Decimal = Decimal("0.20")


@dataclass(frozen=True)
class Prompt:
    """One shot's worth of words for a provider."""

    text: str
    negative: str


@dataclass(frozen=True)
class Order:
    """One submission: everything a provider needs to render one clip and to call back.

    `start_timeout` in seconds: a clip not begun by then is not wanted any more, and not charged.
    """

    endpoint: str
    prompt: Prompt
    seed: int
    parameters: Parameters
    webhook_url: str
    start_timeout: float
    low_priority: bool = False


@dataclass(frozen=True)
class Clip:
    """A finished clip at the provider's; `size` in bytes where the provider says."""

    url: str
    content_type: str | None = None
    size: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Failure:
    """The provider's final word that there is no clip. `code` is a stable word, `message` the provider's own.

    `permanent`: the same request would fail again (bad parameters, content policy). `billed`: there may have
    been a clip all the same, and money with it.
    """

    code: str
    message: str
    permanent: bool
    billed: bool = False


@dataclass(frozen=True)
class Queued:
    """The provider has the request and has not begun. `position` counts those before it, None if unknown."""

    position: int | None


@dataclass(frozen=True)
class Running:
    """The provider is rendering."""


@dataclass(frozen=True)
class Done:
    """The provider has finished, well or badly; `result` tells which."""


RenderState = Queued | Running | Done


@dataclass(frozen=True)
class Result:
    """What a finished request gave. `billable_units` as the provider counts them, None if it did not say."""

    outcome: Clip | Failure
    billable_units: Decimal | None = None


@dataclass(frozen=True)
class Delivery:
    """One verified webhook POST. `outcome` is None where it announces the end but its payload is unusable.

    `body` is the text as received; `digest` its SHA-256 in hex, which makes a repetition recognisable.
    """

    request_id: str
    outcome: Clip | Failure | None
    body: str
    digest: str
    received_at: datetime
    gateway_request_id: str | None = None


class Opinion(StrEnum):
    """What became of a text at the moderation door."""

    PASSED = "passed"
    REJECTED = "rejected"
    UNCHECKED = "unchecked"  # nobody looked, or not everybody who should have


@dataclass(frozen=True)
class Judgement:
    """What a moderator says of a text, and never the text.

    `by` names who judged, None where it is unchecked; `category` what it was rejected for, None where it was not.
    """

    opinion: Opinion
    by: str | None = None
    category: str | None = None


@dataclass(frozen=True)
class RevisionToPlan:
    """A revision in the hands of one planner; `attempt` fences it. `model`, `seed`: None for the default.

    `given`: parameters that replace or join the model's own, as they came. `preview`: one is wanted before the
    final clip. `remake`: renditions that exist are to be made anew. `postponed`: how many of the attempts ended
    because no moderator could be asked.
    """

    id: UUID
    attempt: int
    story: str
    model: str | None
    seed: int | None
    priority: int
    given: Mapping[str, object] | None = None
    preview: bool = False
    remake: bool = False
    postponed: int = 0


@dataclass(frozen=True)
class PlannedTake:
    """A take that a plan wants, and what a first render of it would be."""

    take_key: str
    model: str
    parameters: Parameters
    prompt: Prompt
    seed: int
    emulated: bool
    provider: str
    endpoint: str
    estimate: Decimal


@dataclass(frozen=True)
class PlannedShot:
    """One shot of a plan. A preview is made beside the final, unless that is there already."""

    final: PlannedTake
    preview: PlannedTake | None = None


@dataclass(frozen=True)
class AdmittedRender:
    """A render whose slot and money are reserved and whose intent is on record; `tries` fences it.

    `usual` is what such a clip has taken lately, None where too few were seen.
    """

    id: UUID
    tries: int
    model: str
    endpoint: str
    prompt: Prompt
    seed: int
    parameters: Parameters
    low_priority: bool
    usual: timedelta | None = None


@dataclass(frozen=True)
class SubmittedRender:
    """A render at the provider, as far as asking about it goes; `since` when it was submitted.

    `cancelled`: nobody wants it any more.
    """

    id: UUID
    provider: str
    endpoint: str
    request_id: str
    since: datetime
    cancelled: bool = False


@dataclass(frozen=True)
class TakeInHand:
    """A take in the hands of one worker; `attempt` fences it.

    `tries` counts starts of this step that came to no end, this one included; `failures` its failed ends;
    `comebacks` how often it was begun again after it had failed. `original_path` and `original_sha256` are None
    until the original is stored.
    """

    id: UUID
    attempt: int
    tries: int
    failures: int
    comebacks: int
    render_id: UUID
    clip_url: str
    original_path: str | None
    original_sha256: str | None


@dataclass(frozen=True)
class StoredRendition:
    """One file made from an original, as it lies in the bucket. Sizes in pixels and bytes."""

    kind: str
    path: str
    content_type: str
    bytes: int
    width: int
    height: int
    blurhash: str | None
