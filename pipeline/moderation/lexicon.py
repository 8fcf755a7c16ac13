"""The words that the rules know, read from `words/*.toml`, and where they stand in a text. Pure; judges nothing.

A file has lists by what they are for (`Kind`), of entries between commas or line ends. An entry is one word or
several in a row; `a|b` is either, `word*` that word with any ending, `#` a number under eighteen in digits or
words, and `=word` one whose accents matter. What stands in `common.toml` belongs to every language.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from pipeline.moderation.readings import Word, accented, plain

LANGUAGES = ("english", "german", "french", "spanish", "italian", "portuguese")
COMMON = "common"
LONGEST = 8
"""Words of an entry, at most: what stands within some words of another can be looked for among few."""

_ADULT = 18
_SHORTEST_SPELT = 3  # letters; less would be found in any row of initials
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


class Kind(StrEnum):
    """What a list is for."""

    CHILDREN = "children"  # surely a child
    YOUNG = "young"  # a child perhaps: a word for grown-ups as well
    EXPLICIT = "explicit"  # surely sexual
    SUGGESTIVE = "suggestive"  # sexual perhaps
    NUDE = "nude"  # beside a child; elsewhere a statue, or the emperor
    BETWEEN = "between"  # words that may stand between those two
    HARMLESS = "harmless"  # in which a sexual word is none
    BANNED = "banned"  # by itself
    FAKES = "fakes"  # a deceptive picture of somebody, by itself
    PRETEND = "pretend"  # to have it look as if …
    REALLY = "really"  # … somebody had said or done it
    FAMOUS = "famous"  # people by their full names
    HARM = "harm"  # what nobody may be shown to suffer, or to have done


@dataclass(frozen=True)
class Mark:
    """Where an entry stands: from one word on, up to but not including another."""

    kind: Kind
    language: str
    start: int
    end: int


@dataclass(frozen=True)
class _Element:
    words: frozenset[str]
    stems: tuple[str, ...]

    def matches(self, word: Word) -> bool:
        if not self.words.isdisjoint(word.forms):
            return True
        return bool(self.stems) and any(form.startswith(self.stems) for form in word.forms)


@dataclass(frozen=True)
class _Entry:
    kind: Kind
    language: str
    elements: tuple[_Element, ...]

    def stands_at(self, words: Sequence[Word], place: int) -> bool:
        """Whether it does; that its first element matches is known."""
        row = words[place + 1 : place + len(self.elements)]
        return len(row) == len(self.elements) - 1 and all(map(_Element.matches, self.elements[1:], row))


class Lexicon:
    """All entries, found by how they begin."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self._by_word: dict[str, list[_Entry]] = {}
        self._by_stem: dict[str, list[_Entry]] = {}
        for entry in entries:
            for word in entry.elements[0].words:
                self._by_word.setdefault(word, []).append(entry)
            for stem in entry.elements[0].stems:
                self._by_stem.setdefault(stem, []).append(entry)
        self._stem_lengths = sorted({len(stem) for stem in self._by_stem})

    def find(self, words: Sequence[Word]) -> Iterator[Mark]:
        """Where entries stand in the text, in its order."""
        begun = cache(self._begun)  # a word is looked up once in a text, and then forgotten
        for place, word in enumerate(words):
            for entry in begun(word):
                if entry.stands_at(words, place):
                    yield Mark(entry.kind, entry.language, place, place + len(entry.elements))

    def _begun(self, word: Word) -> Sequence[_Entry]:
        """Entries whose first word it may be."""
        if word.spelt:
            return self._contained(*word.forms)
        begun = [entry for form in word.forms for entry in self._by_word.get(form, ())]
        stems = {form[:length] for form in word.forms for length in self._stem_lengths}
        return begun + [entry for stem in stems for entry in self._by_stem.get(stem, ())]

    def _contained(self, letters: str) -> Sequence[_Entry]:
        """Entries of one word that letters set apart contain."""
        return [
            entry
            for known, entries in self._by_word.items()
            if len(known) >= _SHORTEST_SPELT and known in letters
            for entry in entries
            if len(entry.elements) == 1
        ]


@cache
def lexicon() -> Lexicon:
    """Everything that the files say, read once."""
    files = {language: _read(language) for language in (COMMON, *LANGUAGES)}
    numbers = frozenset(str(number) for number in range(1, _ADULT))
    numbers |= {plain(word) for lists in files.values() for word in lists.pop("numbers", "").split()}
    return Lexicon(
        _Entry(Kind(kind), language, tuple(_element(text, numbers) for text in entry.split()))
        for language, lists in files.items()
        for kind, listed in lists.items()
        for entry in re.split(r"[,\n]", listed)
        if entry.strip()
    )


def _read(language: str) -> dict[str, str]:
    text = resources.files("pipeline.moderation").joinpath(f"words/{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


def _element(text: str, numbers: frozenset[str]) -> _Element:
    if text == "#":
        return _Element(numbers, ())
    exact = text.startswith("=")
    options = text.lstrip("=").split("|")
    if exact:
        return _Element(frozenset(map(accented, options)), ())
    spellings = [spelling for option in options for spelling in {option, option.translate(_UMLAUTS)}]
    return _Element(
        frozenset(plain(word) for word in spellings if not word.endswith("*")),
        tuple(plain(word.removesuffix("*")) for word in spellings if word.endswith("*")),
    )


def by_language(marks: Iterable[Mark], kind: Kind) -> Mapping[str, Sequence[Mark]]:
    """The marks of the kind by language, those common to all among each."""
    of_kind = [mark for mark in marks if mark.kind is kind]
    return {language: [mark for mark in of_kind if mark.language in (COMMON, language)] for language in LANGUAGES}
