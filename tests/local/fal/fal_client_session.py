"""Run by a test as a program of its own: a session with fal's unmodified client.

argv: the endpoint, the webhook URL. Prints one JSON object of what the client made of each answer. It is a
separate program because the client reads its hosts when it is imported.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from typing import Any

import fal_client


def blocking(endpoint: str, webhook_url: str) -> dict[str, Any]:
    handle = fal_client.submit(
        endpoint, {"prompt": "a fox", "seed": 3}, webhook_url=webhook_url, priority="low", start_timeout=60
    )
    events = [type(event).__name__ for event in handle.iter_events(with_logs=True, interval=0.02)]
    logs = getattr(handle.status(with_logs=True), "logs", None)
    by_id = fal_client.status(endpoint, handle.request_id, with_logs=False)
    return {
        "request_id": handle.request_id,
        "first_event": events[0],
        "last_event": events[-1],
        "logs": logs,
        "result": handle.get(),
        "status_by_id": asdict(by_id),
        "result_by_id": fal_client.result(endpoint, handle.request_id),
        "cancel_too_late": refusal(lambda: fal_client.cancel(endpoint, handle.request_id)),
        "subscribed": fal_client.subscribe(endpoint, {"prompt": "a bear", "seed": 4}, with_logs=True),
        "invalid": refusal(lambda: fal_client.subscribe(endpoint, {"prompt": "x", "num_frames": 99})),
        "unknown": refusal(lambda: fal_client.submit("fal-ai/fast-animatediff-lightning", {"prompt": "x"})),
    }


def refusal(act: Any) -> dict[str, Any]:
    try:
        act()
    except fal_client.FalClientHTTPError as error:
        return {"status": error.status_code, "message": error.message, "type": error.error_type}
    return {"status": None}


async def concurrent(endpoint: str) -> dict[str, Any]:
    slow = {"x-emulator": json.dumps({"latency": 3600})}
    handles = [await fal_client.submit_async(endpoint, {"prompt": "x"}, headers=slow) for _ in range(3)]
    queued = await handles[2].status()
    await handles[2].cancel()
    lost = {"x-emulator": json.dumps({"refuse": 503})}
    try:
        await fal_client.submit_async(endpoint, {"prompt": "x"}, headers=lost)
    except fal_client.FalClientHTTPError as error:
        refused = error.status_code
    return {"queued": asdict(queued), "refused": refused}


def main() -> None:
    endpoint, webhook_url = sys.argv[1:]
    told = blocking(endpoint, webhook_url) | asyncio.run(concurrent(endpoint))
    sys.stdout.write(json.dumps(told))


main()
