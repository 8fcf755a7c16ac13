"""What the forwarders answer themselves: of that the functions are asked nothing, or no longer."""

from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from functions import generate_video, video_webhook
from functions.problems import CORS
from tests.functions.serving import assert_problem
from tests.supabase.edge.running import Edge
from tests.supabase.edge.upstream import CALLS, HOOK, KEY, SIGNED, VIDEO, Upstream, silence, whole

pytestmark = pytest.mark.needs("deno")


@pytest.mark.parametrize(
    ("path", "limit", "headers"),
    [(CALLS, generate_video.MAX_BODY, KEY), (HOOK, video_webhook.MAX_BODY, SIGNED)],
)
async def test_bodies_have_the_functions_own_limit(
    edge: Edge, upstream: Upstream, path: str, limit: int, headers: dict[str, str]
) -> None:
    """One that fits passes; of one that says it is larger nothing is passed on."""
    assert (await edge.http.post(path, content=bytes(limit), headers=headers)).status_code == 200
    upstream.asked.clear()

    answer = await edge.http.post(path, content=bytes(limit + 1), headers=headers)

    assert_problem(answer, 413, str(limit))
    assert upstream.asked == []


async def test_a_body_that_does_not_say_its_size_is_cut_off(edge: Edge, upstream: Upstream) -> None:
    """The functions never see the end of it."""

    async def sent() -> AsyncIterator[bytes]:
        yield bytes(video_webhook.MAX_BODY)
        yield b"x"

    ended = whole(upstream)
    answer = await edge.http.post(HOOK, content=sent(), headers=SIGNED)

    assert_problem(answer, 413)
    assert await ended is False


@pytest.mark.parametrize(
    "path",
    [
        "/generate-video/", "/generate-video/more", "/video", "/video/1", f"{VIDEO}/..%2Frun-jobs",
        f"{VIDEO[13:]}/../../run-jobs", "/video/%2e%2e/run-jobs", "/video-webhook", f"{HOOK}/more", f"{HOOK}x",
        "/video-webhook/..%2f..%2frun-jobs", "/run-jobs", "/status", "/health",
    ],
)  # fmt: skip
async def test_no_other_address_leads_anywhere(edge: Edge, upstream: Upstream, path: str) -> None:
    """Whatever it is spelt like."""
    for method in ("GET", "POST"):
        answer = await edge.http.request(method, path, headers=KEY | SIGNED)
        assert answer.status_code == 404
    assert upstream.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"apikey": ""}, {"apikey": "sb_publishable_x"}, {"authorization": "Bearer sb_publishable_x"},
        {"authorization": "Basic YTpi"}, {"authorization": "Bearer"},
    ],
)  # fmt: skip
async def test_who_shows_nothing_is_answered_at_once(
    edge: Edge, upstream: Upstream, headers: dict[str, str]
) -> None:
    """Nothing that could be a secret key or a user's token, and nothing that could be a signature."""
    for answer in (
        await edge.http.post(CALLS, json={"text": "A whale"}, headers=headers),
        await edge.http.get(VIDEO, headers=headers),
        await edge.http.post(HOOK, json={}, headers=headers),
    ):
        assert_problem(answer, 401)
    assert upstream.asked == []


async def test_a_browser_may_ask_beforehand(edge: Edge, upstream: Upstream) -> None:
    """The preflight, which carries no key, is answered here, with all that the functions themselves allow."""
    for path in (CALLS, VIDEO):
        answer = await edge.http.options(path)
        assert answer.status_code == 204
        for name, allowed in CORS.items():
            assert set(allowed.split(", ")) <= set(answer.headers[name].split(", "))
    wrong = assert_problem(await edge.http.put(CALLS, headers=KEY), 405, "PUT")

    assert wrong["code"] == "method_not_allowed"
    assert upstream.asked == []


async def test_no_redirect_is_followed(edge: Edge, upstream: Upstream) -> None:
    """Elsewhere nobody is shown a key; and to the provider a redirect would be the end of it."""

    async def lead_away(request: Request) -> Response:
        return RedirectResponse(str(request.url.replace(path="/elsewhere")), 307)

    upstream.answer(lead_away)

    assert_problem(await edge.http.post(CALLS, json={}, headers=KEY), 502, "redirect")
    assert_problem(await edge.http.post(HOOK, json={}, headers=SIGNED), 502)
    assert len(upstream.asked) == 2


async def test_functions_that_never_answer_are_not_waited_for(edge: Edge) -> None:
    """504, in this platform's function that has no patience."""
    async with silence() as url, edge.leading_to(url):
        assert_problem(await edge.http.post("/functions/v1/impatient"), 504, "in time")


NO_ADDRESSES = ["", " ", "ref.example", "ftp://example", "http://", "http://[", "http:ref.example", "https:///x y"]
NOT_PLAIN = ["http://h/v1?a=b", "http://h/v1?", "http://h/v1#b", "http://user@h/v1", "http://user:word@h/v1"]


@pytest.mark.parametrize("url", [*NO_ADDRESSES, *NOT_PLAIN])
async def test_the_secret_must_be_an_address(edge: Edge, url: str) -> None:
    """After which paths are put. Where it is none, the answer says how to set it; 503, so that fal tries again."""
    async with edge.leading_to(url):
        assert_problem(await edge.http.post(HOOK, json={}, headers=SIGNED), 503, "supabase secrets set")


async def test_a_secret_that_leads_back_here_is_found_out(edge: Edge) -> None:
    """Else each request would run until the platform ends it, over and over."""
    async with edge.leading_to(f"{edge.url}/functions/v1/"):
        assert_problem(await edge.http.post(CALLS, json={}, headers=KEY), 508, "Python functions")
