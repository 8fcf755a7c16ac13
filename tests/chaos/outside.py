"""The world outside of us: the provider and the bucket, as processes that outlive the run that started them.

They keep their memory when a run is killed, as fal and Supabase would, so that the next one can go on with it.
Whoever forgets them need not worry: each ends by itself when its time is up.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from local.sockets import listen
from tests.chaos.scenario import faults

SLOTS = 24
"""Renders at the provider at a time. Its own limit is higher: what we think lost may be running there still."""

LATENCY = "0.1-0.6"  # seconds
_ORDERS = 8  # kept of each story; two are usual


@dataclass(frozen=True)
class Outside:
    """Where the world is."""

    emulator_url: str
    emulator_pid: int
    bucket_url: str
    bucket_pid: int

    def lives(self) -> bool:
        """Whether both answer still."""
        with contextlib.suppress(httpx.TransportError), httpx.Client(trust_env=False) as http:
            return (
                http.get(f"{self.emulator_url}/_emulator/clock").is_success
                and http.get(f"{self.bucket_url}/chaos").is_success
            )
        return False

    def end(self) -> None:
        """End both, and what they remember."""
        for pid in (self.emulator_pid, self.bucket_pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            with contextlib.suppress(ChildProcessError):  # started by a run that was killed: nobody's child
                os.waitpid(pid, 0)

    async def hurry(self, seconds: float) -> None:
        """Move the provider's clock forward: webhooks that are late, or to be tried again, come now."""
        async with httpx.AsyncClient(trust_env=False) as http:
            moved = await http.post(f"{self.emulator_url}/_emulator/clock", json={"advance": seconds})
        moved.raise_for_status()

    async def requests(self) -> list[dict[str, Any]]:
        """Every request that the provider accepted, and what became of it."""
        async with httpx.AsyncClient(trust_env=False, timeout=120) as http:
            listing = (await http.get(f"{self.emulator_url}/_emulator/requests")).json()
        return list(listing["requests"])

    async def bucket_calls(self) -> dict[str, int]:
        """How often the bucket was called (`calls`), and how many of these went wrong (`wrong`)."""
        async with httpx.AsyncClient(trust_env=False) as http:
            return dict((await http.get(f"{self.bucket_url}/chaos")).json())


def open_outside(
    folder: Path, *, stories: int, seed: int, patience: float, secret: str, seconds: float
) -> Outside:
    """Start the world for a run in the folder, or find the one that an earlier run has left there.

    `seconds`: after which each process ends by itself. Raises `RuntimeError` where the earlier one has ended.
    """
    note = folder / "outside.json"
    if note.exists():
        found = Outside(**json.loads(note.read_text()))
        if not found.lives():
            raise RuntimeError(
                f"the provider of the run in {folder} has ended, and forgotten it; take a new folder"
            )
        return found
    (folder / "faults.toml").write_text(faults(patience))
    program = [sys.executable, "-m"]
    emulator = [
        *(*program, "cli.main", "emulator", "--latency", LATENCY, "--concurrency", str(3 * SLOTS)),
        *("--faults", str(folder / "faults.toml"), "--clips", str(folder / "clips"), "--seed", str(seed)),
        *("--record", str(_ORDERS * stories)),
    ]
    bucket = [
        *(*program, "tests.chaos.bucket", "--folder", str(folder / "bucket")),
        *("--secret", secret, "--seed", str(seed)),
    ]
    outside = Outside(
        *_start(emulator, folder, "emulator", seconds=seconds), *_start(bucket, folder, "bucket", seconds=seconds)
    )
    note.write_text(json.dumps(asdict(outside)))
    return outside


def _start(argv: Sequence[str], folder: Path, name: str, *, seconds: float) -> tuple[str, int]:
    """Address and process id. It can be called at once: its socket listens already."""
    with listen(0, exact=True) as listener, (folder / "logs" / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [*argv, "--fd", str(listener.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
            pass_fds=[listener.fileno()],
            start_new_session=True,  # Ctrl-C is for the run
            preexec_fn=partial(signal.alarm, int(seconds)),  # noqa: PLW1509 - no threads yet; outlives the exec
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    process.returncode = 0  # not ours to wait for: `Outside.end` does, in this process or in another
    return url, process.pid
