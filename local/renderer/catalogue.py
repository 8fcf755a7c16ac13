"""The themes there are, and which scene a text calls for. Pure. A new theme is a folder and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from local.renderer.theme import Theme
from local.renderer.themes import (
    abstract,
    aurora,
    city,
    desert,
    dream,
    fire,
    forest,
    mountains,
    nature,
    ocean,
    rain,
    space,
)
from local.renderer.words import forms

NEUTRAL = "dream"

THEMES: Mapping[str, Theme] = MappingProxyType(
    {
        theme.name: theme
        for theme in (
            nature.THEME,
            space.THEME,
            ocean.THEME,
            forest.THEME,
            city.THEME,
            fire.THEME,
            aurora.THEME,
            mountains.THEME,
            rain.THEME,
            desert.THEME,
            abstract.THEME,
            dream.THEME,
        )
    }
)


def theme_for(text: str) -> str:
    """The theme most words of the text call for; of equals, the one called for first; `dream` for none."""
    return _most_called(text, {theme.name: theme.words for theme in THEMES.values()}) or NEUTRAL


def variant_for(theme: str, text: str) -> str | None:
    """The scene of the theme that most words of the text lean to; None, for none, leaves it to the seed."""
    return _most_called(text, THEMES[theme].leanings) if theme in THEMES else None


def _most_called(text: str, vocabularies: Mapping[str, frozenset[str]]) -> str | None:
    calls: dict[str, int] = {}
    for word in forms(text):
        for name, words in vocabularies.items():
            if not words.isdisjoint(word):
                calls[name] = calls.get(name, 0) + 1
    # A dict keeps the order in which names were first called for, and max takes the first of equals.
    return max(calls, key=lambda name: calls[name], default=None)
