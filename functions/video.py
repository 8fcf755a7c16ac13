"""`video`: one video as it is now, with addresses that play, for the app's back end and the user whose it is.

The app reads the same from the view `story_videos`; here addresses are signed as well, where the bucket is
private.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse

from functions.callers import identify
from functions.problems import CORS, Refused
from functions.services import Services
from functions.views import described


async def video(request: Request) -> JSONResponse:
    """GET one; 200 with what `generate-video` answers, 404 where the caller may see no such video."""
    services: Services = request.app.state.services
    now = services.clock()
    caller = await identify(request.headers, services.settings.http.secrets, services.user_tokens, now=now)
    video_id = _video_id(request.path_params["video_id"])
    found = await services.stores.stories.find_by_id(video_id, claims=caller.claims, now=now)
    if found is None:
        raise Refused(404, "no_such_video", f"there is no video {video_id} that you may see")
    return JSONResponse(await described(services, found), headers=CORS)


def _video_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused(404, "no_such_video", "a video's id is a UUID") from None
