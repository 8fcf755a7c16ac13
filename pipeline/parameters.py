"""The parameters that a caller gives beside a model: read at the door, and merged with the model's own. Pure.

What one endpoint or another makes of them is not known here; the provider's adapter checks that.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from pipeline.errors import BadParameters
from pipeline.model import Parameters

MAX_BYTES = 2048
"""Of all given parameters as compact JSON: room for a dozen, and a long negative prompt among them."""

MAX_DEPTH = 8
"""Objects and lists within each other. The database holds the same limit (revisions_parameters_flat)."""

LARGEST, _SMALLEST = 2**53, 1e-12
"""Every JSON reader keeps integers up to the first (RFC 7493, 2.2); what is nearer to zero is meant as zero."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_UNREADABLE = re.compile("[\0\ud800-\udfff]")
"""What JSON can escape and a database refuses."""

_CALLED_BACK = (
    "the provider is told where to call back by us"  # ignored among the inputs without a word: fal-js#135
)
_TAKEN: Mapping[str, str] = {
    "prompt": "it is made from the story's text",
    "seed": "give the seed beside the parameters",
    "syncmode": "the clip must lie at an address, not in the answer itself",
    "input": "give the fields of the input themselves",
    "callback": _CALLED_BACK,
    "callbackurl": _CALLED_BACK,
}
"""Names that cannot be given, in small letters without dashes, and why."""

_WHOLE = frozenset({"frames", "steps", "width", "height", "fps"})
_LONGEST_SHOWN = 60  # characters

OURS = tuple(field.name for field in fields(Parameters) if field.name != "own")
"""Our words for what endpoints call by many names."""


def as_json(parameters: Parameters) -> dict[str, object]:
    """The parameters that are asked for, by name, without those left to the endpoint."""
    named = ((field.name, getattr(parameters, field.name)) for field in fields(parameters))
    return {name: value for name, value in named if value is not None}


def read_given(value: object) -> Mapping[str, object]:
    """What a caller gave, if it can be sent at all; None is nothing. Raises `BadParameters`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadParameters('parameters must be an object, like {"duration": 5}')
    for name, inner in value.items():
        _check_name(name)
        _check_value(name, inner, depth=1)
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_BYTES:
        raise BadParameters(f"the parameters are longer than {MAX_BYTES} bytes of JSON")
    return value


def merged(parameters: Parameters, given: Mapping[str, object]) -> Parameters:
    """A model's parameters with the given ones over them. Raises `BadParameters`.

    A word of ours is ours where the model uses it; any other name is an endpoint's own.
    """
    used = [name for name in OURS if name in given and getattr(parameters, name) is not None]
    ours: dict[str, Any] = {name: _number(name, given[name]) for name in used}
    own = {**(parameters.own or {}), **{name: value for name, value in given.items() if name not in ours}}
    return replace(parameters, **ours, own=own or None)


def shown(value: object) -> str:
    """A value as its giver wrote it, short enough for a sentence."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadParameters(f"{str(name)[:_LONGEST_SHOWN]!r} cannot be the name of a parameter")
    bare = name.lower().replace("_", "").replace("-", "").replace(".", "")
    why = _CALLED_BACK if "webhook" in bare else _TAKEN.get(bare)
    if why:
        raise BadParameters(f"{name} cannot be given as a parameter: {why}")


def _check_value(name: str, value: object, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadParameters(f"{name} is nested deeper than {MAX_DEPTH} levels")
    match value:
        case dict():
            for key, inner in value.items():
                _check_value(name, key, depth=depth)
                _check_value(name, inner, depth=depth + 1)
        case list():
            for inner in value:
                _check_value(name, inner, depth=depth + 1)
        case str() if _UNREADABLE.search(value):
            raise BadParameters(f"{name} contains characters that are not text")
        case bool() | str() | None:
            pass
        case int() | float() if value == 0 or _SMALLEST <= abs(value) <= LARGEST:
            pass
        case int() | float():
            raise BadParameters(f"{name} holds a number that is not between {_SMALLEST} and {LARGEST}")
        case _:
            raise BadParameters(f"{name} holds a {type(value).__name__}, which JSON cannot carry")


def _number(name: str, value: object) -> float:
    """The value of a word of ours."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadParameters(f"{name} must be a number, not {shown(value)}")
    if name not in _WHOLE:
        return value
    if isinstance(value, float) and not value.is_integer():
        raise BadParameters(f"{name} must be a whole number, not {value}")
    return int(value)
