"""The edge functions under real Deno, on loopback: a checkout as a user has it, and the process that serves it.

Packages come from `tests/node`, where `npm ci` has put them: Deno finds them through the `package.json` beside the
functions and asks no registry.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import ROOT, program

_HERE = Path(__file__).parent
_NODE = ROOT / "tests" / "node"
_OFFLINE = ("--no-remote", "--node-modules-dir=manual")
_RIGHTS = ("--allow-env", "--allow-net=127.0.0.1")
TARGET = "STORYREEL_FUNCTIONS_URL"


def check_out(folder: Path) -> Path:
    """The functions in a folder of their own, with the programs that stand around them, and their packages."""
    shutil.copytree(ROOT / "supabase" / "functions", folder / "supabase" / "functions")
    for source in _HERE.glob("*.ts"):
        shutil.copy(source, folder)
    shutil.copy(_NODE / "package.json", folder)
    (folder / "node_modules").symlink_to(_NODE / "node_modules")
    return folder


async def deno(command: str, *arguments: str, folder: Path) -> tuple[int | None, str]:
    """Run `deno <command>` there; its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        program("deno"), command, *arguments,
        cwd=folder, env=_environment(folder),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def check_types(folder: Path) -> tuple[int | None, str]:
    """Of all that is in the checkout."""
    return await deno("check", *_OFFLINE, "platform.ts", "invoke.ts", folder=folder)


def _environment(folder: Path) -> dict[str, str]:
    """No cache of anybody's, no news, and no proxy between the functions and loopback."""
    return {"HOME": str(folder), "DENO_DIR": str(folder / ".deno"), "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}


@dataclass(frozen=True)
class Edge:
    """The running platform: where it is, and a client that shows nothing by itself."""

    url: str
    http: httpx.AsyncClient
    _target: str

    async def lead_to(self, url: str) -> None:
        """Set the secret that says where the functions run."""
        (await self.http.put("/secrets", json={TARGET: url})).raise_for_status()

    @asynccontextmanager
    async def leading_to(self, url: str) -> AsyncIterator[None]:
        """The same for the block."""
        await self.lead_to(url)
        try:
            yield
        finally:
            await self.lead_to(self._target)


@asynccontextmanager
async def running(checkout: Path, target: str) -> AsyncIterator[Edge]:
    """Serve the functions, with the environment that the platform gives them; they lead to `target`."""
    given = {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_PUBLISHABLE_KEYS": "{}", TARGET: target}
    process = await asyncio.create_subprocess_exec(
        program("deno"), "run", *_OFFLINE, "--quiet", *_RIGHTS, "platform.ts",
        cwd=checkout, env=_environment(checkout) | given, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
            yield Edge(url, http, target)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def invoke(
    checkout: Path, url: str, key: str, token: str, *calls: tuple[str, Mapping[str, object]]
) -> list[dict[str, Any]]:
    """What an app's calls through supabase-js came to; without a token it is a visitor's."""
    arguments = [url, key, token, json.dumps(calls)]
    code, said = await deno("run", *_OFFLINE, "--quiet", *_RIGHTS, "invoke.ts", *arguments, folder=checkout)
    assert code == 0, said
    results: list[dict[str, Any]] = json.loads(said)
    return results
