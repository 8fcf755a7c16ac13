"""Which of the requests goes wrong, and how: a list of rules, from a file or from a test. Pure.

A file is TOML, one table per rule. The first that fits a request is its fate, and its `x-emulator` header goes
before all of them; rules with a `share` are thrown for one by one, and what they say is added to it:

    [[fault]]                     # the third request is accepted, but its caller never hears so;
    request = 3                   # its webhook comes twice, 90 seconds late
    stall_submit_answer = true
    duplicate_webhook = 2
    webhook_delay = 90

    [[fault]]                     # every prompt with a dragon in it fails twice and then works
    prompt = "dragon"
    fail = 503
    fail_attempts = 2

    [[fault]]                     # of each hundred requests two or so have a broken file, whatever else they have
    share = 0.02
    damage_files = "cut"
"""

import random
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
    whole id, `prompt` a part of the prompt in any case of letters. Of those that these leave, `share` fits a part,
    drawn from the emulator's seed and the two numbers of request and rule, never from timing.
    """

    request: Annotated[int, Field(ge=1)] | None = None
    every: Annotated[int, Field(ge=1)] | None = None
    endpoint: str | None = None
    prompt: str | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None

    def fits(self, *, nth: int, endpoint: str, body: JsonObject) -> bool:
        """Whether the nth request, to that endpoint and with that input, is meant, as far as no luck is in it."""
        return (
            (self.request is None or self.request == nth)
            and (self.every is None or nth % self.every == 0)
            and (self.endpoint is None or self.endpoint == endpoint)
            and (self.prompt is None or self.prompt.casefold() in str(body.get("prompt", "")).casefold())
        )


class Faults:
    """The rules of one emulator; those added later go before those there are."""

    def __init__(self, rules: Sequence[Fault] = (), *, seed: int = 0) -> None:
        """`seed`: of the dice for rules with a share."""
        self._rules = list(enumerate(rules))
        self._seed = seed

    def add(self, rule: Fault) -> None:
        """Put one rule before all others."""
        self._rules.insert(0, (len(self._rules), rule))

    def of(self, *, nth: int, endpoint: str, body: JsonObject) -> Overrides:
        """What is said of the nth request, by the first who speaks of it: nothing, where no rule fits."""
        fitting = [
            (number, rule) for number, rule in self._rules if rule.fits(nth=nth, endpoint=endpoint, body=body)
        ]
        certain = [rule for _, rule in fitting if rule.share is None][:1]
        drawn = [rule for number, rule in fitting if rule.share and self._draw(nth, number) < rule.share]
        return _together([*certain, *drawn])

    def _draw(self, nth: int, rule: int) -> float:
        return random.Random(f"{self._seed}:{nth}:{rule}").random()  # noqa: S311 - repeatable mischief


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


def _together(rules: Sequence[Fault]) -> Overrides:
    said: JsonObject = {}
    for rule in rules:
        said = {**rule.model_dump(include=rule.model_fields_set & Overrides.model_fields.keys()), **said}
    return Overrides(**said)


def _rule(number: int, table: object) -> Fault:
    try:
        return Fault.model_validate(table)
    except ValidationError as error:
        complaints = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise BadSetting(f"fault {number}: {complaints}") from error
