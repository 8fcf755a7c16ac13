"""How long a file lives and who may read it, as callers ask in a header. Pure."""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import BadRequest


class Access(BaseModel):
    """Who may read a file: `forbid` refuses those without the account's key, `hide` denies that it exists."""

    model_config = ConfigDict(frozen=True)

    default: Literal["allow", "forbid", "hide"] = "allow"


class Lifecycle(BaseModel):
    """The JSON of `X-Fal-Object-Lifecycle-Preference`; seconds from the file's making, None for ever."""

    model_config = ConfigDict(frozen=True)

    expiration_duration_seconds: Annotated[float, Field(gt=0)] | None = None
    initial_acl: Access = Access()


def read_lifecycle(header: str | None) -> Lifecycle:
    """Parse the header. Raises `BadRequest` that says what is wrong with it."""
    if header is None:
        return Lifecycle()
    try:
        return Lifecycle.model_validate_json(header)
    except ValidationError as error:
        complaint = json.dumps(error.errors(include_url=False, include_context=False, include_input=False))
        raise BadRequest(f"X-Fal-Object-Lifecycle-Preference: {complaint}") from error
