"""Reads the user's own models from a folder. The only file of this package that touches the disk."""

from functools import cache
from pathlib import Path

from local.fal.models.catalogue import SUFFIX, Catalogue, own_models
from local.fal.outcomes import JsonObject
from pipeline.errors import BadSetting
from pipeline.fal.facts import all_endpoint_facts
from pipeline.fal.messages import parse_json


def open_catalogue(folder: Path | None) -> Catalogue:
    """The packaged models and those in the folder. Raises `BadSetting` that names the file and its fault."""
    return _packaged() if folder is None else Catalogue(all_endpoint_facts(), own_models(_documents(folder)))


@cache
def _packaged() -> Catalogue:
    """Made once, however many emulators a process has: the checkers of all models take a tenth of a second."""
    return Catalogue(all_endpoint_facts(), {})


def _documents(folder: Path) -> dict[str, JsonObject]:
    """The parsed files by their paths within the folder."""
    if not folder.is_dir():
        raise BadSetting(f"{folder} is not a folder")
    documents = {}
    for file in sorted(folder.rglob(f"*{SUFFIX}")):
        path = file.relative_to(folder).as_posix()
        try:
            documents[path] = parse_json(file.read_bytes())
        except (OSError, ValueError) as error:
            raise BadSetting(f"{path}: {error}") from error
    return documents
