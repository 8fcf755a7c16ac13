"""A moderation endpoint on loopback that speaks OpenAI's protocol, byte by byte, and can be told to do it badly.

It flags what has the word `forbidden` in it. Written from OpenAI's page and not from our reader of its answers.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

KEY = "sk-moderation-for-tests-0123456789"
MODEL = "omni-moderation-latest"


@dataclass(frozen=True)
class Answer:
    """What the next question gets instead of a verdict. `drip`: seconds between its bytes; None: all at once."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drip: float | None = None
    announced: int | None = None  # the content-length, where it is not the body's

    def head(self) -> bytes:
        length = len(self.body) if self.announced is None else self.announced
        headers = {"content-type": "application/json", "content-length": str(length), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Said", "connection: close", *(f"{n}: {v}" for n, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode()


HANG_UP = Answer(status=0)
SILENT = Answer(status=-1)


def verdict(*, flagged: bool, category: str = "violence") -> bytes:
    """The documented answer; a category that is not flagged stands beside."""
    result = {
        "flagged": flagged,
        "categories": {category: flagged, "harassment": False},
        "category_scores": {category: 0.9 if flagged else 0.01, "harassment": 0.02},
        "category_applied_input_types": {category: ["text"], "harassment": ["text"]},
    }
    return json.dumps({"id": "modr-1", "model": MODEL, "results": [result]}).encode()


@dataclass
class ModerationEndpoint:
    """Where it is, what it was asked, and the answers that come before verdicts."""

    url: str
    questions: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    away: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has had enough
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in rest)}
        question = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.lines.append(line)
        self.headers.append(headers)
        self.questions.append(question)
        answer = self.answers.pop(0) if self.answers else self._judge(question)
        if answer is HANG_UP:
            return
        if answer is SILENT:
            await asyncio.Event().wait()
        writer.write(answer.head())
        for byte in answer.body if answer.drip is not None else ():
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(answer.drip or 0)
        if answer.drip is None:
            writer.write(answer.body)
        await writer.drain()

    def _judge(self, question: dict[str, Any]) -> Answer:
        if self.away:
            return Answer(503, b"upstream is gone")
        return Answer(body=verdict(flagged="forbidden" in question["input"]))


@asynccontextmanager
async def serving() -> AsyncIterator[ModerationEndpoint]:
    """The endpoint, for the block."""
    endpoint = ModerationEndpoint("")
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(endpoint.serve(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    endpoint.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield endpoint
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
