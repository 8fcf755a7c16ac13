"""The offline rules: what must pass, what must not, however it is spelt, in time proportional to the text."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.moderation import categories, lexicon, personal_data, readings, rules
from pipeline.moderation.categories import Category
from pipeline.moderation.rules import category_of

HERE = Path(__file__).parent
THEMES = HERE.parents[1] / "themes"
HARMLESS: dict[str, list[str]] = tomllib.loads((HERE / "harmless.toml").read_text())
REFUSED: dict[str, dict[str, list[str]]] = tomllib.loads((HERE / "refused.toml").read_text())
MUST_PASS = [story for stories in HARMLESS.values() for story in stories]
MUST_NOT = [
    (category, story)
    for category, languages in REFUSED.items()
    for stories in languages.values()
    for story in stories
]


@pytest.mark.parametrize("story", MUST_PASS)
def test_a_harmless_story_passes(story: str) -> None:
    """Each has words that stand in another kind of story, too."""
    assert category_of(story) is None


@pytest.mark.parametrize(("category", "story"), MUST_NOT, ids=lambda value: ascii(value)[:60])
def test_a_story_that_is_not_allowed_is_refused(category: str, story: str) -> None:
    """With the category that it is refused for."""
    assert category_of(story) == Category(category)


def test_the_tables_are_long_enough_and_of_every_language() -> None:
    """Eighty of each at least; every category is tried in every language."""
    assert len(set(MUST_PASS)) >= 80
    assert len(set(MUST_NOT)) >= 80
    assert set(HARMLESS) == set(lexicon.LANGUAGES)
    assert {category: set(languages) for category, languages in REFUSED.items()} == {
        category: set(lexicon.LANGUAGES) for category in Category
    }


@pytest.mark.parametrize("name", ["labelled.toml", "held_back.toml"])
def test_what_users_write_passes(name: str) -> None:
    """The stories by which the themes are measured: diary lines, bedtime stories, poems, in six languages."""
    stories = [story["text"] for story in tomllib.loads((THEMES / name).read_text())["story"]]

    assert len(stories) >= 60
    assert [story for story in stories if category_of(story)] == []


@pytest.mark.parametrize("story", MUST_PASS)
def test_a_story_passes_in_capitals_too(story: str) -> None:
    """But for names that only their capitals give away, case says nothing."""
    assert category_of(story.upper()) is None


HIDDEN = ["\u200b", "\u200d", "\u00ad", "\u2060", "\ufeff", "\u034f", "\ufe0f", "\u202e"]
LOOKALIKES = {"a": "аα", "e": "еε", "o": "оο0", "i": "іι1", "c": "сⅽ", "s": "ѕ5$", "x": "хⅹ", "h": "һ", "d": "ԁ"}


@given(st.data())
def test_a_disguise_changes_nothing(data: st.DataObject) -> None:
    """Marks that nobody sees, other alphabets' letters, digits, capitals, accents, stretched letters."""

    def disguised(character: str) -> str:
        looks_like: str = data.draw(
            st.sampled_from([character, character.upper(), *LOOKALIKES.get(character, "")])
        )
        accent = data.draw(st.sampled_from(["", "", "\u0301", "\u0308"])) if looks_like.isalpha() else ""
        hidden: str = data.draw(st.sampled_from(["", *HIDDEN]))
        return looks_like + accent + hidden

    story = data.draw(st.sampled_from(["sex, child", "a naked child", "underage, sexual"]))

    assert category_of("".join(map(disguised, story))) is Category.SEXUAL_MINORS


@given(st.text(max_size=300))
def test_any_text_has_a_category_or_none(story: str) -> None:
    """No text upsets the rules, and the same one is always judged alike."""
    assert category_of(story) == category_of(story)
    assert category_of(story) in {None, *Category}


@given(st.sampled_from(MUST_NOT), st.sampled_from(MUST_PASS), st.sampled_from(MUST_PASS))
def test_harmless_company_hides_nothing(refused: tuple[str, str], before: str, after: str) -> None:
    """In the middle of another story it is refused all the same."""
    assert category_of(f"{before} {refused[1]} {after}") is not None


LONG = {
    "one letter": "a" * 20_000,
    "letters set apart": "a b " * 5_000,
    "digits": "1" * 20_000,
    "phone numbers": "+1 234 567 890 " * 1_300,
    "cards": "4111 1111 1111 1112 " * 1_000,
    "account numbers": "DE11 " * 4_000,
    "addresses": "a@" * 10_000,
    "dots": "a.a@" + "a." * 9_990,
    "children": "child " * 3_300,
    "beginnings": "make it look like " * 1_100,
    "what grows": "\ufdfa" * 20_000,
    "accents": "a" + "\u0301" * 19_999,
    "nothing to see": "\u200b" * 20_000,
}


@pytest.mark.parametrize("kind", LONG)
def test_a_hostile_text_of_the_longest_kind_is_judged(kind: str) -> None:
    """The test's own time limit is the only clock: what is quadratic would take hours of it, not seconds."""
    category_of(LONG[kind])


def _patterns(module: ModuleType) -> Iterator[re.Pattern[str]]:
    return (value for value in vars(module).values() if isinstance(value, re.Pattern))


@pytest.mark.parametrize("module", [readings, lexicon, personal_data, rules, categories], ids=lambda m: m.__name__)
def test_no_pattern_repeats_a_repetition(module: ModuleType) -> None:
    """So that none can be made to try exponentially many ways."""
    for pattern in _patterns(module):
        parsed = re._parser.parse(pattern.pattern)  # type: ignore[attr-defined]  # no public way to look inside
        assert _deepest(parsed) <= 1, pattern.pattern


def _deepest(part: Any) -> int:
    """How many repetitions stand within each other."""
    if isinstance(part, tuple) and part and str(part[0]) in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return 1 + _deepest(part[1][2])
    inner = part if isinstance(part, list | tuple) or hasattr(part, "data") else ()
    return max((_deepest(each) for each in inner), default=0)


def test_every_pattern_is_looked_at() -> None:
    """Else the test above would promise nothing."""
    assert len([*_patterns(readings), *_patterns(personal_data)]) >= 12
