"""`storyreel models`: every model with what it makes, what it costs and since when, and what nobody confirms."""

import json
from typing import Any

import pytest
from click import BadParameter

from cli.options import parameters
from pipeline.models import MODELS
from tests.cli.running import storyreel


def listed() -> dict[str, Any]:
    ended = storyreel("models", "--json")
    assert ended.code == 0, ended
    return {model["name"]: model for model in json.loads(ended.out)}


@pytest.mark.parametrize("columns", ["80", "100", "120"])
def test_the_table_holds_every_model(columns: str) -> None:
    """Name, purpose, endpoints whole, price with unit and date; no line is wider than the terminal."""
    ended = storyreel("models", settings={"COLUMNS": columns})

    assert ended.code == 0
    assert max(len(line) for line in ended.out.splitlines()) <= int(columns)
    for model in MODELS.values():
        assert model.purpose in ended.out
        for endpoint in model.ladder:
            assert endpoint in ended.out
    for words in ("$0.350 a clip", "$0.07/second", "2026-09", "assumed", "unconfirmed: exists", "(default)"):
        assert words in ended.out
    assert "~$0.270 a clip" in ended.out, "what others say of hailuo"
    assert "$0.20/video" in ended.out, "wan in 480p"
    assert "4 steps, length and size left to fal" in ended.out


def test_a_narrow_terminal_loses_nothing() -> None:
    """Long words are folded, not cut off."""
    out = storyreel("models", settings={"COLUMNS": "50"}).out

    assert max(len(line) for line in out.splitlines()) <= 50
    assert "…" not in out


def test_json_tells_prices_and_doubts() -> None:
    """Per endpoint: what a clip costs, the price with unit and date, and whether fal says so."""
    kling, lightning = listed()["kling"], listed()["lightning"]

    (offer,) = kling["offers"]
    assert offer["clip_usd"] == 0.35
    assert offer["price"] == {
        "usd": 0.07, "unit": "second", "published": True, "basis": "published", "date": "2026-09"
    }  # fmt: skip
    assert kling["parameters"]["own"]["generate_audio"] is False
    first, second, third = lightning["offers"]
    assert (first["listed"], second["listed"], third["listed"]) == (False, True, True)
    assert third["clip_usd"] == second["clip_usd"] == 0.20, "what is reserved where nobody publishes a price"
    assert "exists" in first["unconfirmed"]
    assert not second["price"]["published"]


@pytest.mark.parametrize(
    ("model", "basis", "unit_usd", "clip_usd"),
    [
        ("kling", "published", 0.07, 0.35),
        ("wan", "published", 0.20, 0.20),
        ("wan-2.2", "unconfirmed", 0.04, 0.2025),
        ("wan-fast", "unconfirmed", 0.0125, 0.042188),
        ("hailuo", "unconfirmed", 0.045, 0.27),
        ("lcm", "assumed", 0.00125, 0.20),
    ],
)
def test_json_tells_who_says_so(model: str, basis: str, unit_usd: float, clip_usd: float) -> None:
    """fal itself, others only, or nobody; the unit's price is that at the model's own parameters."""
    (offer, *_) = listed()[model]["offers"]

    assert (offer["price"]["basis"], offer["price"]["published"]) == (basis, basis == "published")
    assert (offer["price"]["usd"], offer["clip_usd"]) == (unit_usd, pytest.approx(clip_usd, rel=0.02))


def test_json_is_nothing_but_json() -> None:
    """All models, the default one first."""
    assert list(listed()) == list(MODELS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("duration=5", 5),
        ('duration="5"', "5"),
        ("resolution=720p", "720p"),
        ("generate_audio=false", False),
        ("cfg_scale=0.5", 0.5),
        ("video_size={}", {}),
        ("x=null", None),
        ("x=", ""),
        ("x=a=b", "a=b"),
        ("x=NaN", "NaN"),
        ("x=[1", "[1"),
        ("x= ", " "),
    ],
)
def test_a_parameter_is_json_or_text(text: str, value: object) -> None:
    """As one would type it."""
    (read,) = parameters([text]).values()

    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("given", [["duration"], ["=5"], [""], ["a=1", "a=2"]])
def test_a_parameter_has_a_name_once(given: list[str]) -> None:
    """Anything else is a slip."""
    with pytest.raises(BadParameter):
        parameters(given)
