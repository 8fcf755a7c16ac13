"""Which files a model gives back, seen from its output schema: where they are and whether they move. Pure."""

from enum import StrEnum

from local.fal.models.schema import BadSchema, Schema


class Medium(StrEnum):
    """What a model makes."""

    VIDEO = "video"
    IMAGE = "image"


def file_in(schema: Schema) -> Schema | None:
    """The schema of a file that a value is, or is a list of; None for anything else.

    fal's files are objects with a `url`: File, Image, VideoFile and their like.
    """
    for alternative in schema.alternatives:
        file = file_in(alternative.items) if alternative.type == "array" else alternative
        if file is not None and "url" in file.properties:
            return file
    return None


def medium_of_file(name: str, file: Schema) -> Medium | None:
    """Whether the file of a property moves: as its type is called, else as the property is, else None."""
    for words in (file.name.lower(), name.lower()):
        for medium in Medium:
            if medium in words:
                return medium
    return None


def medium_of(output: Schema) -> Medium:
    """What a model with that output makes; one that gives a video beside images makes videos.

    Raises `BadSchema` if it gives neither.
    """
    files = {name: file_in(schema) for name, schema in output.properties.items()}
    media = {medium_of_file(name, file) for name, file in files.items() if file is not None}
    for medium in Medium:
        if medium in media:
            return medium
    raise BadSchema("the output has neither a video nor an image")
