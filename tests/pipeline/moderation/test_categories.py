"""The words for what a story may not be about, and the sentences that its writer sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadStory
from pipeline.model import Judgement, Opinion
from pipeline.moderation.categories import Category, category, require_allowed, sentence_for


@pytest.mark.parametrize("each", [*Category, "violence/graphic", "self-harm", "unspecified", "somebody-elses"])
def test_every_category_has_a_sentence(each: str) -> None:
    """One or two, for people; without the word for programs."""
    said = sentence_for(each)

    assert said.endswith(".")
    assert said.startswith(("The story", "The content"))
    assert "/" not in said


def test_the_sentence_says_what_it_is_about() -> None:
    """As far as the endpoint's word is known."""
    assert sentence_for("violence/graphic") == "The story is not allowed for its content: violence."
    assert sentence_for("quota") == "The content of the story is not allowed."


def test_what_was_rejected_is_a_bad_story() -> None:
    """With the one word for content, ours or the provider's; what passed, or was not looked at, is none."""
    require_allowed(Judgement(Opinion.PASSED, by="rules"))
    require_allowed(Judgement(Opinion.UNCHECKED))
    with pytest.raises(BadStory) as refused:
        require_allowed(Judgement(Opinion.REJECTED, by="rules", category=Category.PERSONAL_DATA))

    assert refused.value.reason == "content_rejected"
    assert "e-mail" in str(refused.value)


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("sexual/minors", "sexual/minors"),
        ("Hate Speech", "hate-speech"),
        ("self_harm", "self_harm"),
        ("<script>", "script"),
        ("\x1b[31mred", "31mred"),
        ("", "unspecified"),
        ("///", "unspecified"),
        ("日本", "unspecified"),
    ],
)
def test_an_endpoints_word_is_made_fit_for_a_row(word: str, kept: str) -> None:
    """Plain letters, however it was written."""
    assert category(word) == kept


@given(st.text(max_size=200))
def test_any_word_becomes_a_category_that_the_database_takes(word: str) -> None:
    """As the CHECK has it."""
    kept = category(word)

    assert 1 <= len(kept) <= 60
    assert kept.isascii()
    assert kept[0].isalnum()
    assert set(kept) <= set("abcdefghijklmnopqrstuvwxyz0123456789/_-")
