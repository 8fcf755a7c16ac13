"""The words of the rules: every entry of every file is one that can be met, and is met where it stands."""

import re
import tomllib
from collections.abc import Iterator
from importlib import resources

import pytest

from pipeline.moderation.lexicon import COMMON, LANGUAGES, LONGEST, Kind, by_language, lexicon
from pipeline.moderation.readings import visible, words

Entry = tuple[str, str, str]


def entries() -> Iterator[Entry]:
    """Language, kind and the entry as it is written."""
    folder = resources.files("pipeline.moderation").joinpath("words")
    for language in (COMMON, *LANGUAGES):
        for kind, listed in tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8")).items():
            if kind != "numbers":
                yield from (
                    (language, kind, entry.strip()) for entry in re.split(r"[,\n]", listed) if entry.strip()
                )


def met(text: str) -> set[tuple[str, str]]:
    """Language and kind of whatever stands in the text."""
    return {(mark.language, mark.kind) for mark in lexicon().find(words(visible(text)))}


def spoken(entry: str) -> Iterator[str]:
    """The entry in words, with each choice of each of its elements once."""
    elements = [element.lstrip("=").replace("#", "12").replace("*", "xyz").split("|") for element in entry.split()]
    for number in range(max(map(len, elements))):
        yield " ".join(options[min(number, len(options) - 1)] for options in elements)


ENTRIES = [*entries()]


@pytest.mark.parametrize("language", [COMMON, *LANGUAGES])
def test_every_entry_is_met_by_its_own_words(language: str) -> None:
    """A slip of the pen would make one that nothing matches."""
    missing = [
        (kind, text)
        for of, kind, entry in ENTRIES
        if of == language
        for text in spoken(entry)
        if (language, Kind(kind)) not in met(f"and {text} and")
    ]

    assert missing == []


def test_no_entry_is_longer_than_what_is_looked_for() -> None:
    """Pairs are looked for among so many words."""
    assert max(len(entry.split()) for _, _, entry in ENTRIES) <= LONGEST


def test_no_entry_stands_twice() -> None:
    """In one list."""
    assert sorted(set(ENTRIES)) == sorted(ENTRIES)


@pytest.mark.parametrize(
    "kind", ["children", "explicit", "nude", "between", "harmless", "fakes", "really", "harm"]
)
def test_every_language_has_words_of_every_kind(kind: str) -> None:
    """The rules say the same in all of them."""
    assert {language for language, of, _ in ENTRIES if of == kind} >= set(LANGUAGES)


@pytest.mark.parametrize("text", ["Mädchen", "MÄDCHEN", "madchen", "maedchen", "Ma\u0308dchen"])
def test_german_words_match_however_their_umlauts_are_written(text: str) -> None:
    """With the dots, without them, and with an e."""
    assert ("german", Kind.YOUNG) in met(text)


@pytest.mark.parametrize(("text", "is_met"), [("niña", True), ("Niña", True), ("Nina", False), ("la nina", True)])
def test_where_an_accent_matters_it_is_looked_at(text: str, is_met: bool) -> None:
    """Without its tilde it is a first name, unless an article stands before it."""
    assert (("spanish", Kind.CHILDREN) in met(text)) == is_met


@pytest.mark.parametrize(
    ("text", "is_met"),
    [("12 years old", True), ("twelve years old", True), ("18 years old", False), ("0 years old", False)],
)
def test_a_number_stands_for_an_age_below_eighteen(text: str, is_met: bool) -> None:
    """In digits or words."""
    assert (("english", Kind.CHILDREN) in met(text)) == is_met


def test_an_entry_of_several_words_stands_in_one_sentence() -> None:
    """Its words are neighbours, and no sentence ends between them."""
    assert ("common", Kind.FAMOUS) in met("Then Barack Obama came")
    assert ("common", Kind.FAMOUS) not in met("Then came Barack. Obama left")
    assert ("common", Kind.FAMOUS) not in met("Barack the Obama")


def test_common_words_belong_to_every_language() -> None:
    """And those of a language to it alone."""
    marks = [*lexicon().find(words("sex, vergewaltigt"))]
    found = by_language(marks, Kind.EXPLICIT)

    assert [len(found[language]) for language in LANGUAGES] == [1, 2, 1, 1, 1, 1]
