"""What a story may not be about, as words for programs and sentences for people. Pure.

The sentences say what kind of thing was found and never what was found: they are shown to whoever wrote the story,
and to whoever can see the video.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from pipeline.errors import BadStory
from pipeline.model import Judgement
from pipeline.reasons import CONTENT_REJECTED


class Category(StrEnum):
    """The categories of our own rules. An endpoint has its own words."""

    SEXUAL_MINORS = "sexual/minors"
    REAL_PERSON = "real-person"
    PERSONAL_DATA = "personal-data"


UNSPECIFIED = "unspecified"
"""Where an endpoint refuses and does not say why."""

_LONGEST = 60  # characters; the database holds the same limit (revisions_category_plain)

_SENTENCES: Mapping[str, str] = {
    Category.SEXUAL_MINORS: "The story has sexual words near words for children, which is not allowed.",
    Category.REAL_PERSON: (
        "The story asks for a deceptive or degrading video of a real person, which is not allowed."
    ),
    Category.PERSONAL_DATA: (
        "The story contains what looks like an e-mail address, or a phone, card, account or identity number. "
        "Please leave it out."
    ),
}
# What OpenAI's categories are about, by the word before the slash.
# Source: https://platform.openai.com/docs/guides/moderation
_ABOUT: Mapping[str, str] = {
    "sexual": "sexual content",
    "violence": "violence",
    "hate": "hate",
    "harassment": "harassment",
    "self-harm": "self-harm",
    "illicit": "illegal acts",
}


def category(word: str) -> str:
    """An endpoint's word for a category, fit for a row and a sentence."""
    bare = re.sub(r"[^a-z0-9/_-]+", "-", word.casefold()).strip("-/_")
    return bare[:_LONGEST] or UNSPECIFIED


def sentence_for(category: str) -> str:
    """What to tell whoever wrote a story of that category."""
    if said := _SENTENCES.get(category):
        return said
    about = _ABOUT.get(category.partition("/")[0])
    return (
        f"The story is not allowed for its content: {about}."
        if about
        else "The content of the story is not allowed."
    )


def require_allowed(judgement: Judgement) -> None:
    """Raise `BadStory` where the story was rejected."""
    if judgement.category is not None:
        raise BadStory(CONTENT_REJECTED, sentence_for(judgement.category))
