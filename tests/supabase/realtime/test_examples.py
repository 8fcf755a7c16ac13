"""docs/examples with real supabase-js and supabase-py, a real PostgREST, and Realtime's stand-in."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from pipeline.model import AdmittedRender
from tests.conftest import ROOT, Clock
from tests.storage.builders import CLIP, LEASE, TABLE, shot
from tests.storage.world import World
from tests.supabase.hosted import Project, working_on
from tests.supabase.realtime.peer import Peer, live
from tests.supabase.rest import Rest, serving, signed, token

pytestmark = [pytest.mark.needs("postgres15"), pytest.mark.needs("postgrest"), pytest.mark.needs("supabase-js")]

_HERE = Path(__file__).parent
WATCHERS = {
    "supabase-js": ("node", "--no-warnings", "--experimental-websocket", _HERE / "watch.mjs"),  # the flag: node 20
    "supabase-py": (sys.executable, _HERE / "watch.py"),
}


@pytest.fixture(scope="module")
def rest(project: Project) -> Iterator[Rest]:
    with serving(project) as served:
        yield served


@pytest.fixture(scope="module")
async def peer(project: Project, rest: Rest) -> AsyncIterator[Peer]:
    async with live(project, rest) as served:
        yield served


@pytest.fixture
async def world(project: Project, clock: Clock) -> AsyncIterator[World]:
    async with working_on(project, clock) as made:
        yield made


class Screen:
    """What an example shows, and what it warns of."""

    def __init__(self, lines: asyncio.StreamReader) -> None:
        self._lines = lines

    async def shows(self) -> str | None:
        """The next that is shown, as `<shows> <revision>`; None: it is taken away."""
        while not (line := await self._next()).startswith("{"):
            pass
        video = json.loads(line)["video"]
        return video and f"{video['shows']} {video['shown_revision']}"

    async def warns_of(self, words: str) -> None:
        """Wait until it does; nothing is shown before that."""
        while words not in (line := await self._next()):
            assert not line.startswith("{"), line

    async def _next(self) -> str:
        async with asyncio.timeout(20):
            line = (await self._lines.readline()).decode()
        assert line, "it has ended"
        return line


@asynccontextmanager
async def watching(
    watcher: str, peer: Peer, user: UUID, story: str, *, signed_in_as: UUID
) -> AsyncIterator[Screen]:
    """The example at work; after the block it has nothing more to show."""
    process = await asyncio.create_subprocess_exec(
        *WATCHERS[watcher], peer.url, signed(token(user=signed_in_as)), str(user), TABLE, story,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "docs" / "examples")},
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    try:
        yield Screen(process.stdout)
    finally:
        process.stdin.close()
        remaining = await process.stdout.read()
        await process.wait()
    assert b'{"video"' not in remaining


async def told(rest: Rest, user: UUID) -> str:
    """A story that the user tells through the API."""
    async with rest.user(user) as api:
        answer = await api.post("/stories", json={"text": "A whale"}, headers={"Prefer": "return=representation"})
    return str(answer.json()[0]["id"])


async def begun(world: World, key: str, **how: Any) -> list[AdmittedRender]:
    """The renders of everything that waits, one story's; a preview's first."""
    await world.plan(shot(key, **how))
    renders = await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)
    finals = await world.rows(
        "select r.id from storyreel.shots s join storyreel.renders r using (take_id) where s.shows = 'final'"
    )
    return sorted(renders, key=lambda render: (render.id,) in finals)


async def made(world: World, render: AdmittedRender) -> None:
    """The clip comes, and is shown."""
    world.clock.advance(seconds=1)
    await world.submit(render, f"request-{render.id}")
    await world.conclude(render.id, CLIP)
    take = await world.take_of(render.id)
    await world.fetch(take)
    await world.finish(take)


@pytest.mark.parametrize("watcher", WATCHERS)
async def test_a_story_is_seen_to_get_better(rest: Rest, peer: Peer, world: World, watcher: str) -> None:
    """Whatever is missed, before the server hears or with the connection; what comes late or twice is no step."""
    user, key = uuid4(), str(uuid4())
    story = await told(rest, user)
    preview, final = await begun(world, key, preview=f"{key} in small")

    peer.lose_sight()  # SUBSCRIBED comes all the same
    async with watching(watcher, peer, user, story, signed_in_as=user) as screen:
        assert await screen.shows() == "placeholder 0"
        await peer.joined(1)
        await made(world, preview)
        await peer.be_ready()
        assert await screen.shows() == "preview 1"

        peer.lose_sight()
        await made(world, final)
        await peer.hang_up()
        assert await screen.shows() == "final 1"

        await peer.joined(1)
        await peer.be_ready()
        await world.ask_again(story)
        (again,) = await begun(world, f"{key} anew")
        await made(world, again)
        while (shown := await screen.shows()) != "final 2":
            assert shown == "final 1"  # at work again

        for _ in range(2):
            for (message,) in await world.rows(
                "select id::text from realtime.messages where topic = %s and event = 'UPDATE'",
                f"storyreel:videos:{user}",
            ):
                await peer.tell(message)
        await world.rows("delete from public.stories where id = %s::uuid", story)
        assert await screen.shows() is None  # without a step back before it


@pytest.mark.parametrize("watcher", WATCHERS)
async def test_the_topic_of_another_is_refused(rest: Rest, peer: Peer, watcher: str) -> None:
    """To whoever is signed in as somebody else; and nothing is shown."""
    user = uuid4()
    story = await told(rest, user)

    async with watching(watcher, peer, user, story, signed_in_as=uuid4()) as screen:
        await screen.warns_of(f"permissions to read from this Channel topic: storyreel:videos:{user}")
