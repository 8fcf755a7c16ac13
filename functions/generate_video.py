"""`generate-video`: asks for a video, for a Supabase database webhook or for a caller with the secret key.

A webhook is only a hint of its row: the row itself is read. Nothing is generated here; the answer is at once.
"""

from typing import Annotated, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from functions.problems import CORS, Refused
from functions.requests import read_body, require_secret
from functions.services import Services
from pipeline.boxes import shape_of
from pipeline.models import find_model
from pipeline.parameters import read_given
from pipeline.prompts import check
from storage.stories import VideoView

MAX_BODY = 2 * 2**20  # a webhook carries whole rows, old and new
CALLS = "generate-video"  # the `source_table` of stories that stand in no table

_Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]


class DatabaseEvent(BaseModel):
    """What a Supabase database webhook POSTs; newer fields are ignored."""

    type: Literal["INSERT", "UPDATE", "DELETE"]
    table: _Name
    schema_: Annotated[_Name, Field(alias="schema")]
    record: dict[str, object] | None = None


class Call(BaseModel):
    """What a caller POSTs. `id` is the caller's own name for the story; the same one twice is one video.

    `owner_id` is the user whom it is for; what one user may ask for is limited. `model` is a name of ours or an
    endpoint's id, `parameters` what is asked of it beside that. `preview`: whether one is wanted before the final
    clip.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str
    id: _Name | None = None
    owner_id: UUID | None = None
    model: str | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    parameters: dict[str, object] | None = None
    preview: bool = True


_NAME: TypeAdapter[str] = TypeAdapter(_Name)
_BODY: TypeAdapter[DatabaseEvent | Call] = TypeAdapter(DatabaseEvent | Call)


async def generate_video(request: Request) -> JSONResponse:
    """POST a story or a row's event; 202 with the video that plays meanwhile."""
    services: Services = request.app.state.services
    require_secret(request, services.settings.http.secrets)
    body = _parse(await read_body(request, limit=MAX_BODY))
    if isinstance(body, Call):
        video = await _request_text(services, body)
    elif body.type == "INSERT":
        video = await _request_row(services, body)
    else:
        return JSONResponse({"ignored": body.type}, 200, headers=CORS)
    return JSONResponse(_answer(video), 202, headers=CORS)


def _parse(raw: bytes) -> DatabaseEvent | Call:
    try:
        return _BODY.validate_json(raw)
    except ValidationError as error:
        raise Refused(422, "bad_request", _explain(error)) from error


def _explain(error: ValidationError) -> str:
    """The complaints about the shape that the body was meant to have: only an event names a table."""
    meant = "DatabaseEvent" if ("Call", "table") in {fault["loc"] for fault in error.errors()} else "Call"
    complaints = [
        f"{'.'.join(str(part) for part in fault['loc'] if part not in {'DatabaseEvent', 'Call'}) or 'body'}: "
        f"{fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False)
        if not fault["loc"] or fault["loc"][0] == meant
    ]
    return "; ".join(complaints)


async def _request_text(services: Services, call: Call) -> VideoView:
    check(call.text)
    given = read_given(call.parameters)
    model = find_model(call.model)
    asked = services.generator.check(model, given)
    source_id = call.id or str(uuid4())
    await services.stores.stories.request(
        CALLS,
        source_id,
        call.text,
        owner_id=call.owner_id,
        model=call.model,
        seed=call.seed,
        parameters=given,
        shape=shape_of(services.generator.aspect_ratio(model.ladder[0], asked)),
        preview=call.preview,
    )
    return await _find(services, CALLS, source_id)


async def _request_row(services: Services, event: DatabaseEvent) -> VideoView:
    stories = services.stores.stories
    attachment = await stories.attachment(event.schema_, event.table)
    source_id = _key_of(event, attachment.id_column)
    await stories.request_of(attachment.source_table, source_id)
    return await _find(services, attachment.source_table, source_id)


def _key_of(event: DatabaseEvent, column: str) -> str:
    value = (event.record or {}).get(column)
    if value is None:
        raise Refused(422, "bad_request", f"record.{column}: the row's key is missing")
    try:
        return _NAME.validate_python(str(value))
    except ValidationError as error:
        raise Refused(422, "bad_request", f"record.{column}: {error.errors()[0]['msg']}") from error


async def _find(services: Services, source_table: str, source_id: str) -> VideoView:
    video = await services.stores.stories.find(source_table, source_id, now=services.clock())
    if video is None:
        raise Refused(404, "no_such_row", f"{source_table} has no row {source_id!r}")
    return video


def _answer(video: VideoView) -> dict[str, object]:
    shown = ("source_table", "source_id", "theme", "shape", "shows", "work", "reason", "message", "progress")
    more = ("url", "poster_url", "blurhash", "width", "height")
    return {"id": str(video.id), **{name: getattr(video, name) for name in shown + more}}
