"""English words and the endings they wear, for choosing by text. Pure; it knows no themes and no colours."""

import re

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


def vocabulary(words: str) -> frozenset[str]:
    """The words of a list written out with spaces; lower case and singular, as `forms` gives them."""
    return frozenset(words.split())


def forms(text: str) -> list[frozenset[str]]:
    """For each word of the text what it may be without its ending: `wolves` is also `wolf`, `swimming` `swim`."""
    return [_forms(word) for word in _WORD.findall(text.casefold())]


def _forms(word: str) -> frozenset[str]:
    found = {word}
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            found.add(word.removesuffix(ending) + instead)
    return frozenset(found | {form[:-1] for form in found if len(form) > 3 and form[-1] == form[-2] != "s"})
