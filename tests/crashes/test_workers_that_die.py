"""A worker that is killed at any point costs nobody their video, and pays nothing twice that was known."""

import inspect

import pytest

from pipeline import ports, stores
from pipeline.ports import PromptWriter
from tests.crashes.failpoints import METHODS, PORTS, point
from tests.crashes.scenarios import NEVER_MET, SCENARIOS, STOP, WEBHOOK
from tests.crashes.site import Site

CASES = [(name, at) for name, scenario in SCENARIOS.items() for at in scenario.points]


@pytest.mark.parametrize(("name", "at"), CASES)
async def test_a_worker_dies_and_another_ends_its_story(site: Site, name: str, at: str) -> None:
    """Killed at that very point; another worker, later, brings the story to the end that it would have had."""
    scenario = SCENARIOS[name]
    story = await scenario.begin(site)
    await site.dies(point(at), scenario.dying(site.settings))
    await scenario.mend(site)
    await site.all_noted()
    await site.live_on()

    assert await site.ending(story) == scenario.ends
    assert await site.paid() == scenario.paid
    assert len(await site.bucket.list("")) == scenario.files
    await site.adds_up(scenario.owed)


def test_every_method_is_met() -> None:
    """Of each method of each port some process dies, or it is said why none can."""
    points = [at for _, at in CASES] + WEBHOOK + STOP
    met = {point(at).method for at in points}

    assert met | NEVER_MET.keys() == METHODS
    assert not met & NEVER_MET.keys()


def test_every_port_has_failpoints() -> None:
    """A new port is armed as well. Only who writes prompts is not: that computes, and touches nothing."""
    protocols = {
        port
        for module in (ports, stores)
        for _, port in inspect.getmembers(module, inspect.isclass)
        if port.__module__ == module.__name__ and getattr(port, "_is_protocol", False)
    }

    assert protocols == {*PORTS.values(), PromptWriter}
