"""A story that kills every worker that comes near it is let go after a few: it falls back, and frees its slot."""

import pytest

from tests.crashes.failpoints import Point, point
from tests.crashes.handles import Dead
from tests.crashes.scenarios import FINAL
from tests.crashes.site import Site

NOT_PLANNED = ("placeholder", "fallback", "not_planned")
# Where it kills; how often it may; how its story ends; what was paid.
POISON = {
    "plan": ("plans.save:before", 5, NOT_PLANNED, 0),
    "submit": ("generator.submit:before", 2, ("placeholder", "fallback", "provider_silent"), 0),
    "submit, sent": ("generator.submit:after", 2, ("placeholder", "fallback", "provider_silent"), 2),
    "fetch": ("source.download:after", 5, ("placeholder", "fallback", "clip_lost"), 1),
    "finish": ("transcoder.transcode:before", 5, ("placeholder", "fallback", "not_finished"), 1),
}
_TOO_MANY = 8


async def killed(site: Site, at: Point) -> int:
    """How many workers die at the point, one after the other, until one lives to the end."""
    for deaths in range(_TOO_MANY):
        try:
            async with site.worker(at) as worker:
                await site.live(worker)
        except Dead:
            site.clock.advance(minutes=3)
        else:
            return deaths
    raise AssertionError(f"{_TOO_MANY} workers died at {at}, and there is no end of it")


@pytest.mark.parametrize("step", POISON)
async def test_a_poison_step_is_begun_so_often_and_no_more(site: Site, step: str) -> None:
    """Five times; a submit, which may be paid each time, twice."""
    at, times, ending, paid = POISON[step]
    for number in (1, 2):
        site.provider.script(number, lose_webhook=step == "submit, sent")
    story = await site.tell()

    assert await killed(site, point(at)) == times
    assert await site.ending(story) == ending
    assert await site.paid() == paid
    await site.adds_up()


async def test_a_poison_plan_takes_no_other_story_with_it(site: Site) -> None:
    """Those that were claimed together with it are planned by the next worker."""
    stories = [await site.tell(text) for text in ("A gentle dove", "A poisonous snake", "A gentle lamb")]
    at, times, *_ = POISON["plan"]

    assert await killed(site, point(at, about="poisonous")) == times
    assert [await site.ending(story) for story in stories] == [FINAL, NOT_PLANNED, FINAL]
    await site.adds_up()
