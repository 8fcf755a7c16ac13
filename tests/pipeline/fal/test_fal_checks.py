"""The door: what is known to fail is refused with a sentence before it costs, and nothing else is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadParameters, BadRequest, UnsuitableModel
from pipeline.fal.checks import check
from pipeline.fal.facts import all_endpoint_facts
from pipeline.fal.inputs import asked, ranges
from pipeline.model import Parameters
from pipeline.models import MODELS, find_model
from pipeline.parameters import joined

LTX_FAST = "fal-ai/ltx-2.3/text-to-video/fast"


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
        ("fal-ai/fast-svd-lcm", {"image_url": "https://app.example/whale.png"}),
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
        ("lightning", {"frames": 33}, ["num_frames", "from 1 to 32", "33"]),
        ("lightning", {"num_frames": 0}, ["num_frames", "from 1 to 32", "0"]),
        ("lightning", {"width": 99_999}, ["video_size", "14142", "99999"]),
        ("lightning", {"steps": "many"}, ["steps", "number", '"many"']),
        ("lightning", {"frames": True}, ["frames", "number", "true"]),
        ("wan", {"resolution": "4k"}, ["resolution", '"480p", "580p", "720p"', '"4k"']),
        ("wan", {"num_frames": 81.5}, ["num_frames", "whole number from 81 to 100", "81.5"]),
        ("kling", {"duration": 7}, ["duration", '"5", "10"', "7"]),
        ("kling", {"generate_audio": "loud"}, ["generate_audio", "true or false", '"loud"']),
        ("hailuo", {"prompt_optimizer": None}, ["prompt_optimizer", "null"]),
        ("wan", {"frames": 90}, ["no frames", "num_frames"]),
        ("fal-ai/fast-svd-lcm", {}, ["needs image_url"]),
    ],
)
def test_what_fal_would_refuse_is_refused(model: str, given: dict[str, object], said: list[str]) -> None:
    """The sentence names the field, what it takes and what was given."""
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
        check(find_model(endpoint), given)
    except BadRequest:
        return

    for name, value in asked(facts, joined(Parameters(), given)).items():
        assert ranges(facts)[name].admits(value)
