"""The moderation endpoint over real sockets: one request a call, bounded, and every failure one of our errors."""

import gzip
import json
import socket

import httpx
import pytest

from pipeline.errors import ModerationError, ModerationKeyRefused, ModerationUnavailable
from pipeline.model import Opinion
from pipeline.moderation.endpoint import LARGEST_ANSWER, EndpointModerator
from tests.pipeline.moderation.endpoint_server import (
    HANG_UP,
    KEY,
    MODEL,
    SILENT,
    Answer,
    ModerationEndpoint,
    verdict,
)

SOON = 0.2  # seconds: what is silent for so long gives no answer


@pytest.fixture
def moderator(http: httpx.AsyncClient, endpoint: ModerationEndpoint) -> EndpointModerator:
    return EndpointModerator(http, base_url=endpoint.url, key=KEY, model=MODEL)


async def test_one_question_is_asked_as_documented(
    moderator: EndpointModerator, endpoint: ModerationEndpoint
) -> None:
    """Address, key, model and text."""
    judgement = await moderator.judge("A whale – « swims »")

    assert judgement.opinion is Opinion.PASSED
    assert endpoint.lines == ["POST /v1/moderations HTTP/1.1"]
    assert endpoint.questions == [{"model": MODEL, "input": "A whale – « swims »"}]
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"
    assert endpoint.headers[0]["content-type"] == "application/json"


async def test_what_is_flagged_is_rejected(moderator: EndpointModerator) -> None:
    """With the endpoint's word."""
    judgement = await moderator.judge("a forbidden story")

    assert (judgement.opinion, judgement.by, judgement.category) == (Opinion.REJECTED, "endpoint", "violence")


async def test_without_a_key_none_is_sent(http: httpx.AsyncClient, endpoint: ModerationEndpoint) -> None:
    """A gateway of one's own may want none; a slash too many in its address does no harm."""
    await EndpointModerator(http, base_url=f"{endpoint.url}/", key="", model="own").judge("A whale")

    assert "authorization" not in endpoint.headers[0]
    assert endpoint.lines == ["POST /v1/moderations HTTP/1.1"]


BAD_ANSWERS = {
    "500": Answer(500, b"{}"),
    "503 with a page": Answer(503, b"<html>nginx</html>"),
    "429": Answer(429, b"{}", {"retry-after": "7"}),
    "malformed": Answer(200, b'{"results": ['),
    "no verdict": Answer(200, b"{}"),
    "hung up": HANG_UP,
    "cut off": Answer(200, verdict(flagged=False)[:20], announced=500),
    "too large": Answer(200, verdict(flagged=False) + b" " * LARGEST_ANSWER),
    "endless": Answer(200, b" " * (LARGEST_ANSWER + 1), announced=10**12),
    "compressed": Answer(200, gzip.compress(b" " * 10**6), {"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("kind", BAD_ANSWERS)
async def test_no_usable_answer_is_no_verdict(
    moderator: EndpointModerator, endpoint: ModerationEndpoint, kind: str
) -> None:
    """It can pass, the question is not repeated, and nothing of it is in the error."""
    endpoint.answers = [BAD_ANSWERS[kind]]
    with pytest.raises(ModerationUnavailable) as away:
        await moderator.judge("a secret whale")

    assert not away.value.permanent
    assert len(endpoint.questions) == 1
    assert "whale" not in str(away.value)
    assert KEY not in str(away.value)
    assert away.value.retry_after == (7 if kind == "429" else None)


@pytest.mark.parametrize(
    "answer", [SILENT, Answer(200, verdict(flagged=False), drip=0.05)], ids=["silent", "slow"]
)
async def test_a_slow_answer_is_not_waited_for(
    http: httpx.AsyncClient, endpoint: ModerationEndpoint, answer: Answer
) -> None:
    """Neither one that never begins, nor one that trickles in byte by byte."""
    endpoint.answers = [answer]
    moderator = EndpointModerator(http, base_url=endpoint.url, key=KEY, model=MODEL, seconds=SOON)

    with pytest.raises(ModerationUnavailable, match="no answer"):
        await moderator.judge("A whale")


async def test_no_redirect_takes_the_text_elsewhere(
    moderator: EndpointModerator, endpoint: ModerationEndpoint
) -> None:
    """Though somebody would answer there."""
    endpoint.answers = [Answer(307, b"", {"location": f"{endpoint.url}/moderations"})]
    with pytest.raises(ModerationUnavailable, match="307"):
        await moderator.judge("A whale")

    assert len(endpoint.questions) == 1


async def test_a_compressed_answer_is_named(moderator: EndpointModerator, endpoint: ModerationEndpoint) -> None:
    """Nobody asked for it, and it is not unfolded: one may be a thousand times as large inside."""
    body = gzip.compress(verdict(flagged=False))
    endpoint.answers = [Answer(200, body, {"content-encoding": "gzip"})]
    with pytest.raises(ModerationUnavailable, match="compressed"):
        await moderator.judge("A whale")

    assert endpoint.headers[0]["accept-encoding"] == "identity"


async def test_a_refused_key_is_told_apart(moderator: EndpointModerator, endpoint: ModerationEndpoint) -> None:
    """A person must act; what the endpoint says of the key is not repeated."""
    said = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}})
    endpoint.answers = [Answer(401, said.encode())]
    with pytest.raises(ModerationKeyRefused, match="STORYREEL_MODERATION_KEY") as refused:
        await moderator.judge("A whale")

    assert KEY not in str(refused.value)


async def test_nobody_there_is_no_verdict(http: httpx.AsyncClient) -> None:
    """The connection is refused; likewise where the address is none."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/v1", "http://[::1/v1"):
        with pytest.raises(ModerationError):
            await EndpointModerator(http, base_url=url, key=KEY, model=MODEL).judge("A whale")


def test_the_key_is_in_no_repr(http: httpx.AsyncClient) -> None:
    """Of what may end up in a log."""
    moderator = EndpointModerator(http, base_url="http://127.0.0.1", key=KEY, model=MODEL)

    assert KEY not in repr(moderator)
