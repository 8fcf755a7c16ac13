"""How stories come to where a worker begins that is to die of them: what an app, time and the provider did before.

Each function is given a deployment and returns the id of a story in it, or makes such a function. `scenarios.py`
says what then happens.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from functions.settings import ModerationEndpoint, ModerationSettings, Settings
from tests.crashes.failpoints import point
from tests.crashes.site import Site


async def told(site: Site) -> str:
    return await site.tell()


def scripted(*scripts: Mapping[str, object]) -> Callable[[Site], Awaitable[str]]:
    """A story whose submits go as scripted, one after the other."""

    async def begin(site: Site) -> str:
        for number, script in enumerate(scripts, 1):
            site.provider.script(number, **script)
        return await site.tell()

    return begin


def dead(at: str, **script: object) -> Callable[[Site], Awaitable[str]]:
    """A story of which one worker died already."""

    async def begin(site: Site) -> str:
        site.provider.script(1, **script)
        story = await site.tell()
        await site.dies(point(at))
        return story

    return begin


async def without_hints(site: Site) -> str:
    """The engine has lost every job."""
    story = await site.tell()
    await site.rows("delete from procrastinate.procrastinate_jobs")
    return story


async def missed(site: Site) -> str:
    """A story whose insert met a fault of ours."""
    await site.rows("alter function storyreel.begin_videos rename to mislaid")
    story = await site.tell()
    await site.rows("alter function storyreel.mislaid rename to begin_videos")
    assert await site.rows("select from storyreel.missed")
    return story


async def on_the_ladder(site: Site) -> str:
    """A story whose model's first endpoint is missing, which nobody knows yet."""
    await site.rows("delete from storyreel.missing_endpoints")
    return await site.tell()


async def beside_an_equal_clip(site: Site) -> str:
    """A story whose clip will be, byte for byte, one that was finished for another."""
    await site.tell("A fox in the forest")
    await site.live_on()
    return await site.tell()


async def no_film(site: Site) -> str:
    site.films.append(b"no film")
    return await site.tell()


async def forgotten(site: Site) -> str:
    """Nobody asked for the clip until the provider had forgotten it."""
    site.provider.script(1, lose_webhook=True)
    story = await site.tell()
    await site.work_once()
    site.clock.advance(minutes=61)
    return story


async def failed_for_now(site: Site) -> str:
    """The provider failed three times; the time to begin again has come."""
    for number in (1, 2, 3):
        site.provider.script(number, fail=500)
    story = await site.tell()
    async with site.worker() as worker:
        while not await site.rows("select from storyreel.takes where status = 'failed'"):
            await site.work(worker)
            site.clock.advance(seconds=30)
    site.clock.advance(minutes=13)
    return story


def unwanted(**script: object) -> Callable[[Site], Awaitable[str]]:
    """A story that is deleted while the provider is at it."""

    async def begin(site: Site) -> str:
        site.provider.script(1, latency=600, **script)
        story = await site.tell()
        await site.work_once()
        await site.delete(story)
        return story

    return begin


async def never_billed(site: Site) -> str:
    """Its worker died before it asked for the bill, and for a day there was no other."""
    story = await dead("renders.unsettled:after")(site)
    site.clock.advance(hours=25)
    return story


async def never_planned(site: Site) -> str:
    """Five planners died of it."""
    story = await site.tell()
    await site.rows("update storyreel.revisions set attempt = 5")
    return story


async def over_cap(site: Site) -> str:
    """Nothing may be spent, ever."""
    await site.rows("update storyreel.limits set total_usd = 0")
    return await site.tell()


async def held(site: Site) -> str:
    """It waited for today's budget, in which there is room now."""
    await site.rows("update storyreel.limits set day_usd = 0")
    story = await site.tell()
    await site.work_once()
    assert await site.ending(story) == ("placeholder", "held", "budget")
    await site.rows("update storyreel.limits set day_usd = null")
    return story


async def unused(site: Site) -> str:
    """Deleted long ago: its files are to be removed."""
    site.settings = replace(site.settings, timing=replace(site.settings.timing, keep=timedelta(days=1)))
    story = await site.tell()
    async with site.worker() as worker:
        await site.work(worker)
        await site.delete(story)
        site.clock.advance(days=1, minutes=5)
        await site.work(worker)
    assert len(await site.bucket.list("")) == 4
    site.clock.advance(days=1)
    return story


async def undeletable(site: Site) -> str:
    """The same, but the bucket deletes nothing: it follows no symbolic link."""
    story = await unused(site)
    originals = site.buckets / "videos" / "originals"
    originals.rename(site.folder / "originals")
    originals.symlink_to(site.folder / "originals")
    return story


async def mend_bucket(site: Site) -> None:
    """It is a folder again; a day later somebody looks."""
    originals = site.buckets / "videos" / "originals"
    originals.unlink()
    (site.folder / "originals").rename(originals)
    site.clock.advance(days=1)


def no_host(settings: Settings) -> Settings:
    return replace(settings, fal=replace(settings.fal, file_hosts=()))


def no_moderator(settings: Settings) -> Settings:
    """A moderation endpoint that does not answer: nobody listens on "discard"."""
    nobody = ModerationEndpoint("http://127.0.0.1:9/v1", key="", model="none", fails_open=False)
    return replace(settings, moderation=ModerationSettings(endpoint=nobody))
