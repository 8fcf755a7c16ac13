"""`generate-video`: asks for a video, for a database webhook, the app's back end, or one of its signed-in users.

A webhook is only a hint of its row: the row itself is read. A user reaches what RLS shows them and is theirs, and
chooses neither model nor whom it is for. Nothing is generated here; the answer is at once.
"""

from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse

from functions.asking import DatabaseEvent, RowCall, TextCall, read_body, read_name
from functions.callers import Backend, Caller, User, identify
from functions.problems import CORS, Refused
from functions.requests import receive_body
from functions.services import Services
from functions.views import accepted
from pipeline.boxes import shape_of
from pipeline.errors import UnknownTable
from pipeline.models import find_model
from pipeline.moderation.categories import require_allowed
from pipeline.parameters import read_given
from pipeline.prompts import check
from storage.stories import VideoView

MAX_BODY = 2 * 2**20  # a webhook carries whole rows, old and new
CALLS = "generate-video"  # the `source_table` of stories that stand in no table
USERS_CALLS = "generate-video/users"  # and of those that users told, whose names begin with whose they are

_BACKEND_ONLY = ("owner_id", "model", "parameters")


async def generate_video(request: Request) -> JSONResponse:
    """POST a story, a row's key or a row's event; 202 with the video that plays meanwhile."""
    services: Services = request.app.state.services
    caller = await identify(
        request.headers, services.settings.http.secrets, services.user_tokens, now=services.clock()
    )
    body = read_body(await receive_body(request, limit=MAX_BODY))
    match body:
        case TextCall():
            video = await _request_text(services, caller, body)
        case RowCall():
            video = await _request_row(services, caller, body)
        case DatabaseEvent(type="INSERT") if isinstance(caller, Backend):
            video = await _request_event(services, caller, body)
        case DatabaseEvent() if isinstance(caller, Backend):
            return JSONResponse({"ignored": body.type}, 200, headers=CORS)
        case _:
            raise Refused(403, "forbidden", "only the database sends events; send the row's table and id")
    return JSONResponse(await accepted(services, video), 202, headers=CORS)


async def _request_text(services: Services, caller: Caller, call: TextCall) -> VideoView:
    source_table, source_id, owner_id = CALLS, call.id or str(uuid4()), call.owner_id
    if isinstance(caller, User):
        _refuse_what_users_may_not(call)
        # Names of their own for every user: nobody's story is met by asking for its name.
        source_table, source_id, owner_id = USERS_CALLS, f"{caller.id}/{source_id}", caller.id
    require_allowed(await services.offline_moderator.judge(check(call.text)))
    given = read_given(call.parameters)
    model = find_model(call.model)
    asked = services.generator.check(model, given)
    await services.stores.stories.request(
        source_table,
        source_id,
        call.text,
        owner_id=owner_id,
        model=call.model,
        seed=call.seed,
        parameters=given,
        shape=shape_of(services.generator.aspect_ratio(model.ladder[0], asked)),
        preview=call.preview,
    )
    return await _find(services, caller, source_table, source_id)


def _refuse_what_users_may_not(call: TextCall) -> None:
    """What is made costs the app's money: which model makes it, and whose it is, are the app's to say."""
    given = [name for name in _BACKEND_ONLY if getattr(call, name) is not None]
    if given:
        raise Refused(403, "forbidden", f"{', '.join(given)}: only the app's back end may say, with a secret key")


async def _request_event(services: Services, caller: Backend, event: DatabaseEvent) -> VideoView:
    attachment = await services.stores.stories.attachment(event.schema_, event.table)
    value = (event.record or {}).get(attachment.id_column)
    where = f"record.{attachment.id_column}"
    if value is None:
        raise Refused(422, "bad_request", f"{where}: the row's key is missing")
    key = await _key(services, attachment.source_table, read_name(value, where))
    await services.stores.stories.request_of(attachment.source_table, key)
    return await _find(services, caller, attachment.source_table, key)


async def _request_row(services: Services, caller: Caller, call: RowCall) -> VideoView:
    stories = services.stores.stories
    if isinstance(caller, User):
        return await _request_own_row(services, caller, call)
    source_table = (await stories.attachment(call.schema_, call.table)).source_table
    key = await _key(services, source_table, str(call.id))
    await stories.request_of(source_table, key)
    return await _find(services, caller, source_table, key)


async def _request_own_row(services: Services, user: User, call: RowCall) -> VideoView:
    """To a user there is nothing but their own rows: not even whether a table has videos."""
    stories = services.stores.stories
    try:
        source_table = (await stories.attachment(call.schema_, call.table)).source_table
    except UnknownTable:
        raise _no_row(call.table, str(call.id)) from None
    key = await _key(services, source_table, str(call.id))
    if not await stories.request_of_own(user.id, user.claims, source_table, key):
        raise _no_row(source_table, key)
    return await _find(services, user, source_table, key)


async def _key(services: Services, source_table: str, text: str) -> str:
    key = await services.stores.stories.key(source_table, text)
    if key is None:
        raise _no_row(source_table, text)
    return key


async def _find(services: Services, caller: Caller, source_table: str, source_id: str) -> VideoView:
    """The video, if the caller may see it: to a user, one that is not theirs does not exist."""
    stories, now = services.stores.stories, services.clock()
    video = await stories.find(source_table, source_id, claims=caller.claims, now=now)
    if video is None:
        raise _no_row(source_table, source_id)
    return video


def _no_row(table: str, key: str) -> Refused:
    return Refused(404, "no_such_row", f"{table} has no row {key!r}")
