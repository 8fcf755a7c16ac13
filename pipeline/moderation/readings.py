"""How a text reads, however it is spelt: words in plain small letters, without disguise. Pure; judges nothing.

Only what a picture model would still understand is undone: other alphabets' lookalikes, digits for letters,
letters set apart, stretched words, accents, marks that nobody sees. Everything here goes over the text once.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise


@dataclass(frozen=True)
class Word:
    """One word of a text, in every way that it may be read; none where a sentence ends.

    A form that begins with `=` has the accents as they were written. `capital`: begun as names are. `spelt`: its
    letters were set apart, and may be those of several words.
    """

    forms: frozenset[str]
    capital: bool = False
    spelt: bool = False


BREAK = Word(frozenset())
"""The end of a sentence, or of what somebody says."""

MOST_VISIBLE = 40_000
"""Characters. One may stand for eighteen; of so long a text the rest would reach no prompt."""

_LIGATURES = str.maketrans({"æ": "ae", "œ": "oe"})

# Digits and signs for letters; a 1 may be either of two.
_LEET = str.maketrans("034578@$€!|", "oeastbaseil")
_ONE_AS = (str.maketrans("1", "i"), str.maketrans("1", "l"))

# Letters in dark circles and on dark squares, which NFKC leaves as they are.
_BADGES = {first + n: chr(ord("a") + n) for first in (0x1F150, 0x1F170) for n in range(26)}
# What is blank to the eye, and neither a space nor a format character to Unicode.
_BLANK = dict.fromkeys([0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0])
_VARIANTS = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
_REDRAWN = str.maketrans({**_BADGES, **_BLANK, **_VARIANTS})

_WORD = re.compile(r"[\w@$€!|]+")
_LETTER = re.compile(r"[^\W\d]")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_AGED = re.compile(r"([0-9]{1,2})([^\W\d]+)")
_QUOTES = '"“”«»„'
_END = re.compile(rf"[.!?…;:{_QUOTES}]")
_APART = re.compile(rf"[\s{_QUOTES}]")
_FEWEST_SPELT = 3  # letters set apart in a row; two are initials


def visible(text: str) -> str:
    """The text as the eye sees it: one form of every character, plain digits and dashes, nothing invisible.

    Cut at `MOST_VISIBLE`.
    """
    seen = unicodedata.normalize("NFKC", text)[:MOST_VISIBLE].translate(_REDRAWN)
    return seen if seen.isascii() else "".join(map(_plain, seen))


def _plain(character: str) -> str:
    match unicodedata.category(character):
        case "Cf" | "Mn" | "Me":  # of accents, those that make a letter of their own are part of it by now
            return ""
        case "Nd":
            return str(unicodedata.decimal(character))
        case "Pd":
            return "-"
    return character


def words(text: str) -> list[Word]:
    """The words of a visible text, and where its sentences end."""
    return list(_joined_letters(_split(text, cache(_forms))))  # no word is remembered beyond this text


def plain(word: str) -> str:
    """A word in small letters of the Latin alphabet, without accents."""
    if word.isascii():
        return word.lower()
    lookalikes = _lookalikes()
    # Taken apart first: capitals of mathematical scripts have no small letters of their own.
    small = unicodedata.normalize("NFKD", word.translate(lookalikes)).casefold().translate(_LIGATURES)
    apart = unicodedata.normalize("NFKD", small)
    return "".join(c for c in apart if unicodedata.category(c)[0] != "M").translate(lookalikes)


def accented(word: str) -> str:
    """A word in small letters with its accents, and marked as such."""
    return "=" + unicodedata.normalize("NFC", word.casefold())


def _split(text: str, forms: Callable[[str], frozenset[str]]) -> Iterator[Word]:
    """Words as they stand between blanks and signs."""
    found = [match for match in _WORD.finditer(text.replace("_", " ")) if match.group().strip("!|€@$")]
    for match, after in pairwise([*found, None]):
        assert match is not None, "only the last one has none after it"
        core = match.group().rstrip("!|€@$")
        yield from _words_of(core.lstrip("!|€"), forms)
        gap = text[match.start() + len(core) : after.start()] if after else ""
        # Not after a single letter: that is an initial, or one of several set apart.
        if len(core) > 1 and _END.search(gap) and _APART.search(gap):
            yield BREAK


def _words_of(core: str, forms: Callable[[str], frozenset[str]]) -> Iterator[Word]:
    aged = _AGED.fullmatch(core)
    if aged:  # 12yo, 12jährig: a number, and what it counts
        yield Word(frozenset({aged[1].lstrip("0")}))
        yield Word(forms(aged[2]) | forms(core))
    else:
        yield Word(forms(core), capital=core[0].isupper() and core[1:].islower())


def _forms(core: str) -> frozenset[str]:
    small = plain(core)
    if small.isdigit():
        return frozenset({small.lstrip("0")})
    meant = small.translate(_LEET) if _LETTER.search(small) else small
    forms = {small, *(meant.translate(one) for one in _ONE_AS)}
    shorter = {_STRETCHED.sub(letters, form) for form in forms for letters in (r"\1", r"\1\1")}
    return frozenset({*forms, *shorter, accented(core)})


def _joined_letters(found: Iterator[Word]) -> Iterator[Word]:
    """The words, but of letters that were set apart one word."""
    row: list[Word] = []
    for word in found:
        if _letter(word):
            row.append(word)
        else:
            yield from _joined(row)
            row = []
            yield word
    yield from _joined(row)


def _joined(row: Sequence[Word]) -> Sequence[Word]:
    if len(row) < _FEWEST_SPELT:
        return row
    return [Word(frozenset({"".join(map(_letter, row))}), spelt=True)]


def _letter(word: Word) -> str:
    """The letter that the word consists of, or nothing."""
    return next((form for form in word.forms if len(form) == 1 and form.isalpha()), "")


@cache
def _lookalikes() -> Mapping[int, str]:
    """What lookalikes stand for, by code point."""
    text = resources.files("pipeline.moderation").joinpath("lookalikes.toml").read_text("utf-8")
    pairs = " ".join(tomllib.loads(text).values()).split()
    return {ord(pair[0]): pair[1] for pair in pairs}
