"""Run by tests as a program of its own: the calls of `fal.apps`, the client inside fal's serverless SDK.

argv: the calls to make, none for all. A program of its own, because it runs in the environment of
tests/fal_apps/requirements.lock, and because the SDK reads its hosts when it is imported.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from fal import apps  # type: ignore[import-not-found]  # is not in the environment that types are checked in

from tests.local.fal.clients.programs.telling import FOX, LASTS, LONG, PICTURE, PLACES, Call, let_pass, tell

VIDEO = "fal-ai/fast-animatediff"
PATH = "/turbo/text-to-video"


def submit() -> Any:
    handle = apps.submit(VIDEO, FOX, path=PATH)
    return {"request_id": handle.request_id, "app_id": handle.app_id}


def get() -> Any:
    return apps.submit(VIDEO, FOX, path=PATH).get()


def status() -> Any:
    handle = apps.submit(VIDEO, FOX, path=PATH)
    handle.get()
    return handle.status(logs=True)


def iter_events() -> Any:
    handle = apps.submit(VIDEO, LONG, path=PATH)
    events = []
    for event in handle.iter_events(logs=True):
        let_pass(LASTS)
        events.append(event)
    return {"events": events, "then": handle.status()}


def fetch_result() -> Any:
    handle = apps.submit(VIDEO, LONG, path=PATH)
    early = _refusal(handle.fetch_result)
    let_pass(LASTS)
    return {"early": early, "result": handle.get(), "again": handle.fetch_result()}


def cancel() -> Any:
    running = [apps.submit(VIDEO, LONG, path=PATH) for _ in range(PLACES)]
    waiting = apps.submit(VIDEO, FOX, path=PATH)
    queued = waiting.status()
    waiting.cancel()
    for handle in running:
        handle.cancel()
    stopped = _refusal(running[0].get)
    return {
        "queued": queued,
        "removed": _refusal(waiting.status),
        "stopped": stopped,
        "too_late": _refusal(running[0].cancel),
    }


def run() -> Any:
    return apps.run(VIDEO, {"prompt": "a crow", "seed": 5}, path=PATH)


def stream() -> Any:
    return list(apps.stream(VIDEO, {"prompt": "a crow", "seed": 6}, path=f"{PATH}/stream"))


def connect() -> Any:
    with apps._connect(PICTURE) as connection, _silence():
        return connection.run({"prompt": "a leaf", "seed": 8})


def ws() -> Any:
    with apps.ws(VIDEO, path=PATH) as connection:
        connection.send({"prompt": "a crow", "seed": 9})
        streamed = b"".join(connection.stream())
        return {"run": json.loads(connection.run({"prompt": "a crow", "seed": 9})), "stream": json.loads(streamed)}


def error_401() -> Any:
    key, os.environ["FAL_KEY"] = os.environ["FAL_KEY"], "someone:else"
    try:
        return _refusal(lambda: apps.submit(VIDEO, FOX, path=PATH))
    finally:
        os.environ["FAL_KEY"] = key


def error_422() -> Any:
    return _refusal(lambda: apps.run(VIDEO, {"prompt": "x", "num_frames": 99}, path=PATH))


def error_404() -> Any:
    return _refusal(lambda: apps.submit("fal-ai/fast-animatediff-lightning", {"prompt": "x"}))


def _refusal(call: Callable[[], Any]) -> Any:
    try:
        return {"returned": repr(call())}
    except httpx.HTTPStatusError as error:
        return {"status": error.response.status_code, "body": error.response.json()}


@contextmanager
def _silence() -> Iterator[None]:
    """The SDK prints what it hears beside answers; the output belongs to the calls."""
    out, sys.stdout = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout = out


def _call(function: Callable[[], Any]) -> Call:
    return lambda: asyncio.to_thread(function)


CALLS = {
    "submit": submit,
    "status": status,
    "iter_events": iter_events,
    "get": get,
    "fetch_result": fetch_result,
    "cancel": cancel,
    "run": run,
    "stream": stream,
    "_connect": connect,
    "ws": ws,
    "error 401": error_401,
    "error 404": error_404,
    "error 422": error_422,
}

tell({name: _call(function) for name, function in CALLS.items()}, sys.argv[1:])
