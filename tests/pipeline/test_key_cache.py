"""Keys of somebody else are fetched seldom, kept for a while, and never believed for longer."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import KeysUnavailable
from pipeline.key_cache import PAUSE, KeyCache

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIFETIME = timedelta(minutes=10)
MOMENT = timedelta(microseconds=1)


@dataclass
class Server:
    """Somebody else's key server: every answer is another set of keys. `gate` shut: it keeps callers waiting."""

    up: bool = True
    fetches: int = 0
    at_once: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def fetch(self) -> int:
        self.fetches += 1
        self.at_once += 1
        assert self.at_once == 1, "two fetches at the same time"
        try:
            await self.gate.wait()
            if not self.up:
                raise KeysUnavailable("down")
            return self.fetches
        finally:
            self.at_once -= 1

    def cache(self) -> KeyCache[int]:
        return KeyCache(self.fetch, lifetime=LIFETIME, unavailable=KeysUnavailable)


def test_the_pause_is_half_a_minute() -> None:
    assert timedelta(seconds=30) == PAUSE


async def test_keys_are_kept_for_their_lifetime_and_no_longer() -> None:
    """Fetched when first needed; the very moment they are too old, anew."""
    server = Server()
    cache = server.cache()
    assert server.fetches == 0
    assert [await cache.current(NOON + age) for age in (MOMENT * 0, PAUSE, LIFETIME - MOMENT)] == [1, 1, 1]

    assert await cache.current(NOON + LIFETIME) == 2


async def test_newer_keys_are_fetched_once_in_a_pause() -> None:
    """For a signature that nobody's key made: the first looks again, the next ones need not."""
    server = Server()
    cache = server.cache()
    assert await cache.current(NOON) == 1
    assert await cache.newer(1, NOON + PAUSE - MOMENT) is None

    assert await cache.newer(1, NOON + PAUSE) == 2
    assert await cache.newer(2, NOON + PAUSE + MOMENT) is None
    assert await cache.current(NOON + PAUSE + MOMENT) == 2


async def test_newer_keys_are_kept_from_when_they_were_fetched() -> None:
    """Their lifetime begins anew, and that of the old ones is over."""
    server = Server()
    cache = server.cache()
    await cache.current(NOON)
    await cache.newer(1, NOON + LIFETIME - MOMENT)

    assert await cache.current(NOON + LIFETIME) == 2
    assert await cache.current(NOON + 2 * LIFETIME - MOMENT) == 3


async def test_a_server_that_is_down_is_asked_once_in_a_pause() -> None:
    """By whichever way it is asked for; nobody learns anything but that it is down."""
    server = Server(up=False)
    cache = server.cache()
    for ask in (cache.current, partial(cache.newer, 0), cache.current):
        with pytest.raises(KeysUnavailable):
            await ask(NOON)
    assert server.fetches == 1

    server.up = True
    with pytest.raises(KeysUnavailable):
        await cache.current(NOON + PAUSE - MOMENT)
    assert await cache.current(NOON + PAUSE) == 2


async def test_keys_in_hand_outlast_an_outage_but_not_their_lifetime() -> None:
    """A fetch that fails takes nothing away, and adds no time."""
    server = Server()
    cache = server.cache()
    await cache.current(NOON)
    server.up = False
    with pytest.raises(KeysUnavailable):
        await cache.newer(1, NOON + PAUSE)

    assert await cache.current(NOON + PAUSE) == 1
    assert await cache.current(NOON + LIFETIME - MOMENT) == 1
    with pytest.raises(KeysUnavailable):
        await cache.current(NOON + LIFETIME)


async def test_many_at_once_share_one_fetch() -> None:
    """All wait for it, and all get what it brought."""
    server = Server()
    cache = server.cache()
    server.gate.clear()
    waiting = [asyncio.create_task(cache.current(NOON)) for _ in range(20)]
    while not server.fetches:
        await asyncio.sleep(0)
    server.gate.set()

    assert await asyncio.gather(*waiting) == [1] * 20
    assert server.fetches == 1


async def test_who_waited_for_newer_keys_gets_them() -> None:
    """Many signatures by one new key at once: one fetch, and none of them is refused for coming second."""
    server = Server()
    cache = server.cache()
    old = await cache.current(NOON)
    server.gate.clear()
    waiting = [asyncio.create_task(cache.newer(old, NOON + PAUSE)) for _ in range(20)]
    while server.fetches < 2:
        await asyncio.sleep(0)
    server.gate.set()

    assert await asyncio.gather(*waiting) == [2] * 20


async def test_a_caller_that_gives_up_leaves_the_cache_in_order() -> None:
    """A request that is cut off in the middle of the fetch: the others are not stuck, nor is the pause lost."""
    server = Server()
    cache = server.cache()
    server.gate.clear()
    first = asyncio.create_task(cache.current(NOON))
    while not server.fetches:
        await asyncio.sleep(0)
    second = asyncio.create_task(cache.current(NOON))
    first.cancel()
    server.gate.set()

    results = await asyncio.gather(first, second, return_exceptions=True)

    assert isinstance(results[0], asyncio.CancelledError)
    assert isinstance(results[1], KeysUnavailable)
    assert await cache.current(NOON + PAUSE) == 2


async def test_a_clock_that_was_set_back_keeps_nothing_alive() -> None:
    """Keys from the future are of unknown age: fetched anew."""
    server = Server()
    cache = server.cache()
    await cache.current(NOON)

    assert await cache.current(NOON - timedelta(hours=1)) == 2


STEPS = st.lists(
    st.tuples(st.sampled_from(["current", "newer", "down", "up"]), st.integers(0, 700)), min_size=1, max_size=40
)


@given(STEPS)
async def test_whatever_happens_fetches_are_apart_and_keys_are_young(steps: list[tuple[str, int]]) -> None:
    """Any order of users, forgeries and outages, up to minutes apart."""
    server, now = Server(), NOON
    cache = server.cache()
    fetched: dict[int, datetime] = {}
    times: list[datetime] = []
    held = 0
    for step, seconds in steps:
        now += timedelta(seconds=seconds)
        before = server.fetches
        if step in {"up", "down"}:
            server.up = step == "up"
            continue
        try:
            got = await (cache.current(now) if step == "current" else cache.newer(held, now))
        except KeysUnavailable:
            got = None
        held = got or held
        if server.fetches > before:
            times.append(now)
            fetched[server.fetches] = now
        assert server.fetches <= before + 1
        if got is not None:
            assert now - fetched[got] < LIFETIME

    assert all(later - earlier >= PAUSE for earlier, later in pairwise(times))
