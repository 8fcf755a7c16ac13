"""The database is away just when a submit was accepted: the request id is held on to, for the clip is paid for."""

import pytest

from pipeline import admit
from pipeline.errors import StoreUnavailable
from pipeline.lifecycle import Shows
from tests.pipeline.steps.cuts import stumbling
from tests.pipeline.steps.world import World

PAUSES = len(admit._SAVE_PAUSES)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many pauses, of no length."""
    monkeypatch.setattr(admit, "_SAVE_PAUSES", (0.0,) * PAUSES)


def absences(count: int) -> list[Exception]:
    return [StoreUnavailable("away") for _ in range(count)]


async def test_a_request_id_outlives_a_short_absence(world: World) -> None:
    """Saved again until it is: the render is with the provider under its name, submitted once."""
    whole, world.renders = world.renders, stumbling(world.renders, "submitted", absences(PAUSES))
    story = await world.submit()
    world.renders = whole
    (render,) = await world.renders_made()
    assert (render["status"], render["request_id"]) == ("submitted", "request-1")

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_an_absence_harms_no_other_submit_of_the_batch(world: World) -> None:
    """While one waits for the database, the other is saved."""
    whole, world.renders = world.renders, stumbling(world.renders, "submitted", absences(2))
    await world.tell()
    await world.tell("A fox in the forest")
    await world.plan()
    await world.admit()
    world.renders = whole

    assert await world.statuses() == ["submitted", "submitted"]
    assert await world.provider.accepted() == 2


async def test_a_long_absence_is_an_error_and_costs_no_clip(world: World) -> None:
    """Nothing is swallowed; the webhook names the render all the same."""
    whole, world.renders = world.renders, stumbling(world.renders, "submitted", absences(PAUSES + 1))
    story = await world.tell()
    await world.plan()
    with pytest.RaisesGroup(StoreUnavailable):
        await world.admit()
    world.renders = whole
    assert await world.statuses() == ["admitted"]

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1
