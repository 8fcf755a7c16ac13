"""The door: what is known to fail is refused with a sentence before it costs, and nothing else is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadParameters, BadRequest, UnsuitableModel
from pipeline.fal.catalog import estimate
from pipeline.fal.checks import check
from pipeline.fal.facts import all_endpoint_facts, endpoint_facts
from pipeline.fal.inputs import ranges, sent
from pipeline.keys import take_key
from pipeline.model import Parameters, Prompt
from pipeline.models import LIGHTNING, MODELS, find_model
from pipeline.parameters import OURS

LTX_FAST = "fal-ai/ltx-2.3/text-to-video/fast"


def key_of(parameters: Parameters) -> str:
    return take_key(model="m", parameters=parameters, prompt=Prompt("x", ""), seed=1, emulated=False)


@pytest.mark.parametrize("name", MODELS)
def test_every_preset_passes(name: str) -> None:
    """As it is."""
    check(find_model(name), {})


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("lightning", {"frames": 8, "steps": 2, "guidance": 1.5, "width": 256, "height": 384}),
        ("lightning", {"num_frames": 32, "video_size": "portrait_4_3"}),
        ("wan", {"num_frames": 100, "resolution": "720p"}),
        ("kling", {"duration": 10, "generate_audio": True}),
        ("kling", {"duration": "10"}),
        ("fal-ai/kling-video/v2.6/pro/text-to-video", {}),
        ("kling", {"duration": 10.0}),
        ("lcm", {"keyframe_0_index": "3"}),
        ("kling", {"image_size": {"width": "1" * 400, "height": "1" * 400}}),  # no field of it
        ("wan-2.2", {"frames_per_second": None, "num_frames": 161}),
        ("wan-fast", {"num_interpolated_frames": 4, "interpolator_model": "none", "frames_per_second": 60}),
        ("fal-ai/somebody/new", {"frames": 10**6, "anything": ["goes", {"at": "all"}]}),
        ("wan", {"brand_new_field": 1}),
    ],
)
def test_what_may_work_passes(model: str, given: dict[str, object]) -> None:
    """In our words or the endpoint's, with any spelling of a number; what nobody knows is not judged."""
    check(find_model(model), given)


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        ("lightning", {"frames": 33}, ["frames of lightning must be", "from 1 to 32", "33"]),
        ("lightning", {"num_frames": 0}, ["num_frames of lightning must be", "from 1 to 32", "0"]),
        ("lightning", {"width": 99_999}, ["width of lightning must be", "14142", "99999"]),
        ("lightning", {"video_size": {"width": 99_999}}, ["video_size of lightning", "14142", "99999"]),
        ("lightning", {"video_size": "huge"}, ["video_size of lightning", '"square"', '"huge"']),
        ("svd-lcm", {"num_inference_steps": 99}, ["num_inference_steps of svd-lcm", "from 1 to 20", "99"]),
        ("lightning", {"steps": "many"}, ["steps", "number", '"many"']),
        ("lightning", {"frames": True}, ["frames", "number", "true"]),
        ("wan", {"resolution": "4k"}, ["resolution", '"480p", "580p", "720p"', '"4k"']),
        ("wan", {"num_frames": 81.5}, ["num_frames", "whole number from 81 to 100", "81.5"]),
        ("kling", {"duration": 7}, ["duration", '"5", "10"', "7"]),
        ("kling", {"generate_audio": "loud"}, ["generate_audio", "true or false", '"loud"']),
        ("hailuo", {"prompt_optimizer": None}, ["prompt_optimizer", "null"]),
        ("wan", {"frames": 90}, ["wan has no frames", "num_frames"]),
    ],
)
def test_what_fal_would_refuse_is_refused(model: str, given: dict[str, object], said: list[str]) -> None:
    """The sentence names the field as it was given, the model, what it takes and what was given."""
    with pytest.raises(BadParameters) as refused:
        check(find_model(model), given)

    for words in said:
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        (LTX_FAST, {"duration": 20}, "20 seconds"),
        ("ltx-13b", {"num_frames": 1441}, "60.0417 seconds"),
        (LTX_FAST, {"duration": 14, "fps": 50}, "700 frames"),
        ("ltx-2.3", {"resolution": "1440p"}, "pixels"),
        ("wan-2.2", {"num_frames": 161, "num_interpolated_frames": 4}, "805 frames"),
        ("wan-2.2", {"num_interpolated_frames": 4, "adjust_fps_for_interpolation": False}, "25.3125 seconds"),
        (
            "wan-2.2",
            {"num_interpolated_frames": 4, "adjust_fps_for_interpolation": False, "frames_per_second": None},
            "25.3125 seconds",
        ),
        ("wan-fast", {"frames_per_second": 60, "num_interpolated_frames": 2}, "180 frames per second"),
        ("lightning", {"frames": 1}, "1 frames"),
        ("lightning", {"frames": 2, "fps": 16}, "0.125 seconds"),
        ("lightning", {"width": 1920, "height": 1920}, "pixels"),
        ("lightning", {"width": 8}, "8 pixels on a side"),
    ],
)
def test_a_clip_that_could_not_be_used_is_not_bought(model: str, given: dict[str, object], said: str) -> None:
    """The gate would refuse it after it was paid for."""
    with pytest.raises(BadParameters, match="can be prepared for playing") as refused:
        check(find_model(model), given)

    assert said in str(refused.value)


def test_images_are_no_video() -> None:
    """An endpoint that is known to make something else is refused by name."""
    with pytest.raises(UnsuitableModel, match=r"FLUX\.1 \[schnell\]"):
        check(find_model("fal-ai/flux/schnell"), {})


def test_what_takes_no_text_makes_no_video_of_a_story() -> None:
    """With one picture and seed, every story would buy the same clip."""
    with pytest.raises(UnsuitableModel, match="takes no text"):
        check(find_model("fal-ai/fast-svd-lcm"), {"image_url": "https://app.example/whale.png"})


@pytest.mark.parametrize(
    ("model", "one", "other"),
    [
        ("kling", {}, {"duration": 5}),
        ("kling", {"duration": "10"}, {"duration": 10}),
        ("kling", {"duration": "10"}, {"duration": 10.0}),
        ("hailuo", {}, {"duration": 6}),
        ("ltx-2.3", {}, {"duration": "6"}),
        ("ltx-2.3", {"duration": "8"}, {"duration": "8.0"}),
        ("ltx", {"negative_prompt": 1}, {"negative_prompt": 1.0}),
        ("lightning", {}, {"guidance_scale": 3}),
        ("lightning", {}, {"num_inference_steps": "4", "num_frames": 12.0}),
        ("lightning", {}, {"video_size": "square"}),
        ("lightning", {"width": 640}, {"video_size": {"width": 640}}),
        ("svd-lcm", {"steps": 6}, {"num_inference_steps": 6}),
        ("lightning", {"frames": 8, "num_frames": 16}, {"num_frames": 16, "frames": 8}),
        ("fal-ai/kling-video/v2.6/pro/text-to-video", {}, {"generate_audio": False}),
    ],
)
def test_one_order_has_one_form(model: str, one: dict[str, object], other: dict[str, object]) -> None:
    """However it is spelt: of the form a key is made, and two keys are paid twice."""
    found = find_model(model)
    forms = [check(found, given) for given in (one, other)]

    assert key_of(forms[0]) == key_of(forms[1])
    for endpoint in found.ladder:
        bodies = [sent(endpoint_facts(endpoint), form) for form in forms]
        assert bodies[0] == bodies[1]
    assert key_of(check(found, {"brand_new": 1})) != key_of(forms[0])


@pytest.mark.parametrize("endpoint", ["fal-ai/kling-video/v2.6/pro/text-to-video", LTX_FAST])
def test_nobody_pays_for_sound_unasked(endpoint: str) -> None:
    """Also of an endpoint by its id, where fal's default is to make it; asked for, it is made."""
    model = find_model(endpoint)

    assert check(model, {}).own == {"generate_audio": False}
    assert check(model, {"generate_audio": True}).own == {"generate_audio": True}


def test_an_endpoints_own_word_that_says_more_stays_its_own() -> None:
    """Two sides are a size; what is beside them is the endpoint's to judge."""
    more = {"width": 512, "height": 512, "unit": "px"}

    assert check(LIGHTNING, {"video_size": more}).own == {"video_size": more}


DIGITS = ["1" * 400, "9" * 1900, "1e400", "-1e400", "NaN", "Infinity", "0." + "1" * 900, "\u0665", "5."]


@given(
    endpoint=st.sampled_from([*all_endpoint_facts(), *MODELS, "fal-ai/somebody/new"]),
    draw=st.data(),
)
def test_the_door_opens_or_refuses(endpoint: str, draw: st.DataObject) -> None:
    """Whatever number a text spells, in a field of the endpoint or of another: a refusal is all that is raised."""
    names = sorted({name for facts in all_endpoint_facts().values() for name in facts.fields} - {"prompt", "seed"})
    hostile = st.sampled_from(DIGITS) | st.sampled_from(DIGITS).map(lambda text: {"width": text, "height": text})
    given = draw.draw(st.dictionaries(st.sampled_from([*names, *OURS]), hostile, max_size=3))
    model = find_model(endpoint)
    try:
        wanted = check(model, given)
    except BadRequest:
        return

    assert all(estimate(rung, wanted, ceiling=model.ceiling) > 0 for rung in model.ladder)


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-200, 2000) | st.floats(-5, 50) | st.sampled_from(["5", "720p", "x"]),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


@given(
    endpoint=st.sampled_from([*all_endpoint_facts()]),
    draw=st.data(),
)
def test_what_passes_is_in_range(endpoint: str, draw: st.DataObject) -> None:
    """Whatever is given to whichever endpoint, it is refused or every field that is sent is in its range."""
    facts = all_endpoint_facts()[endpoint]
    names = sorted({*facts.fields} - {"prompt", "seed"})
    given = draw.draw(st.dictionaries(st.sampled_from(names), anything, max_size=3)) if names else {}
    try:
        wanted = check(find_model(endpoint), given)
    except BadRequest:
        return

    for name, value in sent(facts, wanted).items():
        assert ranges(facts)[name].admits(value)
