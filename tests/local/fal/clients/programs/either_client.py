"""Lets one program make the calls of fal's blocking Python client and of its asynchronous one alike."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

import fal_client
import httpx

_END = object()


async def asked(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a function of either client; the blocking one's in a thread."""
    if inspect.iscoroutinefunction(function):
        return await function(*arguments, **named)
    return await asyncio.to_thread(function, *arguments, **named)


async def each(items: Any) -> AsyncIterator[Any]:
    """What an iterator of either client yields."""
    if inspect.isasyncgen(items):
        async for item in items:
            yield item
    else:
        while (item := await asyncio.to_thread(next, items, _END)) is not _END:
            yield item


async def refusal(function: Callable[..., Any], *arguments: Any, **named: Any) -> dict[str, Any]:
    """The error that the client raises."""
    try:
        return {"returned": repr(await asked(function, *arguments, **named))}
    except fal_client.FalClientHTTPError as error:
        return {
            "status": error.status_code,
            "message": error.message,
            "type": error.error_type,
            "timeout_type": error.response_headers.get("x-fal-request-timeout-type"),
        }


async def exchanged(connection: Any, message: Any) -> Any:
    """What a connection of either client answers to one message."""
    if hasattr(connection, "__aenter__"):
        async with connection as session:
            await session.send(message)
            return await session.recv()

    def in_a_thread() -> Any:
        with connection as session:
            session.send(message)
            return session.recv()

    return await asyncio.to_thread(in_a_thread)


async def read(url: str) -> dict[str, Any]:
    """What is found there."""
    async with httpx.AsyncClient() as http:
        answer = await http.get(url)
    return {
        "url": url,
        "status": answer.status_code,
        "type": answer.headers["content-type"],
        "content": answer.content.hex(),
    }
