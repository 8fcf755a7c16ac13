"""The models that users name: found by name, refused with the known ones, climbed down rung by rung."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UnknownModel
from pipeline.fal import catalog
from pipeline.fal.protocol import split_endpoint
from pipeline.model import Order, Prompt
from pipeline.models import DEFAULT_MODEL, LIGHTNING, MODELS, find_model, rung


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_found_by_its_name(name: str) -> None:
    """The name in the table is the model's own."""
    assert find_model(name) is MODELS[name]
    assert find_model(name).name == name


@pytest.mark.parametrize("name", [None, ""])
def test_no_name_means_the_default_model(name: str | None) -> None:
    """Who does not care gets `lightning`."""
    assert find_model(name).name == DEFAULT_MODEL == "lightning"


@given(st.text(min_size=1).filter(lambda name: name not in MODELS))
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    """So that the next try can be right."""
    with pytest.raises(UnknownModel) as refused:
        find_model(name)

    assert refused.value.permanent
    assert all(known in str(refused.value) for known in MODELS)


def test_lightning_asks_for_what_it_always_asked_for() -> None:
    """12 frames, 4 steps, guidance 3.0, motion 1.2, 512 by 512."""
    asked = LIGHTNING.parameters

    assert (asked.frames, asked.steps, asked.guidance, asked.motion_scale) == (12, 4, 3.0, 1.2)
    assert (asked.width, asked.height) == (512, 512)
    assert LIGHTNING.ladder == ("fal-ai/fast-animatediff-lightning", "fal-ai/fast-animatediff/turbo/text-to-video")


@pytest.mark.parametrize("endpoint", [endpoint for model in MODELS.values() for endpoint in model.ladder])
def test_every_rung_is_an_endpoint_that_we_know(endpoint: str) -> None:
    """Its id has the provider's form, and the catalog knows its fields and price."""
    assert split_endpoint(endpoint).full == endpoint
    assert endpoint in catalog.ENDPOINTS


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_rung_gets_only_what_it_knows(model: object) -> None:
    """Parameters that an endpoint does not know are left out for it; the shared ones are the same on each."""
    assert model is LIGHTNING
    first, second = (
        catalog.arguments(Order(endpoint, Prompt("x", "y"), 7, LIGHTNING.parameters, "https://us.test/", 300))
        for endpoint in LIGHTNING.ladder
    )

    assert first["motion_scale"] == 1.2
    assert "motion_scale" not in second
    assert first["num_frames"] == second["num_frames"] == 12


def test_the_first_rung_not_known_to_be_missing_is_taken() -> None:
    """From the top; a memory of other endpoints does not matter."""
    top, below = LIGHTNING.ladder

    assert rung(LIGHTNING, ()) == top
    assert rung(LIGHTNING, {"fal-ai/other", below}) == top
    assert rung(LIGHTNING, {top}) == below


def test_where_all_are_missing_the_last_is_asked_again() -> None:
    """Something has to be asked."""
    assert rung(LIGHTNING, set(LIGHTNING.ladder)) == LIGHTNING.ladder[-1]
