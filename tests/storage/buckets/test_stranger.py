"""Whether strangers can read a file: only a plain no is one."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.errors import BucketUnavailable
from storage.buckets.stranger import is_open
from tests.storage.buckets.servers import serving


async def _answer(request: Request) -> Response:
    return Response(b"frames", int(request.path_params["status"]), headers={"location": "/200"})


APP = Starlette(routes=[Route("/{status}", _answer)])


@pytest.mark.parametrize(
    ("status", "opened"), [(200, True), (206, True), (401, False), (403, False), (404, False), (409, False)]
)
async def test_a_yes_and_a_no_are_taken_at_their_word(status: int, opened: bool) -> None:
    """As the vendors of S3 say them."""
    with serving(APP) as url:
        assert await is_open(f"{url}/{status}") is opened


@pytest.mark.parametrize("status", [301, 307, 400, 429, 500, 503])
async def test_what_tells_nothing_is_no_no(status: int) -> None:
    """A redirect to another region, an outage: the file may be open all the same, so it is asked again later."""
    with serving(APP) as url, pytest.raises(BucketUnavailable, match=str(status)):
        await is_open(f"{url}/{status}")
