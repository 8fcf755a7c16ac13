"""A story that can be shown becomes one prompt that CLIP reads whole; any other is refused with a reason."""

import json
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadStory
from pipeline.ports import PromptWriter
from pipeline.prompts import MAX_STORY_CHARS, NEGATIVE, REJECTIONS, TemplateWriter, _cluster_ends, check, seed_for
from pipeline.tokens import MAX_TOKENS, bound

OPENING = "Dreamy, surreal scene: "
CLOSING = " Cinematic, ethereal lighting, fantasy art style."
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"

SAMPLES = Path(__file__).with_name("samples") / "clip_counts.jsonl"
counted = map(json.loads, SAMPLES.read_text("utf-8").split("\n")[:-1])
readable = [text for _, text in counted if "\0" not in text]

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
words = st.one_of(
    st.text(characters, min_size=1),
    st.sampled_from(["whale", "Don't", "stop.", "\u732b", FAMILY, "\U0001f1ef\U0001f1f5", "\u0915\u094d\u0937"]),
    st.sampled_from(readable),
)
told = st.lists(words, min_size=1, max_size=60).map(" ".join).map("A whale {}".format)
stories = told | st.text(characters).map("\u2728{}".format)


async def written(story: str) -> str:
    writer: PromptWriter = TemplateWriter()
    (prompt,) = await writer.write(story)
    return prompt.text


async def kept(story: str) -> str:
    """What the prompt says of the story."""
    text = await written(story)
    return text.removeprefix(OPENING).removesuffix(CLOSING)


@given(stories)
async def test_every_prompt_fits(story: str) -> None:
    """No story makes a prompt of more than 77 tokens, nor loses the frame around it."""
    text = await written(story)

    assert bound(text) <= MAX_TOKENS
    assert text.startswith(OPENING)
    assert text.endswith(CLOSING)


@given(stories)
async def test_only_the_end_is_cut(story: str) -> None:
    """What the prompt keeps is a beginning of the story, but for the full stop that ends it."""
    text = await kept(story)

    assert check(story).startswith((text, text[:-1]))


async def test_negative_prompt_fits() -> None:
    """The negative prompt goes through the same encoder."""
    (prompt,) = await TemplateWriter().write("A whale")

    assert prompt.negative == NEGATIVE
    assert bound(NEGATIVE) <= MAX_TOKENS


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("A whale made of starlight", "A whale made of starlight."),
        ("A whale.", "A whale."),
        ("A whale...", "A whale."),
        ("A whale,", "A whale."),
        ("A whale!", "A whale!"),
        ('"Come," said the whale. "Now."', '"Come," said the whale. "Now."'),
        ("\u9be8\u3002", "\u9be8\u3002"),
        ("\U0001f40b\u2728", "\U0001f40b\u2728."),
    ],
)
async def test_one_full_stop(story: str, expected: str) -> None:
    """The story ends in its own mark, or else in one full stop."""
    assert await written(story) == f"{OPENING}{expected}{CLOSING}"


async def test_cut_at_a_sentence_end() -> None:
    """Whole sentences are kept where they make up enough."""
    sentence = "The fox carried the moon through the snow."

    assert await kept(f"{sentence} " * 20) == " ".join([sentence] * 6)


@pytest.mark.parametrize("start", ["", "a ", "a b ", "a b c "])
async def test_cut_at_a_word_end(start: str) -> None:
    """One long sentence is cut between two words, wherever the limit falls."""
    text = await kept(start + "zeppelinzeppelin " * 50)

    assert text.removeprefix(start).removesuffix(".").split()
    assert set(text.removeprefix(start).removesuffix(".").split()) == {"zeppelinzeppelin"}


async def test_good_end_that_does_not_fit() -> None:
    """A word end whose full stop would cost too much is given up for the one before."""
    text = await kept("sea " * 56 + "x...@ zqzqzqzqzqzq")

    assert bound(f"{OPENING}{'sea ' * 56}x...@.{CLOSING}") > MAX_TOKENS
    assert text == "sea " * 55 + "sea."


async def test_early_sentence_end_is_passed_over() -> None:
    """A short first sentence does not cost the rest of the story."""
    text = await kept("Night fell. " + "the fox ran over the hill and " * 20)

    assert bound(text) > MAX_TOKENS / 2


async def test_decimal_point_ends_no_sentence() -> None:
    """A full stop inside a number or a name is no place to cut."""
    text = await kept("the fox ran " * 12 + "3.14 miles over the hill " * 20)

    assert not text.endswith("3.")


async def test_cut_without_spaces() -> None:
    """Languages without spaces are cut between characters, and use the room."""
    text = await kept("\u661f\u306e\u5149\u3067\u3067\u304d\u305f\u9be8\u304c\u6cf3\u3050" * 40)

    assert bound(f"{OPENING}{text}{CLOSING}") >= MAX_TOKENS - 3


FLAG, WAVE, BURNING_HEART = "\U0001f1ef\U0001f1f5", "\U0001f44b\U0001f3fd", "\u2764\ufe0f\u200d\U0001f525"
WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
DOTTED, KSSI, HAN = "q\u0323\u0307", "\u0915\u094d\u0937\u093f", "\u1112\u1161\u11ab\u11ab"


@pytest.mark.parametrize("cluster", [FAMILY, FLAG, WAVE, BURNING_HEART, WALES, DOTTED, KSSI, HAN])
def test_no_cluster_is_split(cluster: str) -> None:
    """What a reader sees as one character is kept or cut as a whole."""
    whole = unicodedata.normalize("NFC", cluster)

    assert _cluster_ends(whole * 3) == [len(whole), 2 * len(whole), 3 * len(whole)]


async def test_cut_never_splits_a_cluster() -> None:
    """A story of families is cut between two families."""
    text = (await kept(FAMILY * 50)).removesuffix(".")

    assert text == FAMILY * (len(text) // len(FAMILY)) != ""


@given(st.text(characters))
def test_clusters_end_in_order(text: str) -> None:
    """Cuts only move on, the last one is the text's end, and no cluster is longer than the limit."""
    ends = [0, *_cluster_ends(text)]

    assert ends[-1] == len(text)
    assert all(0 < end - start <= 12 for start, end in pairwise(ends))


async def test_tower_of_accents_is_cut() -> None:
    """A letter with a thousand accents neither breaks the prompt nor empties it."""
    assert (await kept("Z" + "\u0337" * 1000)).startswith("Z")


@pytest.mark.parametrize(
    ("story", "reason"),
    [
        ("", "blank"),
        (" \n\t\u3000", "blank"),
        ("\u200b\u202e\x07", "blank"),
        ("a" * (MAX_STORY_CHARS + 1), "too_long"),
        ("\U0001d160" * (MAX_STORY_CHARS // 2), "too_long"),
        ("https://example.com/a?b=c", "only_links"),
        ("<http://example.com> www.example.org", "only_links"),
        ("?!\u2026 --- \u00bf", "no_words"),
        ("$$$ + \u221e", "no_words"),
        ("a\0b", "unreadable"),
        ("a\ud800b", "unreadable"),
    ],
)
async def test_refused(story: str, reason: str) -> None:
    """Text that cannot become a video is refused with its reason and a sentence for the user."""
    with pytest.raises(BadStory) as refused:
        await TemplateWriter().write(story)

    assert refused.value.reason == reason
    assert str(refused.value) == REJECTIONS[reason]


@pytest.mark.parametrize(
    "story",
    [
        "a" * MAX_STORY_CHARS,
        "I found https://example.com in a bottle",
        "\U0001f40b\u2728",
        "\U0001fae8",  # newer than the interpreter's Unicode tables
        "42",
        "\u05d4\u05d9\u05dc\u05d3\u05d4 \u05e4\u05ea\u05d7\u05d4 \u05d3\u05dc\u05ea",
        "\u0645\u06cc\u200c\u0641\u0631\u0648\u062e\u062a",
        "\u9be8\u304c\u6cf3\u3050",
        FAMILY,
        "x\u00b2 \u2122 \ufb01",
    ],
)
def test_taken_as_it_is(story: str) -> None:
    """Every script, emoji alone and compatibility characters pass unchanged."""
    assert check(story) == story


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("  A\r\n\twhale\u00a0 swims ", "A whale swims"),
        ("cafe\u0301", "caf\u00e9"),
        ("wh\x07ale\x9b", "whale"),
        ("\ufeff\u202eA \u2067whale\u2069\u00ad", "A whale"),
    ],
)
def test_normalised(story: str, expected: str) -> None:
    """White space, composition, controls and direction marks have one form."""
    assert check(story) == expected


@given(stories)
def test_normalising_twice_changes_nothing(story: str) -> None:
    """What `check` lets through is its own normal form."""
    once = check(story)

    assert check(once) == once
    assert unicodedata.is_normalized("NFC", once)


@given(stories)
def test_seed_suits_every_provider(story: str) -> None:
    """A seed is a positive 31-bit number and depends on the text alone."""
    assert 1 <= seed_for(check(story)) <= 2**31 - 1
    assert seed_for(check(story)) == seed_for(check(f"  {story} "))


def test_seed_golden_value() -> None:
    """This number never changes: the same story gives the same video for ever, whatever its case."""
    assert seed_for("A whale") == seed_for("a WHALE") == 1_898_050_904
    assert seed_for("A whale!") != seed_for("A whale")
