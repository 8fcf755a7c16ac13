"""The themes there are, and which one a text calls for. Pure. A new theme is a folder and a line here."""

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
    calls: dict[str, int] = {}
    for word in forms(text):
        for theme in THEMES.values():
            if not theme.words.isdisjoint(word):
                calls[theme.name] = calls.get(theme.name, 0) + 1
    # A dict keeps the order in which themes were first called for, and max takes the first of equals.
    return max(calls, key=lambda name: calls[name], default=NEUTRAL)
