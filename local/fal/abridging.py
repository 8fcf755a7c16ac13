"""Makes long JSON values short enough to be kept by the thousand and read by people. Pure.

What is short stays as it is. Of the rest each member gets an equal share of the room, so that a short prompt
beside a huge picture is still there in full.
"""

import json
from collections.abc import Sequence
from itertools import islice
from typing import Any

ROOM = 16 * 1024
"""Bytes of JSON that a value may take; a value made short is hardly larger."""

LEAST = 64
"""Bytes; a member that has no more room than that is left out."""


def abridged(value: Any, room: int = ROOM) -> Any:  # noqa: ANN401 - any JSON
    """The value if it fits into that many bytes; else one of its kind that says how much was left out."""
    if len(json.dumps(value)) <= room:
        return value
    if isinstance(value, dict):
        return _object(value, room)
    if isinstance(value, list):
        return _list(value, room)
    # the note goes first: half a data URI must not look like a whole one
    text = str(value)
    return f"[{len(text)} characters] {text[:room]}"


def _object(value: dict[str, Any], room: int) -> dict[str, Any]:
    kept = dict(islice(value.items(), _number(value, room)))
    share = _share(kept, room)
    short = {abridged(name, share): abridged(one, share) for name, one in kept.items()}
    return {**short, **({"…": f"[{len(value) - len(kept)} more]"} if len(value) > len(kept) else {})}


def _list(value: list[Any], room: int) -> list[Any]:
    kept = value[: _number(value, room)]
    share = _share(kept, room)
    short = [abridged(one, share) for one in kept]
    return [*short, *([f"[{len(value) - len(kept)} more]"] if len(value) > len(kept) else [])]


def _number(members: Sequence[Any] | dict[str, Any], room: int) -> int:
    return min(len(members), room // LEAST)


def _share(members: Sequence[Any] | dict[str, Any], room: int) -> int:
    # halved even for one alone, so that no depth is without an end
    return room // max(2, len(members))
