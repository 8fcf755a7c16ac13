"""What one can turn on the emulator: slowness, failures, lost and doubled webhooks. Pure: no clock, no I/O.

`Knobs` hold for all requests, `Overrides` for one; together they give the `Fate` of a request, which depends
on the seed and the request's number alone and never on timing.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from local.fal.outcomes import ERROR_BY_STATUS, MODEL_ERRORS, PLATFORM_ERRORS
from local.fal.parsing import LONGEST
from pipeline.errors import BadRequest

Seconds = Annotated[float, Field(ge=0, le=LONGEST)]

Damage = Literal["cut", "garbled"]
"""How a file arrives that is broken: without its second half, or with noise for its middle."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header (RFC 9110)."""

_TEXT = re.compile(r"[\t -~]*")
"""What every header may hold: ASCII without control characters."""

_CONNECTIONS = frozenset(
    {"connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers about one connection, which no gateway passes on."""


@dataclass(frozen=True)
class Knobs:
    """Behaviour for all requests; times in seconds, rates between 0 and 1. The defaults are a good day.

    `latency` is the range of the time in progress, `concurrency` a new account's limit at fal. A webhook is
    tried again after `backoff_base`, then twice that, and so on; the two timeouts are those of fal's pages.
    """

    latency: tuple[float, float] = (2.0, 4.0)
    concurrency: int = 2
    failure_rate: float = 0.0
    loss_rate: float = 0.0
    duplicate_rate: float = 0.0
    seed: int = 0
    backoff_base: float = 5.0
    first_attempt_timeout: float = 15.0
    retry_timeout: float = 120.0

    def __post_init__(self) -> None:
        low, high = self.latency
        if not 0 <= low <= high <= LONGEST:
            raise ValueError(f"latency must be a range of seconds, not {self.latency}")
        if self.concurrency < 1:
            raise ValueError(f"concurrency must be at least 1, not {self.concurrency}")
        if not all(0 <= rate <= 1 for rate in (self.failure_rate, self.loss_rate, self.duplicate_rate)):
            raise ValueError("rates are between 0 and 1")
        if min(self.backoff_base, self.first_attempt_timeout, self.retry_timeout) <= 0:
            raise ValueError("webhook times are above 0")


def _error_type(value: int | str) -> str:
    name = ERROR_BY_STATUS.get(value, "") if isinstance(value, int) else value
    if name not in MODEL_ERRORS and name not in PLATFORM_ERRORS:
        raise ValueError(f"no documented error stands for {value!r}")
    return name


def _passed_on(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or not _TEXT.fullmatch(value):
            raise ValueError(f"no header can be {name!r}: {value!r}")
        if name.lower() in _CONNECTIONS:
            raise ValueError(f"{name} is not an app's to set")
    return headers


class Overrides(BaseModel):
    """Behaviour for one request, as JSON in the header `x-emulator`, or from a `Fault`.

    `fail` is a status or the name of an error, and `fail_attempts` how many attempts it spoils: all of them
    where it is None, though fal tries a few errors again. `refuse` is a status with which the request itself is
    turned away, nothing being accepted, and `refuse_poll` one with which calls for its state and its result are,
    `refuse_polls` of them or all. `damage_files` breaks what a request that succeeds and is billed gives back.
    `drop_submit_answer` hangs up in place of the answer to a submit that was accepted, `stall_submit_answer`
    leaves the caller waiting for it. `duplicate_webhook` counts all copies, so 2 sends it twice. With
    `payload_error` the webhook says only that its payload could not be sent. `heed_cancel` makes the model stop
    when told to; most of fal's do not. `response_headers` are the app's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency: Seconds | None = None
    fail: Annotated[int | str, AfterValidator(_error_type)] | None = None
    fail_attempts: Annotated[int, Field(ge=1)] | None = None
    refuse: Annotated[int, Field(ge=400, le=599)] | None = None
    refuse_poll: Annotated[int, Field(ge=400, le=599)] | None = None
    refuse_polls: Annotated[int, Field(ge=1)] | None = None
    damage_files: Damage | None = None
    lose_webhook: bool | None = None
    duplicate_webhook: Annotated[int, Field(ge=1, le=10)] | None = None
    webhook_delay: Seconds = 0.0
    payload_error: bool = False
    drop_submit_answer: bool = False
    stall_submit_answer: bool = False
    heed_cancel: bool = False
    response_headers: Annotated[dict[str, str], AfterValidator(_passed_on)] = {}


@dataclass(frozen=True)
class Fate:
    """What will happen to one request: times in seconds, `fail` the name of an error, None for success.

    Calls for its state and its result are answered with the status `refuse_poll`, `refuse_polls` of them or all.
    """

    latency: float
    fail: str | None
    fail_attempts: int | None
    refuse_poll: int | None
    refuse_polls: int | None
    damage: Damage | None
    webhook_copies: int
    webhook_delay: float
    payload_error: bool
    drop_answer: bool
    stall_answer: bool
    heeds_cancel: bool
    headers: Mapping[str, str]
    fallback_seed: int

    def failure_of(self, attempt: int) -> str | None:
        """The error that the attempt ends with, counted from 1; None if it succeeds."""
        spoilt = self.fail_attempts is None or attempt <= self.fail_attempts
        return self.fail if spoilt else None

    def refusal_of(self, poll: int) -> int | None:
        """The status with which a poll, counted from 1, is turned away; None if it is answered."""
        spoilt = self.refuse_polls is None or poll <= self.refuse_polls
        return self.refuse_poll if spoilt else None


def read_overrides(header: str) -> Overrides:
    """Parse the header's JSON. Raises `BadRequest` that says what is wrong with it."""
    try:
        return Overrides.model_validate_json(header)
    except ValidationError as error:
        raise BadRequest(f"x-emulator: {error}") from error


def draw_fate(knobs: Knobs, overrides: Overrides, *, nth: int) -> Fate:
    """The fate of the nth submit. Every draw is made each time, so that no override shifts another."""
    rng = random.Random(f"{knobs.seed}:{nth}")  # noqa: S311 - repeatable mischief, not a secret
    fate = Fate(
        latency=rng.uniform(*knobs.latency),
        fail="internal_server_error" if rng.random() < knobs.failure_rate else None,
        fail_attempts=overrides.fail_attempts,
        refuse_poll=overrides.refuse_poll,
        refuse_polls=overrides.refuse_polls,
        damage=overrides.damage_files,
        webhook_copies=_copies(lost=rng.random() < knobs.loss_rate, doubled=rng.random() < knobs.duplicate_rate),
        webhook_delay=overrides.webhook_delay,
        payload_error=overrides.payload_error,
        drop_answer=overrides.drop_submit_answer,
        stall_answer=overrides.stall_submit_answer,
        heeds_cancel=overrides.heed_cancel,
        headers=overrides.response_headers,
        fallback_seed=rng.randrange(2**31),
    )
    return _overridden(fate, overrides)


def _copies(*, lost: bool, doubled: bool) -> int:
    if lost:
        return 0
    return 2 if doubled else 1


def _overridden(fate: Fate, overrides: Overrides) -> Fate:
    if overrides.latency is not None:
        fate = replace(fate, latency=overrides.latency)
    if overrides.fail is not None:
        fate = replace(fate, fail=str(overrides.fail))
    if overrides.duplicate_webhook is not None:
        fate = replace(fate, webhook_copies=overrides.duplicate_webhook)
    if overrides.lose_webhook is not None:
        fate = replace(fate, webhook_copies=0 if overrides.lose_webhook else max(1, fate.webhook_copies))
    return fate
