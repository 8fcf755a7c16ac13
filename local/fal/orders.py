"""Takes orders for models, from the queue and from direct calls alike: does the model exist, is the input JSON,
and what is fated for it. Keeps their count, and does no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from local.fal import replies
from local.fal.faults import Faults
from local.fal.knobs import Knobs, draw_fate, read_overrides
from local.fal.lifecycle import read_lifecycle
from local.fal.models.catalogue import Catalogue
from local.fal.outcomes import JsonObject, Outcome, platform_failure
from local.fal.parsing import read_json
from local.fal.work import Work
from pipeline.errors import BadRequest


@dataclass(frozen=True)
class Order:
    """The nth order of a known model, from 1."""

    number: int
    work: Work


class Orders:
    """Counts orders, so that faults can name them."""

    def __init__(self, *, catalogue: Catalogue, knobs: Knobs, faults: Faults) -> None:
        self._catalogue = catalogue
        self._knobs = knobs
        self._faults = faults
        self._taken = 0

    def knows(self, endpoint: str) -> bool:
        """Whether there is such a model."""
        return self._catalogue.get(endpoint) is not None

    def take(self, endpoint: str, *, headers: Mapping[str, str], body: bytes, address: str) -> Order | Outcome:
        """The order, or what the caller is told instead. Header names are lower-case."""
        if not self.knows(endpoint):
            return replies.unknown_endpoint(endpoint)
        try:
            arguments = read_arguments(body)
            lifecycle = read_lifecycle(headers)
            asked = headers.get("x-emulator")
            given = None if asked is None else read_overrides(asked)
        except BadRequest as error:
            return platform_failure("bad_request", str(error))
        self._taken += 1
        overrides = given or self._faults.of(nth=self._taken, endpoint=endpoint, body=arguments)
        if overrides.refuse is not None:
            return replies.refusal(overrides.refuse)
        fate = draw_fate(self._knobs, overrides, nth=self._taken)
        return Order(self._taken, Work(endpoint, arguments, f"{address}/files", lifecycle, fate))


def read_arguments(body: bytes) -> JsonObject:
    """The model's input. Raises `BadRequest`."""
    try:
        value = read_json(body or b"{}")
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadRequest("the body is not a JSON object")
    return value
