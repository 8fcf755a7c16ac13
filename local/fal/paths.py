"""Reads fal's URL paths. Pure: strings in, values out.

Submits name the full endpoint id, everything else is asked under owner/alias only by fal's own clients, and
under the full id by fal's published schema; both are read, with or without a slash at the end, and the older
`/response` too. Never redirect instead: one of fal's clients follows none.
"""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What is asked about a request."""

    RESULT = "result"
    STATUS = "status"
    CANCEL = "cancel"


@dataclass(frozen=True)
class SubmitPath:
    """A POST there queues work."""

    endpoint: str


@dataclass(frozen=True)
class RequestPath:
    """A path below one request. `app` is owner/alias."""

    app: str
    request_id: str
    action: Action


_ACTIONS = {
    (): Action.RESULT,
    ("response",): Action.RESULT,
    ("status",): Action.STATUS,
    ("cancel",): Action.CANCEL,
}


def app_of(endpoint: str) -> str:
    """The owner/alias part of an endpoint id, under which its requests are asked for."""
    return "/".join(endpoint.split("/")[:2])


def read_path(path: str) -> SubmitPath | RequestPath | None:
    """What the path means; None where fal has nothing of that form."""
    parts = tuple(path.strip("/").split("/"))
    if len(parts) < 2 or not all(parts):
        return None
    if "requests" not in parts[2:]:
        return SubmitPath("/".join(parts))
    at = parts.index("requests", 2)
    action = _ACTIONS.get(parts[at + 2 :])
    if action is None or len(parts) <= at + 1:
        return None
    return RequestPath("/".join(parts[:2]), parts[at + 1], action)
