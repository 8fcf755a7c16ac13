"""The whole stack as real processes, on a folder of its own."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from local.children import Children
from local.postgres import EmbeddedPostgres
from local.stack import StackInfo, StackOptions, start_stack

# Waiting out a lost submit takes 300 s in a deployment; here six.
HASTE = {"STORYREEL_PATIENCE": "0.02"}
_ENDPOINT = "/fal-ai/fast-animatediff/turbo/text-to-video"
_CLEAN = {
    name: value for name, value in os.environ.items() if not name.startswith(("SUPABASE_", "STORYREEL_", "FAL_"))
}


@dataclass(frozen=True)
class Stack:
    """A running stack, and what tests do to it."""

    folder: Path
    info: StackInfo
    children: Children
    owner: psycopg.AsyncConnection

    def kill(self, child: str) -> None:
        """End the process as a power cut would; its keeper starts another."""
        os.kill(self.children.pid(child), signal.SIGKILL)

    async def insert(self, text: str) -> str:
        """Insert a story as an app would."""
        cursor = await self.owner.execute(
            "insert into public.stories (text) values (%s) returning id::text", (text,)
        )
        row = await cursor.fetchone()
        assert row is not None
        return str(row[0])

    async def end_of(self, story_id: str, *, seconds: float = 60) -> dict[str, object]:
        """The video once nothing more is being done for it. Meanwhile every third of a second is a minute."""
        query = "select shows, work, reason, url from public.story_videos where source_id = %s"
        async with asyncio.timeout(seconds):
            while True:
                row = await (await self.owner.execute(query, (story_id,))).fetchone()
                if row is not None and row[1] != "working":
                    return dict(zip(("shows", "work", "reason", "url"), row, strict=True))
                await self.owner.execute("select storyreel.hint('reconcile')")
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
    async with (
        start_stack(folder, _CLEAN, options) as (info, children),
        await psycopg.AsyncConnection.connect(info.owner_url, autocommit=True) as owner,
    ):
        yield Stack(folder, info, children, owner)


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    """One stack for all tests of this folder; they tell their stories apart by text."""
    folder = Path(tempfile.mkdtemp(prefix="storyreel-stack-"))
    folder.chmod(0o755)
    async with running_stack(folder) as running:
        yield running
    EmbeddedPostgres(folder / "postgres").discard()
