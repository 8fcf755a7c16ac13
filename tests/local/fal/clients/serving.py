"""A running emulator as fal's clients meet it, and what a client's program told of its calls.

A program makes its calls one after the other and prints one JSON object: the name of each call, and either the
`value` it came to or how it `raised`. So a call that fails fails the tests of that call and no others.
"""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from local.fal.certificate import make_certificate
from local.fal.clock import MovableClock
from local.fal.emulator import Emulator
from local.fal.faults import Fault
from local.fal.knobs import Knobs
from local.fal.server import Door, Tls, open_listener, serve_app
from tests.conftest import ROOT
from tests.local.fal.clients.tunnel import open_tunnel
from tests.local.fal.emulated import KEY_SEED, Inbox

KEY = "id:secret"
FAULTS = (Fault(prompt="long", latency=600, heed_cancel=True), Fault(prompt="refused", refuse=503))
"""By what the programs ask for: work that nobody waits for but by moving the clock, and a flat refusal."""


@dataclass(frozen=True)
class Served:
    """An emulator in real time, at two URLs, https and plain; `environment` points programs at it."""

    emulator: Emulator
    url: str
    plain_url: str
    environment: Mapping[str, str]
    inbox: Inbox


@dataclass(frozen=True)
class Told:
    """What a program told, and the emulator that it talked to."""

    calls: Mapping[str, Any]
    served: Served

    def of(self, call: str) -> Any:
        """What the call came to; the test fails where the client raised."""
        entry = self.calls[call]
        if "raised" in entry:
            pytest.fail(entry["raised"])
        return entry["value"]


def proven_calls(module: ModuleType) -> tuple[str, ...]:
    """The calls that the module's tests are marked to prove, in their order."""
    tests = [thing for name, thing in vars(module).items() if name.startswith("test_")]
    marks = [mark for test in tests for mark in getattr(test, "pytestmark", [])]
    return tuple(mark.args[0] for mark in marks if mark.name == "proves")


@asynccontextmanager
async def serve_emulator(clip: bytes, folder: Path) -> AsyncIterator[Served]:
    """Serve one with the places of a new account; `folder` takes the certificate and is the programs' home."""
    emulator = Emulator(
        knobs=Knobs(latency=(0.02, 0.02)),
        render=lambda _: clip,
        clock=MovableClock(),
        key_seed=KEY_SEED,
        new_id=partial(next, (f"id-{number}" for number in count(1))),
        key=KEY,
        faults=FAULTS,
    )
    tls = make_certificate(folder, now=dt.datetime.now(dt.UTC))
    secure, plain = Door(open_listener("127.0.0.1", 0), tls), Door(open_listener("127.0.0.1", 0))
    async with AsyncExitStack() as stack:
        inbox = await stack.enter_async_context(_open_inbox())
        await stack.enter_async_context(_running(partial(emulator.serve_doors, [secure, plain])))
        tunnel = await stack.enter_async_context(open_tunnel(to_port=_port(secure)))
        yield Served(
            emulator,
            f"https://localhost:{_port(secure)}",
            f"http://localhost:{_port(plain)}",
            _environment(tls, tunnel),
            inbox,
        )


async def run_program(served: Served, *argv: str | Path, **environment: str) -> Told:
    """Run a program in the repository's root, in the emulator's environment and that one, to its end."""
    program = await asyncio.create_subprocess_exec(
        *map(str, argv),
        cwd=ROOT,
        env={**served.environment, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await program.communicate()
    assert program.returncode == 0, err.decode()
    return Told(json.loads(out), served)


def _environment(tls: Tls, tunnel: str) -> dict[str, str]:
    return {
        "FAL_KEY": KEY,
        "HTTPS_PROXY": tunnel,
        "NO_PROXY": "localhost,127.0.0.1",
        "SSL_CERT_FILE": str(tls.certificate),
        "NODE_EXTRA_CA_CERTS": str(tls.certificate),
        "HOME": str(tls.key.parent),
    }


def _port(door: Door) -> int:
    port: int = door.listener.getsockname()[1]
    return port


@asynccontextmanager
async def _open_inbox() -> AsyncIterator[Inbox]:
    door = Door(open_listener("127.0.0.1", 0))
    inbox = Inbox(f"http://127.0.0.1:{_port(door)}/hook")
    app = Starlette(routes=[Route("/hook", inbox.receive, methods=["POST"])])
    async with _running(partial(serve_app, app, [door])):
        yield inbox


@asynccontextmanager
async def _running(serve: Callable[..., Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run a server that takes `ready`, from when it is until it is no longer needed."""
    ready = asyncio.Event()
    serving = asyncio.create_task(serve(ready=ready.set))
    try:
        await ready.wait()
        yield
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
