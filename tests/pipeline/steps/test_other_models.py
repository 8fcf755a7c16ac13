"""Models beside the default one: what was given reaches the provider, and its clips go the whole way."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.lifecycle import Shows, Work
from pipeline.models import MODELS
from storage.stories import VideoView
from tests.pipeline.ffmpeg.films import film
from tests.pipeline.steps.world import STORY, World

KLING = "fal-ai/kling-video/v2.6/pro/text-to-video"
ELSEWHERE = "elsewhere"


async def ask(world: World, name: str, **how: Any) -> None:
    """Ask for a video as a caller of generate-video does."""
    assert await world.stores.stories.request(ELSEWHERE, name, STORY, **how)


async def seen(world: World, name: str) -> VideoView:
    found = await world.stores.stories.find(ELSEWHERE, name, now=world.clock())
    assert found is not None
    return found


async def sent(world: World) -> list[Any]:
    """The inputs that reached the provider."""
    received = (await world.provider.journal())["received"]
    return [entry["body"] for entry in received if entry["method"] == "POST"]


async def test_what_was_given_reaches_the_provider(world: World) -> None:
    """Over the model's own values, in the endpoint's words; and it is reckoned with."""
    await ask(world, "1", model="wan", parameters={"resolution": "720p", "num_frames": 90})
    await world.plan()
    await world.admit()

    (body,) = await sent(world)
    assert (body["resolution"], body["num_frames"], body["num_inference_steps"]) == ("720p", 90, 30)
    assert "video_size" not in body
    (render,) = await world.renders_made()
    assert (render["endpoint"], render["estimate_usd"]) == ("fal-ai/wan-t2v", Decimal("0.5"))


async def test_an_endpoint_is_a_model(world: World) -> None:
    """Its id in place of a name; a length is spelt as that endpoint wants it, and it has no seed to be told."""
    await ask(world, "1", model=KLING, parameters={"duration": 10, "generate_audio": False})
    await world.plan()
    await world.admit()

    (body,) = await sent(world)
    assert body.keys() == {"prompt", "negative_prompt", "duration", "generate_audio"}
    assert body["duration"] == "10"
    assert (await world.take())["model"] == KLING


async def test_other_parameters_are_another_take(world: World) -> None:
    """The same story is shared where the same was asked for, and paid again where not."""
    for name, parameters in {"1": None, "2": {"resolution": "720p"}, "3": {"resolution": "480p"}}.items():
        await ask(world, name, model="wan", parameters=parameters)
    await world.plan()

    takes = await world.rows(
        "select parameters->'own'->>'resolution' as resolution from storyreel.takes order by 1"
    )
    assert [take["resolution"] for take in takes] == ["480p", "720p"]


async def test_one_order_however_spelt_is_paid_once(world: World) -> None:
    """Five seconds are five seconds, in words of ours or the endpoint's, as a number or as text."""
    spelt: list[Any] = [None, {"duration": 5}, {"duration": "5"}, {"duration": 5.0}]
    for number, parameters in enumerate(spelt):
        await ask(world, str(number), model="kling", parameters=parameters)
    await ask(world, "ours", model="turbo", parameters={"steps": 6})
    await ask(world, "theirs", model="turbo", parameters={"num_inference_steps": "6"})
    await world.rows("update storyreel.providers set slots = 9")
    await world.plan()
    await world.admit()

    assert sorted(body.get("duration", "") for body in await sent(world)) == ["", "5"]
    takes = await world.rows("select parameters from storyreel.takes where model = 'kling'")
    assert [take["parameters"]["own"]["duration"] for take in takes] == ["5"]


async def test_digits_without_end_hold_nobody_up(world: World) -> None:
    """The story that gave them says why it has no video; those behind it are planned at once."""
    for name, model, parameters in [("odd", "lcm", {"keyframe_0_index": "1" * 400}), ("next", "kling", {})]:
        await world.rows(
            "select from storyreel.request_videos(%s, array[%s], array[%s], array[null::uuid],"
            " p_model => %s, p_parameters => %s)",
            ELSEWHERE, name, STORY, model, json.dumps(parameters),
        )  # fmt: skip

    assert await world.plan() == 2
    odd = await seen(world, "odd")
    assert (odd.work, odd.reason) == (Work.REJECTED, "bad_parameters")
    assert "keyframe_0_index of lcm must be a whole number" in str(odd.message)
    assert (await seen(world, "next")).work == Work.WORKING


@pytest.mark.parametrize(
    ("model", "parameters", "reason", "said"),
    [
        ("lightning", '{"frames": 99}', "bad_parameters", "from 1 to 32"),
        ("lightning", '{"frames": "many"}', "bad_parameters", "number"),
        (KLING, '{"webhook_url": "https://app.example/hook"}', "bad_parameters", "call back"),
        (KLING, '{"duration": 7}', "bad_parameters", '"5", "10"'),
        ("fal-ai/flux/schnell", "{}", "unsuitable_model", "no video"),
        ("klng", "{}", "unknown_model", "did you mean kling"),
    ],
)
async def test_what_sql_lets_in_is_judged_when_it_is_planned(
    world: World, model: str, parameters: str, reason: str, said: str
) -> None:
    """SQL knows no models: the video keeps its placeholder and says why, and nothing is paid."""
    await world.rows(
        "select from storyreel.request_videos(%s, array['1'], array[%s], array[null::uuid],"
        " p_model => %s, p_parameters => %s)",
        ELSEWHERE, STORY, model, parameters,
    )  # fmt: skip
    await world.run_jobs()

    video = await seen(world, "1")
    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.REJECTED, reason)
    assert said in str(video.message)
    assert await world.rows("select from storyreel.takes") == []


@pytest.mark.parametrize("sound", [False, True])
async def test_a_clip_of_another_model_goes_the_whole_way(
    world: World, films: list[bytes], tmp_path: Path, sound: bool
) -> None:
    """Five seconds in 720p at 24 frames per second, with sound or without: it is shown as large as it came."""
    films.append(film(tmp_path / "clip.mp4", size=(1280, 720), frames=120, rate=24, sound=sound).read_bytes())
    await ask(world, "1", model="kling")
    await world.run_jobs()
    await world.deliver()
    await world.run_jobs()

    video = await seen(world, "1")
    assert (video.shows, video.work, video.reason) == (Shows.FINAL, Work.IDLE, None)
    assert (video.width, video.height) == (1280, 720)


async def test_every_model_goes_the_whole_way(world: World) -> None:
    """With its own parameters: the provider finds nothing to object to."""
    for name in MODELS:
        await ask(world, name, model=name)
    await world.rows("update storyreel.providers set slots = 100")
    await world.run_jobs()
    await world.open_post()
    await world.run_jobs()

    ended = {name: (await seen(world, name)).work for name in MODELS}
    assert ended == dict.fromkeys(MODELS, Work.IDLE)
