"""How words read: every disguise is undone, and what is no disguise is left alone."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.moderation.readings import BREAK, MOST_VISIBLE, accented, plain, visible, words


def forms(text: str) -> list[set[str]]:
    """What each word may be read as, without the forms that keep accents."""
    return [{form for form in word.forms if not form.startswith("=")} for word in words(visible(text))]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("WHALE", "whale"),
        ("ｗｈａｌｅ", "whale"),
        ("𝔀𝓱𝓪𝓵𝓮", "whale"),
        ("🆆🅷🅰🅻🅴", "whale"),
        ("wh\u200bal\u00ade", "whale"),
        ("ԝһаӏе", "whale"),
        ("whаle", "whale"),
        ("ωhαlε", "whale"),
        ("wh4l3", "whale"),
        ("wha1e", "whale"),
        ("wh@le", "whale"),
        ("whàlé", "whale"),
        ("wh\u0336a\u0336l\u0336e\u0336", "whale"),
        ("whaaaale", "whale"),
        ("w h a l e", "whale"),
        ("w.h.a.l.e", "whale"),
        ("w-h_a l*e", "whale"),
        ("Straße", "strasse"),
        ("ŒUVRE", "oeuvre"),
    ],
)
def test_a_disguised_word_reads_as_it_is_meant(written: str, read: str) -> None:
    """Among the ways that it may be read."""
    (one,) = forms(written)

    assert read in one


def test_a_one_may_be_either_letter() -> None:
    """An i or an l."""
    (one,) = forms("g1r1")

    assert {"giri", "glrl"} <= one


def test_numbers_stay_numbers() -> None:
    """Ages and years are no letters, in whatever script; a number stands apart from what it counts."""
    assert forms("12 years") == [{"12"}, {"years"}]
    assert forms("１２ years") == [{"12"}, {"years"}]
    assert forms("12yo")[0] == {"12"}
    assert "yo" in forms("12yo")[1]
    assert forms("007") == [{"7"}]


def test_initials_are_not_joined() -> None:
    """Two letters are somebody's; three in a row may be a word that was spelt out."""
    assert len(forms("J R Ewing")) == 3
    assert forms("U S A") == [{"usa"}]


@pytest.mark.parametrize("text", ["He came. She went", "Come! He did", "«Come» she said", "Really? No", "a: b c"])
def test_a_sentence_ends_where_it_ends(text: str) -> None:
    """Or where somebody's words do; the letter after a colon is a list."""
    assert (BREAK in words(visible(text))) == (text != "a: b c")


@pytest.mark.parametrize("text", ["at 3.50 a piece", "J. Miller", "well-known", "end.of", "one, two"])
def test_other_signs_end_no_sentence(text: str) -> None:
    """A decimal point, an initial, a dash, a dot that hides, a comma."""
    assert BREAK not in words(visible(text))


def test_names_are_known_by_their_capitals() -> None:
    """A word that is all capitals, or of one letter, is no name."""
    assert [word.capital for word in words("Mary jones MILLER A")] == [True, False, False, False]


def test_accents_are_kept_beside() -> None:
    """For words that are others without them."""
    (word,) = words(visible("Niña"))

    assert {"nina", "=niña"} <= word.forms
    assert accented("NIÑA") == "=niña"


@given(st.text())
@example("\N{MATHEMATICAL BOLD SCRIPT CAPITAL A}")
def test_what_is_plain_stays_plain(text: str) -> None:
    """Reading twice changes nothing, and leaves no capital and no accent."""
    once = plain(text)

    assert plain(once) == once


@given(st.text(max_size=200))
def test_visible_text_has_nothing_invisible(text: str) -> None:
    """Looking twice shows no more than once."""
    assert visible(visible(text)) == visible(text)


def test_visible_text_is_bounded() -> None:
    """One character may stand for eighteen."""
    assert len(visible("\ufdfa" * 20_000)) <= MOST_VISIBLE
