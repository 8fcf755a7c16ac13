"""The whole stack as real processes, on a folder of its own."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg
import pytest

from local.children import Children
from local.postgres import EmbeddedPostgres
from local.stack import StackInfo, StackOptions, start_stack

# Waiting out a lost submit takes 300 s in a deployment; here six.
HASTE = {"STORYREEL_PATIENCE": "0.02"}
_ENDPOINT = "/fal-ai/fast-animatediff/turbo/text-to-video"
_OURS = ("SUPABASE_", "STORYREEL_", "FAL_")
_CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
_LOOK = "select shows, work, reason, url from public.story_videos where source_id = %s"


@dataclass(frozen=True)
class Stack:
    """A running stack, and what tests do to it."""

    folder: Path
    info: StackInfo
    children: Children

    def kill(self, child: str) -> None:
        """End the process as a power cut would; its keeper starts another."""
        os.kill(self.children.pid(child), signal.SIGKILL)

    def stop(self, child: str) -> None:
        """Tell the process to stop, as a deployment does; its keeper starts another."""
        os.kill(self.children.pid(child), signal.SIGTERM)

    async def ask(self, statement: LiteralString, *arguments: object) -> list[tuple[Any, ...]]:
        """The rows of a statement, run as the owner on a connection of its own: restarts must not matter."""
        async with await psycopg.AsyncConnection.connect(self.info.owner_url, autocommit=True) as owner:
            cursor = await owner.execute(statement, arguments)
            return await cursor.fetchall() if cursor.description else []

    async def insert(self, text: str) -> str:
        """Insert a story as an app would."""
        [(story_id,)] = await self.ask("insert into public.stories (text) values (%s) returning id::text", text)
        return str(story_id)

    async def end_of(self, story_id: str, *, seconds: float = 60) -> dict[str, object]:
        """The video once nothing more is being done for it. Meanwhile every third of a second is a minute."""
        async with asyncio.timeout(seconds):
            while True:
                [row] = await self.ask(_LOOK, story_id)
                if row[1] != "working":
                    return dict(zip(("shows", "work", "reason", "url"), row, strict=True))
                await self.ask("select storyreel.hint('reconcile')")
                await asyncio.sleep(0.3)

    async def submits(self) -> list[str]:
        """The inputs of every submit that the emulator has accepted: those to the one endpoint that exists."""
        async with httpx.AsyncClient(trust_env=False) as http:
            listing = (await http.get(f"{self.info.emulator_url}/_emulator/requests")).json()
        received = listing["received"]
        return [str(call["body"]) for call in received if call["method"] == "POST" and call["path"] == _ENDPOINT]


@asynccontextmanager
async def running_stack(folder: Path) -> AsyncIterator[Stack]:
    options = StackOptions(latency=(0.3, 0.3), settings=HASTE)
    async with start_stack(folder, _CLEAN, options) as (info, children):
        yield Stack(folder, info, children)


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    """One stack for all tests of this folder; they tell their stories apart by text."""
    folder = Path(tempfile.mkdtemp(prefix="storyreel-stack-"))
    folder.chmod(0o755)
    async with running_stack(folder) as running:
        yield running
    EmbeddedPostgres(folder / "postgres").discard()
