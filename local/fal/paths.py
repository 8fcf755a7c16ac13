"""Reads fal's endpoint ids and URL paths. Pure: strings in, values out.

Submits name the full endpoint id, everything else is asked under owner/alias only by fal's own clients, and
under the full id by fal's published schema; both are read, with or without a slash at the end, and the older
`/response` too. Never redirect instead: one of fal's clients follows none. The first part of an id may be a
namespace, which stands before the owner.
"""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.fal.protocol import NAMESPACES


class Action(StrEnum):
    """What is asked about a request."""

    RESULT = "result"
    STATUS = "status"
    STATUS_STREAM = "status stream"
    CANCEL = "cancel"


@dataclass(frozen=True)
class SubmitPath:
    """A POST there queues work."""

    endpoint: str


@dataclass(frozen=True)
class RequestPath:
    """A path below one request. `app` is [namespace/]owner/alias."""

    app: str
    request_id: str
    action: Action


_ACTIONS = {
    (): Action.RESULT,
    ("response",): Action.RESULT,
    ("status",): Action.STATUS,
    ("status", "stream"): Action.STATUS_STREAM,
    ("cancel",): Action.CANCEL,
}


def app_of(endpoint: str) -> str:
    """The [namespace/]owner/alias part of an endpoint id, under which its requests are asked for."""
    parts = endpoint.split("/")
    return "/".join(parts[: _app_length(parts[0])])


def alias_of(endpoint: str) -> str:
    """The alias alone, as tokens name apps."""
    return app_of(endpoint).rsplit("/", 1)[-1]


def read_path(path: str) -> SubmitPath | RequestPath | None:
    """What the path means; None where fal has nothing of that form."""
    parts = tuple(path.strip("/").split("/"))
    shortest = _app_length(parts[0])
    if len(parts) < shortest or not all(parts):
        return None
    if "requests" not in parts[shortest:]:
        return SubmitPath("/".join(parts))
    at = parts.index("requests", shortest)
    action = _ACTIONS.get(parts[at + 2 :])
    if action is None or len(parts) <= at + 1:
        return None
    return RequestPath("/".join(parts[:shortest]), parts[at + 1], action)


def _app_length(first: str) -> int:
    return 3 if first in NAMESPACES else 2
