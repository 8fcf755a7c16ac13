"""The token bound is never below what the real tokenizer counted, and not far above it where it matters.

`samples/clip_counts.jsonl` holds one `[count, text]` per line: the highest count, markers included, that the
tokenizer of openai/clip-vit gave under its four cleanings (OpenAI's own; `transformers` fast; `transformers`
with and without ftfy). Stories in forty languages, emoji, HTML entities, random text, and every listed word.
"""

import json
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tokens import _facts, _most_parts, bound

SAMPLES = Path(__file__).with_name("samples") / "clip_counts.jsonl"
ENGLISH_STORIES = 40  # the first lines of the file


@pytest.fixture(scope="module")
def counted() -> list[tuple[int, str]]:
    return [(count, text) for count, text in map(json.loads, SAMPLES.read_text("utf-8").split("\n")[:-1])]


def test_never_below_the_true_count(counted: list[tuple[int, str]]) -> None:
    """Whatever was counted with the real tokenizer, the bound is at least that."""
    below = [(text, count, bound(text)) for count, text in counted if bound(text) < count]

    assert len(counted) > 2_500
    assert below == []


def test_every_listed_word_was_measured(counted: list[tuple[int, str]]) -> None:
    """A word is listed only if the samples show it to be one token."""
    measured = {word for count, text in counted if count == len(text.split(" ")) + 2 for word in text.split(" ")}

    assert _facts().single <= measured


def test_close_on_english(counted: list[tuple[int, str]]) -> None:
    """An ordinary English story is charged an eighth too much at most, on average."""
    stories = counted[:ENGLISH_STORIES]

    assert fmean(bound(text) / count for count, text in stories) < 1.125


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("", 2),
        ("the sea", 4),
        ("The SEA", 4),
        ("don't", 4),
        ("zzzz", 5),  # no two neighbours both stay single
        ("qxqx", 6),  # nothing here merges
        ("2024", 6),
        ("'sun", 4),  # cut into 's and un
        ("\u2019sun", 5),
        ("a\0b", 5),
        ("\u65e5", 4),  # three bytes, of which the first two merge
        ("\u732b", 5),
    ],
)
def test_known_bounds(text: str, most: int) -> None:
    """Each rule of the bound, on the smallest text that shows it."""
    assert bound(text) == most


@given(st.text())
def test_spacing_costs_nothing(text: str) -> None:
    """Neither leading, trailing nor repeated spaces change the bound."""
    assert bound(f"  {text}\n") == bound(text)


@given(st.text(), st.text())
def test_parts_add_up(left: str, right: str) -> None:
    """Text joined by a space costs no more than its parts together, with one pair of markers."""
    assert bound(f"{left} {right}") <= bound(left) + bound(right) - 2


@given(st.lists(st.booleans(), max_size=10))
def test_most_parts_is_the_true_maximum(joints: list[bool]) -> None:
    """Counting by the last part finds what trying every partition finds."""
    size = len(joints) + 1

    def parts(cuts: int) -> list[int]:
        places = [0, *(place for place in range(1, size) if cuts >> (place - 1) & 1), size]
        return [end - start for start, end in pairwise(places)]

    def allowed(lengths: list[int]) -> bool:
        place = 0
        for length, following in pairwise(lengths):
            place += length
            if joints[place - 1] and length == following == 1:
                return False
        return True

    tried = (parts(cuts) for cuts in range(2 ** len(joints)))

    assert _most_parts(joints) == max(len(lengths) for lengths in tried if allowed(lengths))
