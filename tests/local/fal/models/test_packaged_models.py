"""Promises of every packaged model: the least input will do, and leads to a drawing and to a valid output."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from local.fal.models.billing import billable_units
from local.fal.models.film import ClipRequest, drawings_for
from local.fal.models.folder import open_catalogue
from local.fal.models.media import Medium
from local.fal.models.output import MediaFile, output_for
from local.fal.models.schema import schema_of

CATALOGUE = open_catalogue(None)
every_model = pytest.mark.parametrize("endpoint", CATALOGUE.ids)


def checked_least(endpoint: str) -> dict[str, Any]:
    """The input of nothing but what is required, after its check."""
    model = CATALOGUE.get(endpoint)
    assert model is not None
    least = dict.fromkeys(schema_of(model.facts.input, "Input").required, "https://example.com/fox.png")
    checked = model.check(least)
    assert isinstance(checked, dict), checked
    return checked


@every_model
def test_what_is_required_is_enough(endpoint: str) -> None:
    """And nothing less."""
    model = CATALOGUE.get(endpoint)
    assert model is not None
    details = model.check({})

    assert checked_least(endpoint)
    assert isinstance(details, list)
    assert {item["type"] for item in details} == {"missing"}


@every_model
def test_the_least_input_can_be_drawn(endpoint: str) -> None:
    """As a clip of seconds, or as one image."""
    model = CATALOGUE.get(endpoint)
    assert model is not None

    (drawing,) = drawings_for(model, checked_least(endpoint), fallback_seed=7)

    assert isinstance(drawing, ClipRequest) is (model.medium is Medium.VIDEO)
    assert drawing.seed == 7
    assert 256 <= min(drawing.width, drawing.height) <= max(drawing.width, drawing.height) <= 1280
    if isinstance(drawing, ClipRequest):
        assert 1 <= drawing.seconds <= 12


@every_model
def test_the_output_is_valid_by_the_models_own_schema(endpoint: str) -> None:
    model = CATALOGUE.get(endpoint)
    assert model is not None
    given = checked_least(endpoint)
    drawings = drawings_for(model, given, fallback_seed=7)
    files = [MediaFile(one, f"x{one.suffix}", "https://host/x", size=5) for one in drawings]

    output = output_for(model, given, files, inference=1.5)

    Draft202012Validator(model.facts.output).validate(output)
    assert model.output.required <= set(output) <= set(model.output.properties)
    assert json.loads(json.dumps(output)) == output


@every_model
def test_the_least_input_costs_something(endpoint: str) -> None:
    model = CATALOGUE.get(endpoint)
    assert model is not None
    given = checked_least(endpoint)
    drawings = drawings_for(model, given, fallback_seed=7)

    assert billable_units(model, given, drawings, compute_seconds=1.5) > 0


@pytest.mark.parametrize("endpoint", [name for name in CATALOGUE.ids if "svd" in name])
def test_stable_video_diffusion_makes_25_frames(endpoint: str) -> None:
    """Nobody can choose otherwise."""
    model = CATALOGUE.get(endpoint)
    assert model is not None
    [drawing] = drawings_for(model, {**checked_least(endpoint), "fps": 25}, fallback_seed=7)

    assert isinstance(drawing, ClipRequest)
    assert (drawing.frames, drawing.fps) == (25, 25)
