"""What a model answers: the JSON that its output schema asks for, with the files that were drawn. Pure.

What an emulator cannot know is filled with what the schema itself offers: a default, an example, or nothing.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from local.fal.models.catalogue import Model
from local.fal.models.film import ClipRequest, Drawing
from local.fal.models.media import file_in, medium_of_file
from local.fal.models.placeholders import offers, placeholder
from local.fal.models.schema import Schema
from local.fal.outcomes import JsonObject


@dataclass(frozen=True)
class MediaFile:
    """One file that was drawn. `url` may be a data URI; `size` in bytes."""

    drawing: Drawing
    name: str
    url: str
    size: int


def wants_data_uris(given: JsonObject) -> bool:
    """Whether an input that `Model.check` passed asks for files within the answer instead of links to them."""
    return given.get("sync_mode") is True


def data_uri(content: bytes, content_type: str) -> str:
    """A file as a URL of its own (RFC 2397)."""
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"


def output_for(model: Model, given: JsonObject, files: Sequence[MediaFile], *, inference: float) -> JsonObject:
    """The output for a checked input and its drawn files, in their order; `inference` in seconds."""
    known: JsonObject = {
        "seed": files[0].drawing.seed,
        "prompt": given.get("prompt") or "",
        "timings": {"inference": inference},
        "has_nsfw_concepts": [False] * len(files),
    }
    output: JsonObject = {}
    for name, schema in model.output.properties.items():
        file = file_in(schema)
        if file is not None and medium_of_file(name, file) is model.medium:
            output[name] = _files(schema, file, files)
        elif name in known:
            output[name] = known[name]
        elif name in model.output.required or offers(schema):
            output[name] = placeholder(schema)
    return output


def _files(schema: Schema, file: Schema, files: Sequence[MediaFile]) -> JsonObject | list[JsonObject]:
    described = [_described(file, one) for one in files]
    is_list = any(alternative.type == "array" for alternative in schema.alternatives)
    return described if is_list else described[0]


def _described(schema: Schema, file: MediaFile) -> JsonObject:
    """As much of a file as its schema has names for."""
    drawing = file.drawing
    facts: JsonObject = {
        "url": file.url,
        "content_type": drawing.content_type,
        "file_name": file.name,
        "file_size": file.size,
        "width": drawing.width,
        "height": drawing.height,
    }
    if isinstance(drawing, ClipRequest):
        facts |= {"fps": drawing.fps, "duration": drawing.seconds, "num_frames": drawing.frames}
    return {
        name: facts[name] if name in facts else placeholder(child)
        for name, child in schema.properties.items()
        if name in facts or name in schema.required
    }
