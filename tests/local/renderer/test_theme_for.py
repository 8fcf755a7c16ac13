"""Promises of the choice of a theme by the words of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.renderer import THEMES, theme_for
from local.renderer.catalogue import variant_for


@pytest.mark.parametrize(
    ("text", "theme"),
    [
        ("An astronaut plants a flower on the Moon.", "space"),
        ("ROCKETS, planets & galaxies!", "space"),
        ("The captain sailed home over calm waves", "ocean"),
        ("Two wolves run between the trees", "forest"),
        ("A fox sleeps under falling leaves.", "forest"),
        ("My grandmother's letter", "dream"),
        ("", "dream"),
        ("星空の下で", "dream"),
    ],
)
def test_words_call_for_a_theme(text: str, theme: str) -> None:
    assert theme_for(text) == theme


@pytest.mark.parametrize(
    ("word", "theme"),
    [
        ("wolves", "forest"),
        ("galaxies", "space"),
        ("beaches", "ocean"),
        ("swimming", "ocean"),
        ("surfed", "ocean"),
    ],
)
def test_an_english_ending_does_not_hide_a_word(word: str, theme: str) -> None:
    assert theme_for(f"They were {word}.") == theme


def test_a_whale_among_stars_is_in_space_or_in_the_sea() -> None:
    assert theme_for("A whale swims through the stars") in {"space", "ocean"}


def test_of_equals_the_first_called_for_wins() -> None:
    assert theme_for("an owl and a dolphin") == "forest"
    assert theme_for("a dolphin and an owl") == "ocean"


def test_a_word_inside_another_calls_for_nothing() -> None:
    """`star` is not in `start`, nor `sea` in `seat`."""
    assert theme_for("start seat") == "dream"


@given(st.text())
def test_every_text_has_a_theme_there_is_and_always_the_same(text: str) -> None:
    assert theme_for(text) in THEMES
    assert theme_for(text) == theme_for(text)


@given(st.sampled_from(sorted(THEMES)).filter(lambda name: name != "dream"), st.data())
def test_every_word_of_a_theme_calls_for_it(name: str, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(sorted(THEMES[name].words)))

    assert theme_for(f"The {word}.") == name


@pytest.mark.parametrize(
    ("theme", "text", "variant"),
    [
        ("fire", "They sang around the campfire", "campfire"),
        ("fire", "The volcano wakes", "volcano"),
        ("ocean", "A mermaid among the corals", "reef"),
        ("ocean", "The captain's ship", "open_sea"),
        ("city", "A cat on the roofs of the old town", "rooftops"),
        ("ocean", "The sea", None),
        ("dream", "My grandmother's letter", None),
    ],
)
def test_words_lean_to_a_scene_of_the_theme(theme: str, text: str, variant: str | None) -> None:
    """Where none does, the seed chooses."""
    assert variant_for(theme, text) == variant


def test_leanings_name_scenes_that_there_are_and_no_word_leans_both_ways() -> None:
    for theme in THEMES.values():
        one, other = theme.leanings.values()
        assert theme.leanings.keys() == theme.variants.keys()
        assert not one & other
