"""The themes there are, and which one a text calls for. Pure. A new theme is a file and a line here."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from local.renderer.theme import Theme
from local.renderer.themes import dream, forest, ocean, space

NEUTRAL = "dream"

THEMES: Mapping[str, Theme] = MappingProxyType(
    {theme.name: theme for theme in (space.THEME, ocean.THEME, forest.THEME, dream.THEME)}
)

_WORD = re.compile(r"[^\W\d_]+")
_ENDINGS = (
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("ves", "f"),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
)


def theme_for(text: str) -> str:
    """The theme most words of the text call for; of equals, the one called for first; `dream` for none."""
    calls: dict[str, int] = {}
    for word in _WORD.findall(text.casefold()):
        forms = _forms(word)
        for theme in THEMES.values():
            if not theme.words.isdisjoint(forms):
                calls[theme.name] = calls.get(theme.name, 0) + 1
    # A dict keeps the order in which themes were first called for, and max takes the first of equals.
    return max(calls, key=lambda name: calls[name], default=NEUTRAL)


def _forms(word: str) -> set[str]:
    """The word, and what it may be without an English ending: `wolves` is also `wolf`, `swimming` `swim`."""
    forms = {word}
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            forms.add(word.removesuffix(ending) + instead)
    return forms | {form[:-1] for form in forms if len(form) > 3 and form[-1] == form[-2] != "s"}
