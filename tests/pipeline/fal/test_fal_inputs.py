"""What is sent to each endpoint: what it knows, within its ranges, and whatever was given in its own words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fal.facts import all_endpoint_facts, endpoint_facts
from pipeline.fal.inputs import arguments, effective, ranges, sent
from pipeline.model import Model, Order, Parameters, Prompt
from pipeline.models import MODELS

LIGHTNING = "fal-ai/fast-animatediff-lightning"
TURBO = "fal-ai/fast-animatediff/turbo/text-to-video"
KLING = "fal-ai/kling-video/v2.6/pro/text-to-video"
UNLISTED = "fal-ai/somebody/new"
RUNGS = [(model, endpoint) for model in MODELS.values() for endpoint in model.ladder]

in_our_words = st.builds(
    Parameters,
    frames=st.none() | st.integers(1, 2000),
    steps=st.none() | st.integers(1, 200),
    guidance=st.none() | st.floats(0, 100),
    motion_scale=st.none() | st.floats(0, 10),
    width=st.none() | st.integers(1, 20_000),
    height=st.none() | st.integers(1, 20_000),
    fps=st.none() | st.integers(1, 120),
)


def order_for(endpoint: str, parameters: Parameters) -> Order:
    return Order(endpoint, Prompt("a fox", "blurry"), 42, parameters, "https://app.example/hook", 300)


@pytest.mark.parametrize(("model", "endpoint"), RUNGS, ids=lambda value: getattr(value, "name", value))
def test_every_preset_suits_every_rung(model: Model, endpoint: str) -> None:
    """Each field that is sent is one the endpoint knows, its value in range, and none that it needs is missing."""
    facts = endpoint_facts(endpoint)
    assert facts is not None
    body = arguments(order_for(endpoint, model.parameters))

    known = ranges(facts)
    assert body.keys() <= known.keys()
    for name, value in body.items():
        assert known[name].admits(value), f"{name}: {value!r} is not {known[name].described()}"
    assert set(facts.input["required"]) <= body.keys()  # type: ignore[call-overload]  # a list of names


@pytest.mark.parametrize(("model", "endpoint"), RUNGS, ids=lambda value: getattr(value, "name", value))
def test_no_preset_pays_for_sound(model: Model, endpoint: str) -> None:
    """Sound is not kept by what is made of a clip, so no model asks for it where that is to be said."""
    facts = endpoint_facts(endpoint)
    assert facts is not None

    if "generate_audio" in facts.fields:
        assert arguments(order_for(endpoint, model.parameters))["generate_audio"] is False


def test_lightning_gets_the_fields_it_knows(order: Order) -> None:
    """The lightning endpoint is sent exactly the eight fields it has been seen to take."""
    body = arguments(replace(order, endpoint=LIGHTNING))

    assert body == {
        "prompt": "a fox in the snow",
        "negative_prompt": "blurry",
        "seed": 42,
        "num_frames": 16,
        "num_inference_steps": 8,
        "guidance_scale": 2.0,
        "motion_scale": 1.3,
        "video_size": {"width": 512, "height": 512},
    }


def test_a_field_that_is_not_known_is_left_out(order: Order) -> None:
    """Turbo knows fps but no motion_scale; Kling knows neither seed nor size."""
    turbo = arguments(replace(order, parameters=replace(order.parameters, fps=12)))
    kling = arguments(replace(order, endpoint=KLING))

    assert turbo["fps"] == 12
    assert "motion_scale" not in turbo
    assert kling == {"prompt": "a fox in the snow", "negative_prompt": "blurry"}


def test_a_default_is_left_to_the_endpoint(order: Order) -> None:
    """A parameter of None is not sent at all."""
    assert "fps" not in arguments(order)


def test_an_endpoint_may_use_our_word() -> None:
    """Stable Video Diffusion calls its steps `steps`."""
    body = arguments(order_for("fal-ai/fast-svd/text-to-video", Parameters(steps=7)))

    assert (body["steps"], "num_inference_steps" in body) == (7, False)


def test_an_unknown_endpoint_gets_prompt_seed_and_what_was_given(order: Order) -> None:
    """Nothing is guessed: our words may not be its own."""
    given = replace(order.parameters, own={"duration": 5, "camera": {"pan": [1, 2]}})
    body = arguments(replace(order, endpoint=UNLISTED, parameters=given))

    assert body == {"prompt": "a fox in the snow", "seed": 42, "duration": 5, "camera": {"pan": [1, 2]}}


def test_defaults_and_what_nobody_can_choose_are_known() -> None:
    """A clip of Stable Video Diffusion has 25 frames, whatever is asked; the rate is the caller's."""
    facts = endpoint_facts("fal-ai/fast-svd/text-to-video")
    made = effective(facts, Parameters(fps=5, own={"num_frames": 99}))

    assert (made["num_frames"], made["fps"], made["motion_bucket_id"]) == (25, 5, 127)


def test_a_null_is_reckoned_with_as_the_default() -> None:
    """It is sent as it is; what the endpoint then chooses is best guessed by its default."""
    facts = endpoint_facts("fal-ai/wan/v2.2-a14b/text-to-video")
    asked = Parameters(own={"frames_per_second": None})

    assert sent(facts, asked) == {"frames_per_second": None}
    assert effective(facts, asked)["frames_per_second"] == 16


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_what_is_given_is_sent_as_it_is(value: object) -> None:
    """Also where the endpoint is known and the field is not: the schema may be older than the endpoint."""
    for endpoint in (KLING, UNLISTED):
        assert arguments(order_for(endpoint, Parameters(own={"brand_new": value})))["brand_new"] == value


def test_what_is_given_goes_before_what_is_ours(order: Order) -> None:
    """An endpoint's own word for one of ours decides."""
    given = replace(order.parameters, own={"num_frames": 24, "negative_prompt": "dull"})
    body = arguments(replace(order, parameters=given))

    assert (body["num_frames"], body["negative_prompt"]) == (24, "dull")


@pytest.mark.parametrize(
    ("endpoint", "given", "told"),
    [
        (KLING, {"duration": 10}, {"duration": "10"}),
        (KLING, {"duration": "10"}, {"duration": "10"}),
        ("fal-ai/ltx-2.3/text-to-video/fast", {"duration": "8"}, {"duration": 8}),
        ("fal-ai/wan-t2v", {"num_frames": "90", "resolution": "480p"}, {"num_frames": 90, "resolution": "480p"}),
    ],
)
def test_a_number_is_spelt_as_the_endpoint_wants_it(
    endpoint: str, given: dict[str, object], told: dict[str, object]
) -> None:
    """Ten seconds are "10" at one endpoint and 10 at another; nobody should have to know."""
    assert sent(endpoint_facts(endpoint), Parameters(own=given)) == told


@given(parameters=in_our_words, endpoint=st.sampled_from([*all_endpoint_facts()]))
def test_our_words_are_moved_into_range(parameters: Parameters, endpoint: str) -> None:
    """Whatever is asked in our words, a known endpoint is sent fields it knows, in their ranges."""
    facts = endpoint_facts(endpoint)
    assert facts is not None
    for name, value in sent(facts, parameters).items():
        assert ranges(facts)[name].admits(value)
