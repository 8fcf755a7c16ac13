"""The offline rules: which category a text falls into, by the words that stand near each other. Pure.

They look for wording and know no meaning: a story that must be refused may pass, and the next moderator may know
better. What decides how near is near stands here; the words stand in `words/`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from pipeline.moderation.categories import Category
from pipeline.moderation.lexicon import LANGUAGES, LONGEST, Kind, Mark, by_language, lexicon
from pipeline.moderation.personal_data import holds_personal_data
from pipeline.moderation.readings import BREAK, Word, visible, words

# In words that stand between.
_NEAR = 12  # a child, and what is surely sexual
_CLOSE = 4  # where one of the two may be meant otherwise; in the same sentence
_BESIDE = 4  # a nude child, with nothing but adjectives between
_AROUND = 8  # somebody famous, and what nobody may be shown to suffer; in the same sentence
_PRETENDED = 14  # "make it look like … really said", with a name in between; in the same sentence

_SEXUAL = frozenset({Kind.EXPLICIT, Kind.SUGGESTIVE, Kind.NUDE})


def category_of(story: str) -> Category | None:
    """What the story may not be about and is, or None. Takes time in proportion to its length."""
    text = visible(story)
    scene = _Scene(words(text))
    if scene.has_sexual_minors():
        return Category.SEXUAL_MINORS
    if scene.has_deceptive_person():
        return Category.REAL_PERSON
    return Category.PERSONAL_DATA if holds_personal_data(text) else None


class _Scene:
    """A text, and where the known words stand in it."""

    def __init__(self, text: Sequence[Word]) -> None:
        self._text = text
        self._breaks = [0, *accumulate(word is BREAK for word in text)]
        self._marks = _without_harmless(list(lexicon().find(text)))
        self._famous = {mark.start for mark in self._of(Kind.FAMOUS)}

    def has_sexual_minors(self) -> bool:
        """Whether words for children stand near sexual ones of the same language."""
        if self._of(Kind.BANNED):
            return True
        kinds = (Kind.CHILDREN, Kind.YOUNG, Kind.EXPLICIT, Kind.SUGGESTIVE, Kind.NUDE)
        found = {kind: by_language(self._of(kind), kind) for kind in kinds}
        between = {mark.start for mark in self._of(Kind.BETWEEN)}
        for language in LANGUAGES:
            children, young, explicit, suggestive, nude = (found[kind][language] for kind in kinds)
            if (
                any(True for _ in _near(children, explicit, _NEAR))
                or self._in_one_sentence(young, explicit, _CLOSE)
                or self._in_one_sentence(children, suggestive, _CLOSE)
                or self._side_by_side([*children, *young], nude, between)
            ):
                return True
        return False

    def has_deceptive_person(self) -> bool:
        """Whether somebody real is to be shown doing or suffering what they never did."""
        if self._of(Kind.FAKES):
            return True
        famous = self._of(Kind.FAMOUS)
        harm = self._of(Kind.HARM, Kind.EXPLICIT, Kind.NUDE)
        return self._in_one_sentence(famous, harm, _AROUND) or any(
            self._is_one_sentence(pretend, really) and self._has_name(pretend.end, really.start)
            for pretend, really in _near(self._of(Kind.PRETEND), self._of(Kind.REALLY), _PRETENDED)
            if pretend.end <= really.start
        )

    def _of(self, *kinds: Kind) -> list[Mark]:
        return [mark for mark in self._marks if mark.kind in kinds]

    def _in_one_sentence(self, some: Sequence[Mark], others: Sequence[Mark], apart: int) -> bool:
        return any(self._is_one_sentence(one, other) for one, other in _near(some, others, apart))

    def _is_one_sentence(self, one: Mark, other: Mark) -> bool:
        first, last = min(one.start, other.start), max(one.start, other.start)
        return self._breaks[first] == self._breaks[last]

    def _side_by_side(self, some: Sequence[Mark], others: Sequence[Mark], between: set[int]) -> bool:
        return any(
            all(place in between for place in range(min(one.end, other.end), max(one.start, other.start)))
            for one, other in _near(sorted(some, key=_start), others, _BESIDE)
        )

    def _has_name(self, start: int, end: int) -> bool:
        """Whether somebody is named there: famous, or by two words with capitals as names have them."""
        if not self._famous.isdisjoint(range(start, end)):
            return True
        return any(one.capital and other.capital for one, other in pairwise(self._text[start:end]))


def _start(mark: Mark) -> int:
    return mark.start


def _near(some: Sequence[Mark], others: Sequence[Mark], apart: int) -> Iterable[tuple[Mark, Mark]]:
    """Pairs with at most so many words between. Both must be in the order of the text."""
    for one in some:
        first = bisect_left(others, one.start - apart - LONGEST, key=_start)
        for place in range(first, len(others)):
            other = others[place]
            if other.start > one.end + apart:
                break
            if max(one.start, other.start) - min(one.end, other.end) <= apart:
                yield one, other


def _without_harmless(marks: Sequence[Mark]) -> Sequence[Mark]:
    """All but the sexual words that mean something else where they stand: naked mole rats, sex education."""
    harmless = {place for mark in marks if mark.kind is Kind.HARMLESS for place in range(mark.start, mark.end)}
    return [mark for mark in marks if mark.kind not in _SEXUAL or mark.start not in harmless]
