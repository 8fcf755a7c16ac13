"""Whether strangers can read a file: only a plain no is one."""

from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.errors import BucketUnavailable
from storage.buckets.stranger import is_open
from tests.storage.buckets.servers import serving


async def _answer(request: Request) -> Response:
    said = request.query_params.get("said", "frames")
    return Response(said, int(request.path_params["status"]), headers={"location": "/200"})


APP = Starlette(routes=[Route("/{status}", _answer)])


@pytest.mark.parametrize(
    ("status", "opened"), [(200, True), (206, True), (401, False), (403, False), (404, None), (409, False)]
)
async def test_a_yes_and_a_no_are_taken_at_their_word(status: int, opened: bool | None) -> None:
    """As the vendors of S3 say them. Nothing there is neither: the file may have been deleted meanwhile."""
    with serving(APP) as url:
        assert await is_open(f"{url}/{status}") is opened


R2 = "<Error><Code>InvalidArgument</Code><Message>Authorization</Message></Error>"
SUPABASE = '{"statusCode":"404","error":"Bucket not found","message":"Bucket not found","code":"NoSuchBucket"}'


@pytest.mark.parametrize("said", [R2, f'<?xml version="1.0" encoding="UTF-8"?>\n{R2}', SUPABASE])
async def test_a_no_with_status_400_is_one_by_its_words(said: str) -> None:
    """R2's to whoever shows no signature, and Supabase's of what lies in a private bucket."""
    with serving(APP) as url:
        assert await is_open(f"{url}/400?said={quote(said)}") is False


@pytest.mark.parametrize(
    "said",
    [
        R2.replace(">Authorization<", ">Range<"),
        R2.replace("InvalidArgument", "InvalidRequest"),
        SUPABASE.replace("Bucket not found", "not_found"),
        " " * 2000 + R2,
    ],
)
async def test_a_400_in_other_words_is_no_no(said: str) -> None:
    """Nor is one whose words come late: no more than the first KiB is read."""
    with serving(APP) as url, pytest.raises(BucketUnavailable, match="400 tells nothing"):
        await is_open(f"{url}/400?said={quote(said)}")


@pytest.mark.parametrize("status", [301, 307, 400, 429, 500, 503])
async def test_what_tells_nothing_is_no_no(status: int) -> None:
    """A redirect to another region, an outage: the file may be open all the same, so it is asked again later."""
    with serving(APP) as url, pytest.raises(BucketUnavailable, match=str(status)):
        await is_open(f"{url}/{status}")
