"""One HTTP exchange with fal as plain values. Pure: builds and reads bytes, never sends them.

A `Request` never holds the key: the client adds it at the last moment, so no repr of ours can show it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

JsonObject = dict[str, object]


@dataclass(frozen=True)
class Request:
    """What is to be sent, apart from the key."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Reply:
    """What came back. Header names are in lower case; the body is whole and decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is of the 2xx family."""
        return 200 <= self.status < 300

    def json(self) -> JsonObject | None:
        """The body parsed, None where it is no JSON object (a proxy's HTML page, a cut-off body)."""
        try:
            return parse_json(self.body)
        except ValueError:
            return None


def parse_json(data: bytes) -> JsonObject:
    """The JSON object that the bytes hold as UTF-8. Raises `ValueError` for anything else."""
    try:
        value = json.loads(data.decode())
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("JSON, but no object")  # noqa: TRY004 - the data are wrong, not the caller's types
    return value
