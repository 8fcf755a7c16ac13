"""What a model is asked to do. Pure: a value, shared by the queue and all direct ways in."""

from dataclasses import dataclass

from local.fal.knobs import Fate
from local.fal.lifecycle import Lifecycle
from local.fal.outcomes import JsonObject


@dataclass(frozen=True)
class Work:
    """What a model is asked: `files_url` is where its files can be fetched, no final slash."""

    endpoint: str
    body: JsonObject
    files_url: str
    lifecycle: Lifecycle
    fate: Fate
