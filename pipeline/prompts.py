"""Turns a story into the words that a provider gets. Pure; must not do I/O, nor guess at what a story means.

`check` is the door: what it lets through is readable, normalised text with something to show in it.
`TemplateWriter` sets that text into one fixed sentence and cuts it, and only it, to what CLIP can take.
"""

import hashlib
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping
from types import MappingProxyType

from pipeline.errors import BadStory
from pipeline.model import Prompt
from pipeline.tokens import MAX_TOKENS, bound

MAX_STORY_CHARS = 20_000
"""Code points, before and after normalisation."""

REJECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "unreadable": "The story contains characters that are not text.",
        "blank": "The story is empty.",
        "too_long": f"The story is longer than {MAX_STORY_CHARS:,} characters.",
        "only_links": "The story is only a link; please write the story itself.",
        "no_words": "The story has no words, only punctuation or symbols.",
    }
)
"""Reason code of a `BadStory` to a sentence that a user may see."""

NEGATIVE = "low quality, blurry, distorted, deformed, watermark, text, logo, static, flickering"

_OPENING = "Dreamy, surreal scene: "
_CLOSING = " Cinematic, ethereal lighting, fantasy art style."

_UNREADABLE = re.compile("[\0\ud800-\udfff]")

# Unseen, and without meaning to the model: soft hyphen, zero-width space, direction marks, bidi embeddings,
# overrides and isolates, byte order mark, annotation marks. An override would show a moderator other text
# than the model reads. The joiners U+200C and U+200D stay: Persian and emoji are spelt with them.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_LINK = re.compile(r"\W*(?:[a-z][a-z0-9+.-]*://|www\.)\S", re.IGNORECASE)

# Emoji by block: the interpreter's Unicode tables lag behind what phones type.
_EMOJI = re.compile("[\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")

_CLOSERS = r"[\"'\u2019\u201d\u00bb)\]\u300d\u300f]*"
_SENTENCE_END = re.compile(
    rf"[.!?\u2026\u061f\u06d4]+{_CLOSERS}(?=\s|$)|[\u3002\uff01\uff1f\u0964\u0965\u104b\u1362]+{_CLOSERS}"
)
_ENDED = re.compile(rf"[.!?\u2026\u061f\u06d4\u3002\uff01\uff1f\u0964\u0965\u104b\u1362]{_CLOSERS}$")
_DANGLING = " .,;:-\u2013\u2014\u3001\uff0c\uff1a\uff1b\u060c\u061b([\u00ab\u201c\u2018\u300c"

_ENOUGH = 0.5  # the share of what fits that a sentence or word end must keep to be worth it

# The longest listed word has 16 letters and a space after it, so no text of 77 tokens is longer than this.
_WINDOW = MAX_TOKENS * 20

# No emoji in use is longer; a letter under a tower of accents is cut rather than dropped. In code points.
_LONGEST_CLUSTER = 12


class TemplateWriter:
    """The `PromptWriter` that needs no language model: one shot, the story set into one sentence."""

    async def write(self, story: str) -> tuple[Prompt, ...]:
        """Exactly one prompt, of at most 77 CLIP tokens. Raises `BadStory`."""
        return (Prompt(text=_framed(_shortened(check(story))), negative=NEGATIVE),)


def check(story: str) -> str:
    """The story in normal form, or `BadStory` with a reason out of `REJECTIONS`.

    NFC, so that equal-looking stories are equal; not NFKC, which would rewrite what was meant (x² to x2, ™ to
    TM). Runs of white space become one space; controls and invisible marks vanish. Applying it twice changes
    nothing.
    """
    if _UNREADABLE.search(story):
        raise _bad("unreadable")
    if len(story) > MAX_STORY_CHARS:
        raise _bad("too_long")
    text = _normalised(story)
    if not text:
        raise _bad("blank")
    if len(text) > MAX_STORY_CHARS:
        raise _bad("too_long")
    if _is_only_links(text):
        raise _bad("only_links")
    if not any(unicodedata.category(character)[0] in "LN" for character in text) and not _EMOJI.search(text):
        raise _bad("no_words")
    return text


def seed_for(story: str) -> int:
    """The seed of a story that `check` has normalised: the same one for ever, from 1 to 2**31 - 1.

    Case does not matter, as it does not to CLIP. Never 0, which some providers take for "choose one".
    """
    digest = hashlib.sha256(b"storyreel/seed/1\n" + story.casefold().encode()).digest()
    return int.from_bytes(digest[:8]) % (2**31 - 1) + 1


def _bad(reason: str) -> BadStory:
    return BadStory(reason, REJECTIONS[reason])


def _is_only_links(text: str) -> bool:
    """Whether there is a link and no word beside; word by word, since one pattern for all could be made slow."""
    others = [word for word in text.split() if not _LINK.match(word)]
    return len(others) < len(text.split()) and not re.search(r"\w", " ".join(others))


def _normalised(story: str) -> str:
    spaced = " ".join(story.split())
    visible = _INVISIBLE.sub("", _CONTROL.sub("", spaced))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _framed(story: str) -> str:
    """The whole prompt. The story's own full stop counts, so that there are never two."""
    body = story.rstrip(_DANGLING)
    if _ENDED.search(body):
        return f"{_OPENING}{body}{_CLOSING}"
    return f"{_OPENING}{body}.{_CLOSING}"


def _fits(story: str) -> bool:
    return bound(_framed(story)) <= MAX_TOKENS


def _shortened(story: str) -> str:
    """As much of the story's beginning as the prompt can hold, ended well."""
    if len(story) <= _WINDOW and _fits(story):
        return story
    places = _cluster_ends(story[:_WINDOW])
    fitting = bisect_right(places, MAX_TOKENS, key=lambda place: bound(_framed(story[:place])))
    # A good end may cost more than the bare cut, by the full stop that it gets; then the one before is tried.
    ended = (_ended_well(story, place) for place in reversed(places[:fitting]))
    return next(text for text in ended if _fits(text))


def _ended_well(story: str, place: int) -> str:
    """The story up to `place`, or up to the last sentence or word end before it if that keeps enough."""
    sentences = [match.end() for match in _SENTENCE_END.finditer(story[:_WINDOW]) if match.end() <= place]
    if sentences and sentences[-1] >= place * _ENOUGH:
        return story[: sentences[-1]]
    word = place if story[place : place + 1] in ("", " ") else story.rfind(" ", 0, place)
    return story[:word] if word >= place * _ENOUGH else story[:place]


def _cluster_ends(text: str) -> list[int]:
    """Every place in the text where a cut splits no character as a reader sees it.

    An approximation of the grapheme clusters of UAX #29 with what the standard library knows.
    """
    ends: list[int] = []
    start = flags = 0
    for place in range(1, len(text) + 1):
        before, after = text[place - 1], text[place : place + 1]
        flags = flags + 1 if _is_flag_half(before) else 0
        if after and _belongs(before, after, flags) and place - start < _LONGEST_CLUSTER:
            continue
        ends.append(place)
        start = place
    return ends


def _belongs(before: str, after: str, flags: int) -> bool:
    """Whether the two form one cluster; `flags`: how many flag halves in a row end with `before`."""
    if _is_flag_half(before) and _is_flag_half(after):
        return flags % 2 == 1
    joiner = "\u200d" in (before, after) or after == "\u200c"
    skin_tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    tag = "\U000e0020" <= after <= "\U000e007f"
    mark = unicodedata.category(after)[0] == "M"
    virama = unicodedata.combining(before) == 9 and unicodedata.category(after)[0] == "L"
    conjoining = "\u1160" <= after <= "\u11ff"
    return joiner or skin_tone or tag or mark or virama or conjoining


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
