"""Runs docs/examples/watch_video.py with the real supabase-py, and prints what it shows, a line of JSON each.

Its warnings are printed as logging does. It ends when its input does.

    PYTHONPATH=docs/examples python watch.py <url> <token> <user id> <table> <story id>
"""

import asyncio
import json
import sys
from importlib import import_module

import httpx

from supabase import AsyncClientOptions, acreate_client


async def main(url: str, token: str, user_id: str, table: str, story_id: str) -> None:
    """Watch one story."""
    async with httpx.AsyncClient() as http:
        signed_in = {"Authorization": f"Bearer {token}"}  # in an app: supabase.auth.sign_in_…
        options = AsyncClientOptions(headers=signed_in, httpx_client=http)
        supabase = await acreate_client(url, "sb_publishable_of_the_tests", options)
        await supabase.realtime.set_auth(token)
        async for video in import_module("watch_video").watch_video(supabase, user_id, table, story_id):
            _print(video)
        _print(None)


def _print(video: object) -> None:
    sys.stdout.write(json.dumps({"video": video}) + "\n")
    sys.stdout.flush()


async def until_the_input_ends() -> None:
    watching = asyncio.create_task(main(*sys.argv[1:]))
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    await asyncio.wait([ended])
    watching.cancel()
    await asyncio.wait([watching])
    if not watching.cancelled():
        watching.result()


asyncio.run(until_the_input_ends())
