"""Plays pg_net's worker on the stand-in's tables: takes what is queued, sends it, writes down what came back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic.dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One queued request."""

    id: int
    url: str
    headers: dict[str, str]
    body: bytes
    timeout_milliseconds: int


TAKE = b"""
    delete from net.http_request_queue returning id, url, headers, body, timeout_milliseconds
"""


async def take(connection: psycopg.AsyncConnection[Any]) -> list[Call]:
    """What waits to be sent, which is then nobody's: as a crash of pg_net's worker leaves it."""
    async with connection.cursor(row_factory=class_row(Call)) as cursor:
        await cursor.execute(TAKE)
        return await cursor.fetchall()


@asynccontextmanager
async def sending(url: str) -> AsyncIterator[None]:
    """Send whatever is queued in that database, as soon as it is committed, for the block."""
    async with (
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        await connection.execute("listen net")
        task = asyncio.create_task(_send_all(connection, http))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _send_all(connection: psycopg.AsyncConnection[Any], http: httpx.AsyncClient) -> None:
    while True:
        for call in await take(connection):
            await _send(call, connection, http)
        async for _ in connection.notifies(stop_after=1):
            break


async def _send(call: Call, connection: psycopg.AsyncConnection[Any], http: httpx.AsyncClient) -> None:
    row: tuple[object, ...]
    try:
        answer = await http.post(
            call.url, content=call.body, headers=call.headers, timeout=call.timeout_milliseconds / 1000
        )
        row = (call.id, answer.status_code, Jsonb(dict(answer.headers)), answer.text, False, None)
    except httpx.TimeoutException:
        row = (call.id, None, None, None, True, "Timeout was reached")
    except httpx.HTTPError as error:
        row = (call.id, None, None, None, False, str(error))
    await connection.execute(
        "insert into net._http_response (id, status_code, headers, content, timed_out, error_msg)"
        " values (%s, %s, %s, %s, %s, %s)",
        row,
    )
