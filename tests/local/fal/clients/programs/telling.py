"""What the Python programs share: what they ask for, how they move the emulator's clock, how they tell.

It runs in environments that hold fal's packages and what those bring along, httpx among it, and nothing else.
"""

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import httpx

PICTURE = "fal-ai/fast-lcm-diffusion"
FOX = {"prompt": "a fox", "seed": 3}
LONG = {"prompt": "a long film", "seed": 3}
"""The emulator works on it for `LASTS` seconds, unless told to stop."""
LASTS = 600
PLACES = 2
PATIENCE = 20
"""Seconds for a call."""

Call = Callable[[], Awaitable[Any]]


def let_pass(seconds: float) -> None:
    """Move the emulator's clock."""
    console("POST", "clock", json={"advance": seconds})


def console(method: str, path: str, **named: Any) -> Any:
    """Ask what the emulator has and fal has not."""
    return httpx.request(method, f"https://fal.run/_emulator/{path}", **named).raise_for_status().json()


def tell(calls: Mapping[str, Call], wanted: Sequence[str]) -> None:
    """Make the wanted calls, all of them where none is named, and print them as JSON."""
    told = asyncio.run(_made({name: calls[name] for name in wanted or calls}))
    sys.stdout.write(json.dumps(told, default=_plain))


async def _made(calls: Mapping[str, Call]) -> dict[str, Any]:
    return {name: await _outcome(call) for name, call in calls.items()}


async def _outcome(call: Call) -> dict[str, Any]:
    try:
        return {"value": await asyncio.wait_for(call(), PATIENCE)}
    except Exception:  # noqa: BLE001 - whatever a client raises is what the tests want to read
        # what the call has left behind shall not take the places of the next
        let_pass(LASTS)
        return {"raised": traceback.format_exc()}


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {"type": type(value).__name__, **asdict(value)}
    raise TypeError(f"{value!r} is not JSON")
