"""The promises of the `PromptWriter` port, run against every implementation that users have: the template."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadStory
from pipeline.ports import PromptWriter
from pipeline.prompts import REJECTIONS, TemplateWriter

IMPLEMENTATIONS: dict[str, Callable[[], PromptWriter]] = {"template": TemplateWriter}

# What Postgres can hold: text without NUL and lone surrogates.
stories = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300)


@pytest.fixture(params=IMPLEMENTATIONS, scope="module")
def writer(request: pytest.FixtureRequest) -> PromptWriter:
    return IMPLEMENTATIONS[request.param]()


async def test_a_story_becomes_at_least_one_prompt(writer: PromptWriter) -> None:
    """Each with words for what to show and for what not to."""
    prompts = await writer.write("A whale swims through the stars")

    assert len(prompts) >= 1
    assert all(prompt.text and prompt.negative for prompt in prompts)
    assert "whale" in prompts[0].text


async def test_the_same_story_gives_the_same_prompts(writer: PromptWriter) -> None:
    """Otherwise equal stories would be paid for twice."""
    story = "A fox in the forest, at night."

    assert await writer.write(story) == await writer.write(story)
    assert await writer.write(f"  {story}\n") == await writer.write(story)


@pytest.mark.parametrize(
    "story", ["", " \n ", "\u200b", "a\0b", "\ud800", "https://example.com", "...", "x" * 20_001]
)
async def test_what_cannot_be_told_is_refused_with_a_reason(writer: PromptWriter, story: str) -> None:
    """A known word for programs, a sentence for people, and no other exception."""
    with pytest.raises(BadStory) as refused:
        await writer.write(story)

    assert refused.value.reason in REJECTIONS
    assert str(refused.value).endswith(".")
    assert refused.value.permanent


@given(stories)
async def test_any_text_is_written_or_refused(writer: PromptWriter, story: str) -> None:
    """Never another exception, never an unprintable or endless prompt."""
    try:
        prompts = await writer.write(story)
    except BadStory:
        return

    assert all(0 < len(prompt.text) < 2_000 for prompt in prompts)
    assert all("\0" not in prompt.text and "\n" not in prompt.text for prompt in prompts)
