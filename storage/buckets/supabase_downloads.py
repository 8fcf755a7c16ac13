"""Getting one file from Supabase Storage as a plain request: the package's download holds the file in memory."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from storage.buckets.content_types import by_suffix
from storage.buckets.supabase_answers import Answers
from storage.buckets.transfer import PIECE_BYTES, receiving


@dataclass(frozen=True)
class Downloads:
    """Gets files from one bucket. `info` tells of the object at a path, as the package's does."""

    http: httpx.AsyncClient
    info: Callable[[str], Awaitable[dict[str, Any]]]
    answers: Answers

    async def get(self, path: str, url: str, file: Path, what: str) -> None:
        """The object at the path, which is asked for at `url`. Raises what `Answers.errors` maps."""
        async with self.http.stream("GET", url, headers={"accept-encoding": "identity"}) as reply:
            if not reply.is_success:
                await reply.aread()
                raise self.answers.refusal(reply, what)
            with receiving(file) as arriving:
                async for piece in reply.aiter_bytes(PIECE_BYTES):
                    await asyncio.to_thread(arriving.write, piece)
                size = arriving.tell()
                # A portal says 200 to everything. A page of another type than the path's is held against storage.
                if _type(reply) != by_suffix(path) and (await self.info(path))["size"] != size:
                    raise ValueError("what came is not the object")


def _type(reply: httpx.Response) -> str:
    told: str = reply.headers.get("content-type", "")
    return told.partition(";")[0].strip().lower()
