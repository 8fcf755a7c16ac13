# ruff: noqa: INP001 - an example to copy, no part of the application
"""The video of one story as it becomes better, for supabase-py: placeholder, preview, final.

`supabase` is an async client whose user is signed in as `user_id`. `video["url"]` plays; in a private bucket it is
None, and an address is signed for:
    await supabase.storage.from_(video["bucket"]).create_signed_url(video["path"], 3600)
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from realtime.types import BroadcastPayload

from supabase import AsyncClient

RANK = {"placeholder": 0, "preview": 1, "final": 2}
logger = logging.getLogger(__name__)


def age(video: dict[str, Any]) -> tuple[datetime, int, int, datetime]:
    """News may come late, twice and out of order; what a video shows only moves up."""
    begun, changed = datetime.fromisoformat(video["created_at"]), datetime.fromisoformat(video["updated_at"])
    return begun, RANK[video["shows"]], video["shown_revision"], changed


async def watch_video(
    supabase: AsyncClient, user_id: str, table: str, story_id: str
) -> AsyncIterator[dict[str, Any]]:
    """Yield the row of story_videos whenever there is a newer one; end when the story is gone."""
    news: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()  # a row; None: read it

    def heard(message: BroadcastPayload) -> None:
        record = message["payload"]["record"]  # None: deleted, given away, or too much at once to tell one by one
        if record is None or (record["source_table"], record["source_id"]) == (table, story_id):
            news.put_nowait(record)

    def subscribed(status: str, error: Exception | None) -> None:
        if status == "SUBSCRIBED":  # the first time and after every interruption: what was missed is not repeated
            news.put_nowait(None)
        elif error:
            logger.warning("%s %s", status, error)

    channel = supabase.channel(
        f"storyreel:videos:{user_id}",
        {"config": {"private": True, "broadcast": {"replication_ready": True}, "presence": None}},
    )
    channel.on_broadcast("*", heard)
    channel.on_system(lambda _: news.put_nowait(None))  # from here on nothing is missed; SUBSCRIBED may be earlier
    await channel.subscribe(subscribed)
    stories = supabase.table("story_videos").select("*").eq("source_table", table).eq("source_id", story_id)
    shown: dict[str, Any] | None = None
    try:
        while True:
            video: Any = await news.get() or next(iter((await stories.execute()).data), None)
            if video is None and shown:
                return
            if video and (shown is None or age(video) > age(shown)):
                yield (shown := {**(shown or {}), **video})  # `progress` is read, and not told
    finally:
        await supabase.remove_channel(channel)
