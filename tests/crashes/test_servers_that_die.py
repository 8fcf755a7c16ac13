"""A functions server that is killed over a delivery loses none: the provider delivers again, or is asked."""

import asyncio

import pytest

from tests.crashes.failpoints import point
from tests.crashes.handles import Dead
from tests.crashes.scenarios import FINAL, WEBHOOK
from tests.crashes.site import Site


async def dies_of_a_delivery(site: Site, at: str) -> str:
    """The server of a story whose clip is announced dies at the point; the story."""
    story = await site.tell()
    async with site.server(point(at)) as server, site.worker() as worker:
        await site.work(worker)
        with pytest.raises(Dead, match=str(point(at))):
            await server.hear()
    return story


async def acknowledged(site: Site) -> None:
    """Wait until the provider's delivery was taken."""
    while (await site.provider.journal())["requests"][0]["deliveries"][-1]["verdict"] != "acknowledged":
        await asyncio.sleep(0)


@pytest.mark.parametrize("at", WEBHOOK)
async def test_a_delivery_counts_when_it_comes_again(dark_site: Site, at: str) -> None:
    """Another server takes it, and it counts once, however far the first one came."""
    story = await dies_of_a_delivery(dark_site, at)
    await dark_site.serve_functions()
    dark_site.clock.advance(seconds=10)
    await acknowledged(dark_site)
    await dark_site.work_once()

    assert await dark_site.ending(story) == FINAL, "nothing had to be polled"
    assert await dark_site.rows("select outcome from storyreel.deliveries") == [{"outcome": "accepted"}]
    await dark_site.live_on()
    assert await dark_site.paid() == 1
    await dark_site.adds_up()


@pytest.mark.parametrize("at", ["renders.deliver:before", "renders.deliver:after"])
async def test_a_delivery_that_does_not_come_again_in_time_is_asked_for(dark_site: Site, at: str) -> None:
    """No server comes back for long: the clip is there all the same, and the late delivery changes nothing."""
    story = await dies_of_a_delivery(dark_site, at)
    await dark_site.live_on()
    assert await dark_site.ending(story) == FINAL

    await dark_site.serve_functions()
    dark_site.clock.advance(seconds=10)
    await acknowledged(dark_site)
    known = "accepted" if at == "renders.deliver:after" else "stale"
    assert await dark_site.rows("select outcome from storyreel.deliveries") == [{"outcome": known}]
    await dark_site.live_on()
    assert await dark_site.ending(story) == FINAL
    assert await dark_site.paid() == 1
    await dark_site.adds_up()
