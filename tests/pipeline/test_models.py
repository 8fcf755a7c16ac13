"""The models that users name: found by name or endpoint, refused with the known ones, climbed down the ladder."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UnknownModel
from pipeline.fal.checks import check
from pipeline.fal.facts import endpoint_facts
from pipeline.fal.inputs import arguments
from pipeline.fal.protocol import split_endpoint
from pipeline.keys import take_key
from pipeline.model import Model, Order, Parameters, Prompt
from pipeline.models import DEFAULT_MODEL, LIGHTNING, MODELS, find_model, parameters_for, rung


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


KEYS = {
    "lightning": "f70a8f3665764515a02e190acb0e853df8fc67de696ac18b6883fc0826f97370",
    "balanced": "c37e2769726f8e7cffbb2821859216cd53bccac4a8bf5805dccde82a6b40aa03",
    "frugal": "d2df8ee59f806ba20ca65318c08db40010636cea2dcb66f7f8b4edbba70c9850",
    "classic": "77f2d67074d7b65713925d7664ce102d9721e60efc94fba49a286d5dd4c0eeee",
    "preview": "dcb01622c444a51d5c73aed1bde3e6a9b4320a101a3e57d80345dee843d855f0",
    "turbo": "1c9380fdb0303a01f82bdce1cfa6a398e884283fbd479dbd63bb2de7a09cb9c8",
    "lcm": "05f68d3fc6ef0a440d398aeb75eb71f3a79dd92d651ea62878efa3cedb94df1f",
    "svd": "5d5ac7e6a95153020c43e9204ffed8ee80a882d849e2568597eccb5cced6b9f9",
    "svd-lcm": "37ad4f0086ba2660f0365fefb419872e7f535b033e445d48e8c9ea380a29a93b",
    "wan": "5ea85b493bd6e2eb2c70417fb94af3e739d9f0736c4a3f21df564577f1d141b8",
    "wan-2.2": "8ddc6d34de13b6bd6083f64210ca0198af85c1ff348f8b6c5c727ce28830993f",
    "wan-2.2-turbo": "9664da22e90d90da0b5825fee9023ee19d1604082d79457464b10aedfddeba16",
    "wan-fast": "c12662ceb4c86788c6bf553ad8316b1c57082399077df6c4d7dc028a78fa820e",
    "ltx": "f635fe78e08cb738203532db7a9855e5cae3d87eb875523a607d0c96927013ad",
    "ltx-13b": "b7a2c085c1d6ed1eb18833303e6a02f0b5b14ed4e39673182dd7009ffb2006a5",
    "ltx-2.3": "1e9f0f1caddfb7470b71be4cc98b959d3d4cf92a5ba91110d1d2dee3330b3a4c",
    "hailuo": "a67e8ef6dbff54e9efb61c60cc4c448f626cbdbe5c09ebf61610cda48ed255cb",
    "hailuo-pro": "867fc8058596e257d3c70997e85edc5a5ea8785e79d68d32c99195436388f93e",
    "minimax": "2133e26bb95b3d80f36dd75bddbf49945f8d7cbc32d56e1e2c5ba26547fd5bb2",
    "kling": "a73e1078f1e461f05212f3ffff106d11e774e88847e408037b2d5f1df578e4e7",
}


@pytest.mark.parametrize("name", MODELS)
def test_the_keys_of_the_presets_never_change(name: str) -> None:
    """They stand in users' databases: if one changes, every clip is bought again."""
    parameters = check(MODELS[name], {})

    assert parameters == MODELS[name].parameters
    key = take_key(model=name, parameters=parameters, prompt=Prompt("a whale", "blurry"), seed=7, emulated=False)
    assert key == KEYS[name]


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
    """Undistilled, four steps show nothing; but whoever asks for nine gets nine. Four are the model's own."""
    *_, last = LIGHTNING.ladder
    usual = parameters_for(LIGHTNING, last, LIGHTNING.parameters)
    asked = parameters_for(LIGHTNING, last, replace(LIGHTNING.parameters, steps=9))

    assert (usual.steps, usual.guidance, usual.frames) == (25, 7.5, 12)
    assert (asked.steps, asked.guidance) == (9, 7.5)
    turbo = MODELS["classic"].ladder[1]
    assert parameters_for(MODELS["classic"], turbo, MODELS["classic"].parameters).guidance == 2.0
    assert parameters_for(LIGHTNING, LIGHTNING.ladder[1], LIGHTNING.parameters) == LIGHTNING.parameters


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
