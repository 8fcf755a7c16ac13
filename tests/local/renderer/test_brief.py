"""Promises of what a text asks of a scene beside its theme."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.renderer import Brief, brief_for
from local.renderer.brief import CALM, TAGS, USUAL, WILD


@dataclass(frozen=True)
class Palette:
    name: str
    tags: frozenset[str]


DAY, NIGHT, RED_NIGHT = (
    Palette("day", frozenset({"day"})),
    Palette("night", frozenset({"night"})),
    Palette("red night", frozenset({"night", "red"})),
)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("A fox at night", {"night"}),
        ("Red leaves fall in an October storm", {"red", "autumn", "storm"}),
        ("GOLDEN mornings", {"gold", "dawn"}),
        ("A fox", set()),
        ("星空の下で", set()),
    ],
)
def test_words_name_hours_seasons_weather_and_colours(text: str, tags: set[str]) -> None:
    assert brief_for(text).tags == tags


@pytest.mark.parametrize(
    ("text", "energy"),
    [
        ("A calm sea", CALM),
        ("A sea", USUAL),
        ("A raging sea", WILD),
        ("After the quiet came the storms", WILD),
    ],
)
def test_stirring_words_move_more_and_outweigh_calming_ones(text: str, energy: float) -> None:
    assert brief_for(text).energy == energy


@pytest.mark.parametrize(
    ("tags", "possible"),
    [
        ({"night"}, {"night", "red night"}),
        ({"night", "red"}, {"red night"}),
        ({"day", "winter"}, {"day"}),
        ({"winter"}, {"day", "night", "red night"}),
        (set(), {"day", "night", "red night"}),
    ],
)
def test_chance_decides_among_those_that_share_most_with_the_text(tags: set[str], possible: set[str]) -> None:
    brief = Brief(frozenset(tags))
    chosen = {brief.choose(np.random.default_rng(seed), (DAY, NIGHT, RED_NIGHT)).name for seed in range(40)}

    assert chosen == possible


@given(st.frozensets(st.sampled_from(sorted(TAGS))), st.integers(0, 2**32))
def test_what_is_drawn_next_does_not_depend_on_the_text(tags: frozenset[str], seed: int) -> None:
    """So a word that changes the mood leaves the composition as it was."""
    rng, other = np.random.default_rng(seed), np.random.default_rng(seed)
    Brief(tags).choose(rng, (DAY, NIGHT, RED_NIGHT))
    Brief().choose(other, (DAY, NIGHT, RED_NIGHT))

    assert rng.random() == other.random()


@given(st.text())
def test_every_text_has_a_brief(text: str) -> None:
    assert brief_for(text).tags <= TAGS
