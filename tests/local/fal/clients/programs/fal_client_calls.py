"""Run by tests as a program of its own: the calls of fal's unmodified Python client, blocking or async.

argv: `blocking` or `async`, the webhook URL, and the calls to make, none for all. A program of its own, because
the client reads its hosts when it is imported.
"""

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fal_client
import httpx
from fal_client.auth import AuthCredentials
from fal_client.client import AsyncCDNTokenManager, AsyncMultipartUpload, CDNTokenManager, MultipartUpload
from PIL import Image

from tests.local.fal.clients.programs.either_client import asked, each, exchanged, read, refusal
from tests.local.fal.clients.programs.telling import (
    FOX,
    LASTS,
    LONG,
    PICTURE,
    PLACES,
    Call,
    console,
    let_pass,
    tell,
)

VIDEO = "fal-ai/fast-animatediff/turbo/text-to-video"
POLL = 0.02
PART = 64 * 1024
"""Bytes; the client itself cuts what is larger than 100 MB, into parts of 10 MB."""


class Calls:
    """One method per call, each of which leaves the emulator idle."""

    def __init__(self, client: Any, webhook_url: str) -> None:
        self._client = client
        self._webhook_url = webhook_url

    def by_name(self) -> dict[str, Call]:
        """The calls, by the names that the tests and docs/emulator.md give them."""
        return {
            "submit": self.submit,
            "iter_events": self.iter_events,
            "status": self.status,
            "result": self.result,
            "subscribe": self.subscribe,
            "cancel": self.cancel,
            "run": self.run,
            "stream": self.stream,
            "realtime": self.realtime,
            "realtime(use_jwt=False)": self.realtime_with_key,
            "ws_connect": self.ws_connect,
            "upload": self.upload,
            "upload_file": self.upload_file,
            "upload_image": self.upload_image,
            'upload(repository="fal")': self.upload_to_storage,
            "MultipartUpload": self.upload_in_parts,
            "error 401": self.error_401,
            "error 404": self.error_404,
            "error 422": self.error_422,
            "error 429": self.error_429,
            "error 503": self.error_503,
            "error 504": self.error_504,
        }

    async def submit(self) -> Any:
        handle = await asked(
            self._client.submit,
            VIDEO,
            FOX,
            webhook_url=self._webhook_url,
            priority="low",
            start_timeout=60,
        )
        return {"request_id": handle.request_id, "result": await asked(handle.get, interval=POLL)}

    async def iter_events(self) -> Any:
        handle = await self._submitted(LONG)
        events: list[Any] = []
        async for event in each(handle.iter_events(with_logs=True, interval=POLL)):
            if not events:
                let_pass(LASTS)
            events.append(event)
        return events

    async def status(self) -> Any:
        async with self._crowd():
            handle = await self._submitted(FOX)
            queued = await asked(handle.status)
        await asked(handle.get, interval=POLL)
        return {
            "queued": queued,
            "by_handle": await asked(handle.status, with_logs=True),
            "by_id": await asked(self._client.status, VIDEO, handle.request_id),
        }

    async def result(self) -> Any:
        handle = await self._submitted(FOX)
        by_handle = await asked(handle.get, interval=POLL)
        return {"by_handle": by_handle, "by_id": await asked(self._client.result, VIDEO, handle.request_id)}

    async def subscribe(self) -> Any:
        enqueued: list[str] = []
        updates: list[Any] = []

        def updated(status: Any) -> None:
            if not updates:
                let_pass(LASTS)
            updates.append(status)

        result = await asked(
            self._client.subscribe,
            VIDEO,
            LONG,
            with_logs=True,
            interval=POLL,
            on_enqueue=enqueued.append,
            on_queue_update=updated,
        )
        return {"enqueued": enqueued, "updates": updates, "result": result}

    async def cancel(self) -> Any:
        async with self._crowd() as running:
            waiting = await self._submitted(FOX)
            await asked(self._client.cancel, VIDEO, waiting.request_id)
            removed = await refusal(waiting.status)
        stopped = await refusal(running[0].get, interval=POLL)
        return {"removed": removed, "stopped": stopped, "too_late": await refusal(running[0].cancel)}

    async def run(self) -> Any:
        return await asked(self._client.run, VIDEO, {"prompt": "a crow", "seed": 5})

    async def stream(self) -> Any:
        return [event async for event in each(self._client.stream(VIDEO, {"prompt": "a crow", "seed": 6}))]

    async def realtime(self) -> Any:
        return await self._talked(use_jwt=True, max_buffering=2)

    async def realtime_with_key(self) -> Any:
        return await self._talked(use_jwt=False)

    async def ws_connect(self) -> Any:
        connection = self._client.ws_connect(PICTURE, path="/realtime")
        text = json.dumps({"prompt": "a leaf", "seed": 8})
        return json.loads(await exchanged(connection, text))

    async def upload(self) -> Any:
        settings = fal_client.StorageSettings(expires_in="1h")
        url = await asked(self._client.upload, b"\x00\x01", "image/png", file_name="a.png", lifecycle=settings)
        return await read(url)

    async def upload_to_storage(self) -> Any:
        return await read(await asked(self._client.upload, "text", "text/plain", repository="fal"))

    async def upload_file(self) -> Any:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "story.txt"
            file.write_text("once upon a time")
            return await read(await asked(self._client.upload_file, file))

    async def upload_image(self) -> Any:
        told = await read(await asked(self._client.upload_image, Image.new("RGB", (8, 6)), format="png"))
        with Image.open(io.BytesIO(bytes.fromhex(told["content"]))) as image:
            return {**told, "size": image.size}

    async def upload_in_parts(self) -> Any:
        content = b"".join(bytes([number]) * PART for number in range(4)) + b"and the rest"
        parts: dict[Any, tuple[Any, ...]] = {
            fal_client.sync_client: (MultipartUpload, CDNTokenManager, httpx.Client()),
            fal_client.async_client: (AsyncMultipartUpload, AsyncCDNTokenManager, httpx.AsyncClient()),
        }
        upload, manager, http = parts[self._client]
        url = await asked(
            upload.save,
            client=http,
            token_manager=manager(AuthCredentials("Key", os.environ["FAL_KEY"])),
            file_name="film.mp4",
            data=content,
            content_type="video/mp4",
            chunk_size=PART,
        )
        told = await read(url)
        return {"type": told["type"], "whole": bytes.fromhex(told["content"]) == content}

    async def error_422(self) -> Any:
        return await refusal(self._client.subscribe, VIDEO, {"prompt": "x", "num_frames": 99}, interval=POLL)

    async def error_401(self) -> Any:
        stranger = type(self._client)(key="someone:else")
        return await refusal(stranger.submit, VIDEO, {"prompt": "x"})

    async def error_404(self) -> Any:
        return await refusal(self._client.submit, "fal-ai/fast-animatediff-lightning", {"prompt": "x"})

    async def error_503(self) -> Any:
        return await refusal(self._client.submit, VIDEO, {"prompt": "refused"})

    async def error_504(self) -> Any:
        async with self._crowd():
            late = await self._submitted(FOX, start_timeout=60)
            let_pass(61)
            return await refusal(late.get, interval=POLL)

    async def error_429(self) -> Any:
        before = _direct_calls()
        async with self._crowd():
            running = asyncio.create_task(asked(self._client.run, VIDEO, {"prompt": "an owl", "seed": 7}))
            while _direct_calls() == before:
                await asyncio.sleep(POLL)
        return {"result": await running, "attempts": _direct_calls() - before}

    async def _submitted(self, arguments: Any, **named: Any) -> Any:
        return await asked(self._client.submit, VIDEO, arguments, **named)

    @asynccontextmanager
    async def _crowd(self) -> AsyncIterator[list[Any]]:
        """Every place is taken, by requests that stop when told to."""
        running = [await self._submitted(LONG) for _ in range(PLACES)]
        try:
            yield running
        finally:
            for handle in running:
                await asked(handle.cancel)

    async def _talked(self, **named: Any) -> Any:
        connection = self._client.realtime(PICTURE, **named)
        return await exchanged(connection, {"prompt": "a leaf", "seed": 8})


def _direct_calls() -> int:
    received = console("GET", "requests")["received"]
    return sum((entry["host"], entry["path"]) == ("fal.run", f"/{VIDEO}") for entry in received)


def main() -> None:
    kind, webhook_url, *wanted = sys.argv[1:]
    client = {"blocking": fal_client.sync_client, "async": fal_client.async_client}[kind]
    tell(Calls(client, webhook_url).by_name(), wanted)


main()
