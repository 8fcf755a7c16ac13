"""What is known of each fal endpoint: its input, its output, its price. Reads the files beside this one.

One file per endpoint, `endpoints/<endpoint id>.json`; they are the only home of such facts. A file is read
when its endpoint is first asked for. Says nothing of what to send, and nothing of what a request costs.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from pipeline.errors import BadSetting
from pipeline.fal.messages import JsonObject, parse_json
from pipeline.fal.pricing import STRICT, Price

_SUFFIX = ".json"
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
"""One part of an endpoint id: never empty, never `..`, so that an id is a safe path."""

_MOST_KEPT = 256
"""Answers kept of `endpoint_facts`: ids without a file come from outside and may be any number."""


@dataclass(frozen=True, config=STRICT)
class EndpointFacts:
    """One endpoint. `input` and `output` are JSON Schemas (2020-12) of objects.

    `listed`: fal names it in some official list; one that is not answers 404. `unconfirmed` holds what no
    first-hand source says: `price`, `ranges`, `exists`, or the name of a field. `seconds` is a typical wall
    time of one request in progress, None where no source says. `realtime`: it has a websocket path, too.
    """

    id: str
    title: str
    source: str
    input: JsonObject
    output: JsonObject
    price: Price | None
    listed: bool = True
    unconfirmed: frozenset[str] = frozenset()
    seconds: float | None = None
    realtime: bool = False

    @property
    def fields(self) -> Mapping[str, JsonObject]:
        """The schema of each input field."""
        properties = self.input.get("properties")
        return properties if isinstance(properties, dict) else {}

    def with_defaults(self, given: Mapping[str, object]) -> JsonObject:
        """The input as the endpoint takes it: fields that are not given have their defaults, if any."""
        defaults = {name: field["default"] for name, field in self.fields.items() if "default" in field}
        return {**defaults, **given}


_FORM = TypeAdapter(EndpointFacts)


@lru_cache(_MOST_KEPT)
def endpoint_facts(endpoint_id: str) -> EndpointFacts | None:
    """The facts on file, None for an endpoint without a file."""
    *folders, name = endpoint_id.split("/")
    if not all(_SEGMENT.fullmatch(segment) for segment in (*folders, name)):
        return None
    file = _folder().joinpath(*folders, name + _SUFFIX)
    return _read(endpoint_id, file) if file.is_file() else None


def all_endpoint_facts() -> Mapping[str, EndpointFacts]:
    """All facts on file, in the order of their ids."""
    found = {endpoint_id: _read(endpoint_id, file) for endpoint_id, file in _files(_folder(), "")}
    return dict(sorted(found.items()))


def read_endpoint_facts(endpoint_id: str, document: JsonObject) -> EndpointFacts:
    """The facts in a parsed file. Raises `BadSetting`, which names the endpoint and each wrong place."""
    try:
        return _FORM.validate_python({**document, "id": endpoint_id})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise BadSetting(f"the facts of {endpoint_id} are malformed: {wrong}") from error


def _read(endpoint_id: str, file: Traversable) -> EndpointFacts:
    return read_endpoint_facts(endpoint_id, parse_json(file.read_bytes()))


def _folder() -> Traversable:
    return resources.files("pipeline.fal").joinpath("endpoints")


def _files(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    """Each endpoint id with its file, in no order. An id may be a file and a folder both."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{above}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            yield above + entry.name.removesuffix(_SUFFIX), entry
