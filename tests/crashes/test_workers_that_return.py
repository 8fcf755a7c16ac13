"""A worker that was cut off for longer than its lease, and returns, changes nothing: another has its work."""

import pytest

from tests.crashes.failpoints import point
from tests.crashes.scenarios import FINAL
from tests.crashes.site import Site

# Where one freezes, and where the other is with the same work when it thaws.
CUT_OFF = [
    ("takes.fetched:freeze", "source.download:freeze"),
    ("takes.finished:freeze", "transcoder.transcode:freeze"),
    ("plans.save:freeze", "plans.missing_endpoints:freeze"),
]
_TABLES = ("revisions", "takes", "renders", "videos", "ledger", "renditions")


async def everything(site: Site) -> list[object]:
    """The rows that the story hangs on."""
    return [await site.rows(f"select t::text from storyreel.{table} t order by 1") for table in _TABLES]


@pytest.mark.parametrize(("froze", "works"), CUT_OFF)
async def test_a_worker_that_returns_changes_nothing(site: Site, froze: str, works: str) -> None:
    """Not while another has the work in hand; and that one ends it."""
    story = await site.tell()
    async with site.worker(point(froze)) as first, site.worker(point(works)) as second:
        assert await site.until_frozen(first) == point(froze)
        site.clock.advance(minutes=4)
        assert await site.until_frozen(second) == point(works)
        before = await everything(site)
        first.thaw()
        site.errors += await first.hear()
        assert await everything(site) == before, "it was another's"

        second.thaw()
        site.errors += await second.hear()
    await site.live_on()
    assert await site.ending(story) == FINAL
    assert await site.paid() == 1
    await site.adds_up()
