"""Runs a maker of clips in a process of its own: it keeps a core busy for seconds, and can be ended with ours.

It is also where clips come out in the same bytes each time: the environment of `pipeline.ffmpeg.process` makes
x264 do so. A maker is a module whose `main` takes one JSON object.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import TranscodeFailed
from pipeline.ffmpeg.process import run

SECONDS = 600.0
"""Half a minute is usual."""

BOOTSTRAP = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from importlib import import_module
import_module(sys.argv[2]).main(json.loads(sys.argv[3]))
"""


async def run_apart(module: str, order: Mapping[str, object], *, cwd: Path) -> None:
    """Run the module's `main` with the order, whose paths are absolute. Raises `TranscodeFailed`."""
    path = json.dumps([entry for entry in sys.path if entry])
    argv = [sys.executable, "-I", "-S", "-c", BOOTSTRAP, path, module, json.dumps(order)]
    try:
        ending = await run(argv, cwd=cwd, seconds=SECONDS)
    except TimeoutError as error:
        raise TranscodeFailed(f"making a loop took longer than {SECONDS:g} s and was ended") from error
    if ending.code:
        said = ending.tail.strip().splitlines()[-1:]  # what went wrong stands below the stack trace
        raise TranscodeFailed(f"making a loop ended with {ending.code}: {''.join(said)}")
