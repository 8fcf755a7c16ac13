"""Which of the requests goes wrong, and how: a list of rules, from a file or from a test. Pure.

A file is TOML, one table per rule; the first that fits a request is its fate, and its `x-emulator` header goes
before all of them:

    [[fault]]                     # the third request is accepted, but its caller never hears so;
    request = 3                   # its webhook comes twice, 90 seconds late
    stall_submit_answer = true
    duplicate_webhook = 2
    webhook_delay = 90

    [[fault]]                     # every prompt with a dragon in it fails twice and then works
    prompt = "dragon"
    fail = 503
    fail_attempts = 2
"""

import tomllib
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, ValidationError

from local.fal.knobs import Overrides
from local.fal.outcomes import JsonObject
from pipeline.errors import BadSetting


class Fault(Overrides):
    """A rule: what it fits, and beside that what `Overrides` says. All conditions given must fit.

    `request` counts the requests to known endpoints from 1, `every` fits each nth of them; `endpoint` is a
    whole id, `prompt` a part of the prompt in any case of letters.
    """

    request: Annotated[int, Field(ge=1)] | None = None
    every: Annotated[int, Field(ge=1)] | None = None
    endpoint: str | None = None
    prompt: str | None = None

    def fits(self, *, nth: int, endpoint: str, body: JsonObject) -> bool:
        """Whether the nth request, to that endpoint and with that input, is meant."""
        return (
            (self.request is None or self.request == nth)
            and (self.every is None or nth % self.every == 0)
            and (self.endpoint is None or self.endpoint == endpoint)
            and (self.prompt is None or self.prompt.casefold() in str(body.get("prompt", "")).casefold())
        )


class Faults:
    """The rules of one emulator; those added later go before those there are."""

    def __init__(self, rules: Sequence[Fault] = ()) -> None:
        self._rules = list(rules)

    def add(self, rule: Fault) -> None:
        """Put one rule before all others."""
        self._rules.insert(0, rule)

    def of(self, *, nth: int, endpoint: str, body: JsonObject) -> Overrides:
        """What is said of the nth request: nothing, where no rule fits."""
        fitting = (rule for rule in self._rules if rule.fits(nth=nth, endpoint=endpoint, body=body))
        return next(fitting, Overrides())


def read_faults(text: str) -> tuple[Fault, ...]:
    """The rules of a file. Raises `BadSetting` that says which rule is wrong and how."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"the faults are not TOML: {error}") from error
    tables = document.get("fault", [])
    if document.keys() - {"fault"} or not isinstance(tables, list):
        raise BadSetting("faults are written as tables [[fault]], and nothing else stands in the file")
    return tuple(_rule(number, table) for number, table in enumerate(tables, start=1))


def _rule(number: int, table: object) -> Fault:
    try:
        return Fault.model_validate(table)
    except ValidationError as error:
        complaints = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise BadSetting(f"fault {number}: {complaints}") from error
