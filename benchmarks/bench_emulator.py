"""What the emulator bears: a thousand requests in its queue, and webhooks at a steady pace. Judges nothing.

The emulator runs in a process of its own, as `storyreel emulator` starts it; requests, polls and the receiver of
webhooks are in this one, on the same machine. Equal prompts and seeds: the renderer draws one clip and is not what
is measured. Run from the repository: `python -m benchmarks.bench_emulator [webhooks a second, default 200]`.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from statistics import quantiles

import httpx
import uvicorn
from starlette.types import Receive, Scope, Send

from local.serving import Server, serve_until_cancelled
from local.sockets import listen

ENDPOINT = "fal-ai/fast-animatediff/turbo/text-to-video"
CLIP = {"prompt": "a whale", "seed": 1, "num_frames": 4, "video_size": {"width": 128, "height": 128}}
QUEUED = 1_000
POLLS = 300
LATENCY = 1.0
"""Seconds a clip takes while the pace is held."""
SECONDS = 10
"""How long the pace is held."""


@asynccontextmanager
async def emulator(*options: str) -> AsyncIterator[httpx.AsyncClient]:
    """`storyreel emulator` with these options, and a client that talks to it."""
    with listen(54400, exact=False) as socket:
        command = ("-m", "cli.main", "emulator", "--no-tls", "--fd", str(socket.fileno()), *options)
        process = await asyncio.create_subprocess_exec(sys.executable, *command, pass_fds=[socket.fileno()])
        url = f"http://127.0.0.1:{socket.getsockname()[1]}"
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": "Key a:b"}, limits=limits) as http:
        try:
            await http.post(f"/run/{ENDPOINT}", json=CLIP, headers={"x-emulator": '{"latency": 0}'}, timeout=60)
            yield http
        finally:
            process.terminate()
            await process.wait()


class Inbox:
    """Receives webhooks and notes when each came, by request id."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one webhook with 200. Bare ASGI: what is measured is the sender."""
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.came.setdefault(json.loads(body)["request_id"], time.perf_counter())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


@asynccontextmanager
async def inbox() -> AsyncIterator[tuple[Inbox, str]]:
    """A receiver of webhooks, and its URL."""
    received = Inbox()
    listener = listen(54500, exact=False)
    config = uvicorn.Config(received, lifespan="off", log_config=None, access_log=False)
    serving = asyncio.create_task(serve_until_cancelled(Server(config), listener))
    try:
        yield received, f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def full_queue() -> None:
    """Submit a thousand that wait, and poll the last of them."""
    for count in (1, QUEUED):
        async with emulator("--latency", "3600", "--concurrency", "1") as http:
            began = time.perf_counter()
            for _ in range(count + 1):
                last = (await http.post(f"/{ENDPOINT}", json=CLIP)).json()
            submit = (time.perf_counter() - began) / (count + 1)
            spans = []
            for _ in range(POLLS):
                began = time.perf_counter()
                status = await http.get(last["status_url"])
                spans.append(time.perf_counter() - began)
            assert status.json()["queue_position"] == count - 1
        cuts = quantiles(spans, n=100)
        print(
            f"{count:>5} queued: submit {submit * 1000:.2f} ms, "
            f"status poll median {cuts[49] * 1000:.2f} ms, 99th percentile {cuts[98] * 1000:.2f} ms"
        )


async def steady_pace(pace: int) -> None:
    """Submit at the pace, and see by how much each webhook comes later than the clip took."""
    options = ("--latency", str(LATENCY), "--concurrency", str(2 * pace))
    async with inbox() as (received, hook), emulator(*options) as http:
        submitted: dict[str, float] = {}
        behind = 0.0

        async def submit(due: float) -> None:
            nonlocal behind
            behind = max(behind, time.perf_counter() - due)
            answer = await http.post(f"/{ENDPOINT}", json=CLIP, params={"fal_webhook": hook})
            submitted[answer.json()["request_id"]] = time.perf_counter()

        start = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(pace * SECONDS):
                due = start + number / pace
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                tasks.create_task(submit(due))
        while len(received.came) < pace * SECONDS:
            await asyncio.sleep(0.01)
        took = max(received.came.values()) - min(received.came.values())
        late = [received.came[name] - at - LATENCY for name, at in submitted.items()]
    cuts = quantiles(late, n=100)
    print(
        f"{pace} a second for {SECONDS} s: {len(late)} webhooks at {len(late) / took:.0f} a second; they come "
        f"{cuts[49] * 1000:.0f} ms (median), {cuts[98] * 1000:.0f} ms (99th percentile) after clip and answer; "
        f"the benchmark itself was at most {behind * 1000:.0f} ms behind its pace"
    )


async def main(pace: int) -> None:
    """Print both."""
    await full_queue()
    await steady_pace(pace)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
