"""What `generate-video` can be asked for: the shapes of its body, and what is said of one that fits none. Pure."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from functions.problems import Refused

_LONGEST_COMPLAINT = 1000  # characters

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]


class DatabaseEvent(BaseModel):
    """What a Supabase database webhook POSTs; newer fields are ignored."""

    type: Literal["INSERT", "UPDATE", "DELETE"]
    table: Name
    schema_: Annotated[Name, Field(alias="schema")]
    record: dict[str, object] | None = None


class RowCall(BaseModel):
    """Asks for the video of a row of an attached table, by its key."""

    model_config = ConfigDict(extra="forbid", strict=True)

    table: Name
    schema_: Annotated[Name, Field(alias="schema")] = "public"
    id: Name | int


class TextCall(BaseModel):
    """Asks for a video of a text. `id` is the caller's own name for the story; the same one twice is one video.

    `owner_id` is the user whom it is for; what one user may ask for is limited. `model` is a name of ours or an
    endpoint's id, `parameters` what is asked of it beside that. `preview`: whether one is wanted before the final
    clip.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str
    id: Name | None = None
    owner_id: UUID | None = None
    model: str | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    parameters: dict[str, object] | None = None
    preview: bool = True


class Rerender(RowCall):
    """Asks for a row's video anew: its files from the kept clip, for nothing, or with `new_take` another clip."""

    new_take: bool = False
    model: str | None = None
    parameters: dict[str, object] | None = None


Body = DatabaseEvent | RowCall | TextCall


def _meant(body: Any) -> str:  # noqa: ANN401 - JSON
    """Which shape a body was meant to have: only an event has a type, and only those two name a table."""
    if isinstance(body, dict):
        for key, shape in (("type", "event"), ("table", "row")):
            if key in body:
                return shape
    return "text"


_NAME: TypeAdapter[str] = TypeAdapter(Name)
_BODY: TypeAdapter[Body] = TypeAdapter(
    Annotated[
        Annotated[DatabaseEvent, Tag("event")] | Annotated[RowCall, Tag("row")] | Annotated[TextCall, Tag("text")],
        Discriminator(_meant),
    ]
)


def read_body(raw: bytes) -> Body:
    """The body of a request. Raises `Refused` (422), saying of each member what is wrong with it."""
    try:
        return _BODY.validate_json(raw)
    except ValidationError as error:
        raise Refused(422, "bad_request", _explain(error, skip=1)) from error


def read_rerender(raw: bytes) -> Rerender:
    """The body of a `rerender`. Raises `Refused` (422)."""
    try:
        return Rerender.model_validate_json(raw)
    except ValidationError as error:
        raise Refused(422, "bad_request", _explain(error, skip=0)) from error


def read_name(value: object, what: str) -> str:
    """A row's key as text. Raises `Refused` (422), naming `what` it is of."""
    try:
        return _NAME.validate_python(str(value))
    except ValidationError as error:
        raise Refused(422, "bad_request", f"{what}: {error.errors()[0]['msg']}") from error


def _explain(error: ValidationError, *, skip: int) -> str:
    """One line. The first `skip` parts of a place are no member of the body: they say which shape was meant."""
    faults = error.errors(include_url=False, include_input=False)
    complaints = [
        f"{'.'.join(str(part) for part in fault['loc'][skip:]) or 'body'}: {fault['msg']}" for fault in faults
    ]
    return "; ".join(complaints)[:_LONGEST_COMPLAINT]
