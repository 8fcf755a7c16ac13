"""The models that users name: found by name or endpoint, refused with the known ones, climbed down the ladder."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UnknownModel
from pipeline.fal.facts import endpoint_facts
from pipeline.fal.inputs import arguments
from pipeline.fal.protocol import split_endpoint
from pipeline.keys import take_key
from pipeline.model import Model, Order, Parameters, Prompt
from pipeline.models import DEFAULT_MODEL, LIGHTNING, MODELS, find_model, on_rung, rung


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_found_by_its_name(name: str) -> None:
    """The name in the table is the model's own."""
    assert find_model(name) is MODELS[name]
    assert find_model(name).name == name


@pytest.mark.parametrize("name", [None, ""])
def test_no_name_means_the_default_model(name: str | None) -> None:
    """Who does not care gets `lightning`."""
    assert find_model(name).name == DEFAULT_MODEL == "lightning"


@given(st.text(min_size=1).filter(lambda name: name not in MODELS and "/" not in name))
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    """So that the next try can be right."""
    with pytest.raises(UnknownModel) as refused:
        find_model(name)

    assert refused.value.permanent
    assert all(known in str(refused.value) for known in MODELS)
    assert len(str(refused.value)) < 800


@pytest.mark.parametrize(
    ("name", "meant"),
    [("klng", "kling"), ("LIGHTNING", "lightning"), ("wan2.2", "wan-2.2"), ("lightening", "lightning")],
)
def test_a_slip_is_answered_with_what_was_meant(name: str, meant: str) -> None:
    """Ahead of the whole list."""
    with pytest.raises(UnknownModel, match=f"did you mean .*{meant}.*known models"):
        find_model(name)


@pytest.mark.parametrize(
    "name", ["fal-ai/wan-t2v", "somebody/new/text-to-video", "workflows/me/mine", "comfy/me/x/y"]
)
def test_an_endpoint_is_a_model(name: str) -> None:
    """Of any owner, known or not; nothing is asked of it but what is given."""
    model = find_model(name)

    assert (model.name, model.ladder, model.parameters) == (name, (name,), Parameters())


@pytest.mark.parametrize(
    "name",
    ["/", "fal-ai/", "/wan", "fal-ai//wan", "fal-ai/../wan", "fal-ai/wan?x=1", "fal-ai/wan\n", "workflows/me",
     "a/ö", "https://fal.ai/models/x", "a/" + "b" * 200],
)  # fmt: skip
def test_what_cannot_be_an_endpoint_is_an_unknown_model(name: str) -> None:
    """It would become part of an address."""
    with pytest.raises(UnknownModel):
        find_model(name)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_says_what_it_is_for_and_where_its_numbers_are_from(model: Model) -> None:
    """In a few words, as the list of models shows them."""
    assert 0 < len(model.purpose) <= 50  # whole on a terminal of 80
    assert model.source
    assert model.parameters.own != {}


PRESETS = {
    "lightning": (12, 4, 3.0, 512, 8),
    "balanced": (12, 6, 6.0, 512, 8),
    "frugal": (8, 4, 5.0, 512, 8),
    "classic": (16, 8, 7.5, 512, 8),
    "preview": (4, 2, 2.0, 256, 8),
}


@pytest.mark.parametrize("name", PRESETS)
def test_the_presets_ask_for_what_users_know_them_by(name: str) -> None:
    """Frames, steps, guidance, pixels on a side, frames per second."""
    asked = MODELS[name].parameters

    assert (asked.frames, asked.steps, asked.guidance, asked.width, asked.fps) == PRESETS[name]
    assert asked.height == asked.width


def test_the_keys_of_lightning_never_change() -> None:
    """They stand in users' databases: if one changes, every clip is bought again."""
    key = take_key(
        model="lightning",
        parameters=LIGHTNING.parameters,
        prompt=Prompt("a whale", "blurry"),
        seed=7,
        emulated=False,
    )

    assert key == "f70a8f3665764515a02e190acb0e853df8fc67de696ac18b6883fc0826f97370"


def test_lightning_asks_for_what_it_always_asked_for() -> None:
    """12 frames, 4 steps, guidance 3.0, motion 1.2, 512 by 512."""
    asked = LIGHTNING.parameters

    assert (asked.frames, asked.steps, asked.guidance, asked.motion_scale) == (12, 4, 3.0, 1.2)
    assert (asked.width, asked.height) == (512, 512)
    assert LIGHTNING.ladder == (
        "fal-ai/fast-animatediff-lightning",
        "fal-ai/fast-animatediff/turbo/text-to-video",
        "fal-ai/fast-animatediff/text-to-video",
    )


def test_an_endpoint_that_needs_other_parameters_gets_them_unless_others_were_asked_for() -> None:
    """Undistilled, four steps show nothing; but whoever asks for nine gets nine."""
    *_, last = LIGHTNING.ladder
    usual = on_rung(LIGHTNING, last, LIGHTNING.parameters)
    asked = on_rung(LIGHTNING, last, replace(LIGHTNING.parameters, steps=9))

    assert (usual.steps, usual.guidance, usual.frames) == (25, 7.5, 12)
    assert (asked.steps, asked.guidance) == (9, 7.5)
    assert on_rung(LIGHTNING, LIGHTNING.ladder[1], LIGHTNING.parameters) == LIGHTNING.parameters


@pytest.mark.parametrize("endpoint", [endpoint for model in MODELS.values() for endpoint in model.ladder])
def test_every_rung_is_an_endpoint_that_we_know(endpoint: str) -> None:
    """Its id has the provider's form, and its fields and price are on file."""
    facts = endpoint_facts(endpoint)

    assert split_endpoint(endpoint).full == endpoint
    assert facts is not None
    assert facts.price is not None


def test_every_rung_gets_only_what_it_knows() -> None:
    """Parameters that an endpoint does not know are left out for it; the shared ones are the same on each."""
    first, second, _ = (
        arguments(Order(endpoint, Prompt("x", "y"), 7, LIGHTNING.parameters, "https://us.test/", 300))
        for endpoint in LIGHTNING.ladder
    )

    assert first["motion_scale"] == 1.2
    assert "motion_scale" not in second
    assert first["num_frames"] == second["num_frames"] == 12


def test_the_first_rung_not_known_to_be_missing_is_taken() -> None:
    """From the top; a memory of other endpoints does not matter."""
    top, below, last = LIGHTNING.ladder

    assert rung(LIGHTNING, ()) == top
    assert rung(LIGHTNING, {"fal-ai/other", below}) == top
    assert rung(LIGHTNING, {top}) == below
    assert rung(LIGHTNING, {top, below}) == last


def test_where_all_are_missing_the_last_is_asked_again() -> None:
    """Something has to be asked."""
    assert rung(LIGHTNING, set(LIGHTNING.ladder)) == LIGHTNING.ladder[-1]
