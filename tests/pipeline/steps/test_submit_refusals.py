"""What `admit` makes of every answer with which a provider may turn a submit away."""

from datetime import timedelta
from functools import partial

import httpx
import pytest

from pipeline.lifecycle import Shows, Work
from pipeline.models import MODELS, parameters_for
from tests.pipeline.steps.outside import ANIMATEDIFF, LIGHTNING, TURBO
from tests.pipeline.steps.world import World

PARAMETERS = MODELS["lightning"].parameters


@pytest.fixture
async def no_endpoint_missing(world: World) -> None:
    await world.rows("delete from storyreel.missing_endpoints")


async def submits(world: World, endpoint: str) -> int:
    return await world.provider.called("POST", f"/{endpoint}")


@pytest.mark.usefixtures("no_endpoint_missing")
async def test_a_missing_endpoint_is_climbed_down_from_and_remembered(world: World) -> None:
    """The 404 costs nothing and is met once; the next clip goes to the endpoint below at once."""
    story = await world.submit()
    (render,) = await world.renders_made()
    assert (render["status"], render["endpoint"]) == ("submitted", TURBO)
    assert (await world.live_on(story)).shows == Shows.FINAL

    other = await world.submit("A fox in the forest")
    assert (await world.live_on(other)).shows == Shows.FINAL
    assert (await submits(world, LIGHTNING), await submits(world, TURBO)) == (1, 2)


@pytest.mark.usefixtures("no_endpoint_missing")
async def test_a_missing_endpoint_is_asked_again_after_a_day(world: World) -> None:
    """It may have come into being."""
    await world.submit()
    world.clock.advance(hours=25)
    await world.submit("A fox in the forest")

    assert await submits(world, LIGHTNING) == 2


async def test_the_last_rung_is_asked_with_parameters_of_its_own(world: World) -> None:
    """Undistilled AnimateDiff needs more steps than the take asked for; the clip is the take's all the same."""
    world.wire.answers = [("POST", httpx.Response(404, json={"detail": "Application not found"}))]
    story = await world.submit()

    assert (await world.live_on(story)).shows == Shows.FINAL
    [request] = (await world.provider.journal())["requests"]
    assert request["endpoint"] == ANIMATEDIFF
    assert (request["input"]["num_inference_steps"], request["input"]["guidance_scale"]) == (25, 7.5)


async def test_money_follows_down_the_ladder(world: World) -> None:
    """What was reserved for the endpoint that is missing is set free, and what the next one costs is reserved."""
    world.wire.answers = [
        ("POST", httpx.Response(404, json={"detail": "Application not found"})),
        ("POST", httpx.Response(500)),
    ]
    story = await world.submit()

    estimate = partial(world.generator.estimate, ceiling=MODELS["lightning"].ceiling)
    dear = estimate(ANIMATEDIFF, parameters_for(MODELS["lightning"], ANIMATEDIFF, PARAMETERS))
    cheap = estimate(TURBO, PARAMETERS)
    entries = await world.rows("select endpoint, kind, amount_usd from storyreel.ledger order by id")
    assert [tuple(entry.values()) for entry in entries] == [
        (TURBO, "reserved", cheap),
        (TURBO, "released", cheap),
        (ANIMATEDIFF, "reserved", dear),
    ]
    await world.live_on(story)
    renders = await world.renders_made()
    assert [render["estimate_usd"] for render in renders] == [dear] * len(renders)


async def test_a_model_that_this_worker_does_not_know_is_left_to_others(world: World) -> None:
    """While a deployment rolls, a newer worker may come by: nothing is sent, no slot is held, it waits."""
    story = await world.tell()
    await world.plan()
    await world.rows("update storyreel.takes set model = 'newer'")
    for _ in range(3):
        assert await world.admit() == 1
        (render,) = await world.renders_made()
        assert (render["status"], render["failure_code"]) == ("waiting", "unknown_model")
        assert await world.admit() == 0, "not at once again"
        world.clock.advance(minutes=10)

    await world.rows("update storyreel.takes set model = 'lightning'")  # as a newer worker sees it
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.statuses() == ["delivered"]


async def test_a_model_that_nobody_knows_is_given_up(world: World) -> None:
    """In hours and not for ever, its reservations set free; asked for anew, it may be known again."""
    story = await world.tell()
    await world.plan()
    await world.rows("update storyreel.takes set model = 'retired'")
    began = world.clock()
    video = await world.live_on(story)

    assert (video.work, video.reason) == (Work.FALLBACK, "unknown_model")
    assert timedelta(minutes=10) < world.clock() - began < timedelta(hours=2)
    assert set(await world.statuses()) == {"failed"}
    assert await world.provider.accepted() == 0
    reserved, released = await world.ledger("reserved"), await world.ledger("released")
    assert {row["render_id"] for row in reserved} == {row["render_id"] for row in released}

    await world.rows("update storyreel.takes set model = 'lightning'")
    await world.ask_again(story)
    assert (await world.live_on(story)).shows == Shows.FINAL


async def test_no_endpoint_at_all_falls_back_with_the_reason(world: World) -> None:
    """Where the last rung is missing, too, that one is asked at most three times, and the placeholder stays."""
    missing = {"detail": "Application not found"}
    world.wire.answers = [("POST", httpx.Response(404, json=missing)) for _ in range(9)]
    story = await world.submit()
    video = await world.live_on(story)

    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, "endpoint_missing")
    assert len(world.wire.answers) == 9 - (1 + 3)
    assert await world.provider.accepted() == 0


async def test_busy_is_put_back_for_as_long_as_the_provider_says(world: World) -> None:
    """A 429 frees the slot and waits for Retry-After; then the same render goes, and is the only one."""
    world.wire.answers = [("POST", httpx.Response(429, headers={"retry-after": "77"}))]
    story = await world.submit()
    (render,) = await world.renders_made()
    assert (render["status"], render["failure_code"]) == ("waiting", "generator_busy")
    assert render["due_at"] == world.clock() + timedelta(seconds=77)

    world.clock.advance(seconds=76)
    assert await world.admit() == 0
    world.clock.advance(seconds=1)
    assert await world.admit() == 1
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.statuses() == ["delivered"]


async def test_busy_without_a_time_is_put_back_ever_longer(world: World) -> None:
    """Each refusal doubles the wait, counted over admissions."""
    waits = []
    world.wire.answers = [("POST", httpx.Response(429)) for _ in range(4)]
    await world.tell()
    await world.plan()
    for _ in range(4):
        await world.admit()
        (render,) = await world.renders_made()
        waits.append((render["due_at"] - world.clock()).total_seconds())
        world.clock.advance(seconds=waits[-1])

    assert waits == [2.5, 5, 10, 20], "with no jitter"


async def test_busy_never_fails_a_video(world: World) -> None:
    """Nothing was tried, so no try is used up: after twenty refusals the video is still made."""
    world.wire.answers = [("POST", httpx.Response(429)) for _ in range(20)]
    story = await world.submit()
    while world.wire.answers:
        world.clock.advance(minutes=10)
        await world.admit()

    assert (await world.video(story)).work == Work.WORKING
    world.clock.advance(minutes=10)
    assert (await world.live_on(story)).shows == Shows.FINAL


@pytest.mark.parametrize("status", [429, 401, 403])
async def test_a_provider_that_takes_nothing_is_left_alone(world: World, status: int) -> None:
    """Busy, or a dead key: the batch ends, and what was not sent waits as if nobody had tried."""
    headers = {"retry-after": "77"} if status == 429 else {}
    world.wire.answers = [("POST", httpx.Response(status, headers=headers)) for _ in range(20)]
    for number in range(10):
        await world.tell(f"a whale, number {number}")
    await world.plan()

    assert await world.admit() == 2, "as many as there are slots were under way when the first answer came"
    assert len(world.wire.answers) == 18
    renders = await world.renders_made()
    assert [row["status"] for row in renders] == ["waiting"] * 10
    assert sorted(row["tries"] for row in renders) == [0] * 8 + [1] * 2
    assert sum(row["failure_code"] is None for row in renders) == 8


async def test_one_busy_answer_ends_the_batch_for_its_neighbours(world: World) -> None:
    """The other submit of the batch was accepted; still nothing more is sent in this run."""
    world.wire.answers = [("POST", httpx.Response(429))]
    await world.rows("update storyreel.providers set slots = 3")
    for number in range(8):
        await world.tell(f"a whale, number {number}")
    await world.plan()

    assert await world.admit() == 3
    assert await world.provider.accepted() == 2
    assert sorted(await world.statuses()) == ["submitted"] * 2 + ["waiting"] * 6


@pytest.mark.parametrize("status", [401, 403])
async def test_a_dead_key_is_put_back_with_the_reason(world: World, status: int) -> None:
    """Nothing fails for it: once a person mended the key, the same render goes."""
    world.wire.answers = [("POST", httpx.Response(status, json={"detail": "no such key"}))]
    story = await world.submit()
    (render,) = await world.renders_made()
    assert (render["status"], render["failure_code"]) == ("waiting", "generator_key_refused")
    assert "no such key" in render["failure_message"]
    assert (await world.video(story)).work == Work.WORKING

    assert (await world.live_on(story)).shows == Shows.FINAL
    (render,) = await world.renders_made()
    assert (render["status"], render["failure_code"]) == ("delivered", None)


async def test_a_refused_submit_falls_back_at_once(world: World) -> None:
    """A permanent no to the very submit: no second try, the reservation released, a sentence to show."""
    world.wire.answers = [("POST", httpx.Response(422, json={"detail": "no"}))]
    story = await world.submit()
    video = await world.video(story)

    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, "generator_refused")
    assert video.message == "The video service did not accept this story."
    assert await world.statuses() == ["failed"]
    assert len(await world.ledger("released")) == 1


async def test_one_answer_of_a_batch_harms_no_other(world: World) -> None:
    """Submits go together; one refusal leaves its neighbour's submit on record."""
    world.wire.answers = [("POST", httpx.Response(422, json={"detail": "no"}))]
    await world.tell()
    await world.tell("A fox in the forest")
    await world.plan()
    await world.admit()

    assert sorted(await world.statuses()) == ["failed", "submitted"]
