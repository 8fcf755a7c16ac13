"""An OpenAI-compatible moderation endpoint as a `Moderator`. The only file of this folder that does I/O.

One request per call, never a repetition; no redirect is followed, for it would take the text elsewhere. Every way
in which the network can fail becomes one of our errors here.
"""

import asyncio
from collections.abc import Mapping

import httpx

from pipeline.errors import ModerationUnavailable
from pipeline.model import Judgement
from pipeline.moderation.protocol import Reply, read_judgement, request_body
from pipeline.prose import without_key

LARGEST_ANSWER = 2**18
"""Bytes. A verdict on one text has some two thousand."""

SECONDS = 5.0
"""For all of a call, even if bytes keep trickling in: a planner's lease outlasts a batch of such calls."""


class EndpointModerator:
    """Asks `{base_url}/moderations`. `http` stays the caller's to close; with an empty `key` none is sent."""

    def __init__(
        self, http: httpx.AsyncClient, *, base_url: str, key: str, model: str, seconds: float = SECONDS
    ) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}/moderations"
        self._key = key
        self._model = model
        self._seconds = seconds

    async def judge(self, text: str) -> Judgement:
        """What the endpoint says of the text; see `pipeline.ports.Moderator`."""
        return read_judgement(await self._ask(request_body(self._model, text)))

    async def _ask(self, body: bytes) -> Reply:
        asking = self._http.stream(
            "POST",
            self._url,
            headers=self._headers(),
            content=body,
            timeout=self._seconds,
            follow_redirects=False,
        )
        try:
            async with asyncio.timeout(self._seconds), asking as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, headers, without_key(await _read(response), self._key))
        # httpx lets some socket and TLS errors through as OSError, and asyncio's TimeoutError is one.
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ModerationUnavailable(
                f"the moderation endpoint gave no answer ({type(error).__name__})"
            ) from error

    def _headers(self) -> Mapping[str, str]:
        # Not compressed: the bytes that are counted are then those that are read.
        plain = {"content-type": "application/json", "accept": "application/json", "accept-encoding": "identity"}
        return {**plain, "authorization": f"Bearer {self._key}"} if self._key else plain


async def _read(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ModerationUnavailable("the moderation endpoint compressed its answer, though it was asked not to")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise ModerationUnavailable(f"the moderation endpoint's answer is larger than {LARGEST_ANSWER} bytes")
    return bytes(body)
