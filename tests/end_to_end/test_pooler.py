"""Serverless: the functions alone, behind a transaction pooler of two connections, with no standing worker."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from local.stack import StackInfo
from storage.migrate import migrate
from tests.cli.running import free_port
from tests.conftest import BOOTSTRAP
from tests.end_to_end.conftest import Stack
from tests.hosts.bouncer import bouncing


@asynccontextmanager
async def _process(*argv: str, environment: dict[str, str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(*argv, env=environment)
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def pooled(stack: Stack) -> AsyncIterator[str]:
    """The URL, through the pooler, of a migrated database of its own on the stack's server."""
    await stack.ask("create database pooled")
    owner_url = stack.info.owner_url.replace("/postgres?", "/pooled?")
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
        await owner.execute(BOOTSTRAP.read_text().encode())
    await asyncio.to_thread(migrate, owner_url)
    async with bouncing(owner_url, mode="transaction", size=2) as bouncer:
        yield bouncer.url


@asynccontextmanager
async def _functions(info: StackInfo, database_url: str, bucket: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The functions' server on that database, and a client of it that has the secret."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = {
        **info.settings,
        "SUPABASE_URL": base,
        "SUPABASE_DB_URL": database_url,
        "STORYREEL_BUCKET_FOLDER": str(bucket),
    }
    key = {"apikey": info.settings["SUPABASE_SECRET_KEY"]}
    command = [sys.executable, "-m", "cli.main", "serve", "--port", str(port)]
    async with (
        _process(*command, environment={**os.environ, **settings}),
        httpx.AsyncClient(
            base_url=f"{base}/functions/v1",
            headers=key,
            trust_env=False,
            timeout=90,
        ) as client,
    ):
        async with asyncio.timeout(60):
            while not await _answers(client):
                await asyncio.sleep(0.1)
        yield client


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health")).is_success
    except httpx.TransportError:
        return False


@pytest.mark.needs("pgbouncer")
async def test_functions_alone_make_a_video_through_a_transaction_pooler(
    stack: Stack, pooled: str, tmp_path: Path
) -> None:
    """generate-video, video-webhook and run-jobs are a whole deployment: no worker, no session connection."""
    async with _functions(stack.info, pooled, tmp_path) as client:
        asked = await client.post("/generate-video", json={"text": "A crab dreams in the pool", "id": "crab"})
        assert asked.status_code == 202, asked.text
        video = asked.json()
        async with asyncio.timeout(60):
            while video["work"] == "working":
                ran = await client.post("/run-jobs?seconds=5")
                assert ran.status_code == 200, ran.text
                video = (await client.post("/generate-video", json={"text": "unused", "id": "crab"})).json()

    assert (video["work"], video["shows"]) == ("idle", "final")
