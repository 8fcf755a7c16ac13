"""How long a file lives and who may read it, as callers ask in a header. Pure."""

import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from local.fal.parsing import LONGEST
from pipeline.errors import BadRequest

HEADERS = ("x-fal-object-lifecycle-preference", "x-fal-object-lifecycle")
"""Calls of models carry the first, fal's clients upload with either."""


class Access(BaseModel):
    """Who may read a file: `forbid` refuses those without the account's key, `hide` denies that it exists."""

    model_config = ConfigDict(frozen=True)

    default: Literal["allow", "forbid", "hide"] = "allow"


class Lifecycle(BaseModel):
    """The JSON of the header; seconds from the file's making, None for ever."""

    model_config = ConfigDict(frozen=True)

    expiration_duration_seconds: Annotated[float, Field(gt=0, le=LONGEST)] | None = None
    initial_acl: Access = Access()


def read_lifecycle(headers: Mapping[str, str]) -> Lifecycle:
    """What a request's headers (lower-case names) ask for. Raises `BadRequest` that says what is wrong."""
    name = next((name for name in HEADERS if name in headers), None)
    if name is None:
        return Lifecycle()
    try:
        return Lifecycle.model_validate_json(headers[name])
    except ValidationError as error:
        complaint = json.dumps(error.errors(include_url=False, include_context=False, include_input=False))
        raise BadRequest(f"{name.title()}: {complaint}") from error
