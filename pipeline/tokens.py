"""How many CLIP tokens a text can cost at most. Pure; must never say less than the tokenizer would.

SD1.5 reads a prompt through CLIP, which takes 77 tokens and drops the rest without an error. An exact count
needs the vocabulary (1.3 MB) and a cleaning library; an upper bound needs neither:

- The tokenizer lower-cases, splits into words, and begins each word as single UTF-8 bytes, which it then only
  merges. So a word costs at most its bytes.
- A word listed in `clip_words.txt` was measured to be one token wherever it is surely a word of its own
  (`_is_calm` says where that is certain).
- Merging goes on as long as any two neighbours can merge. So two neighbouring bytes that can merge never both
  stay single, which allows two tokens in three bytes at most.

The bound holds for the tokenizer of `transformers`, with and without the cleaning library, and for OpenAI's
own, which also decodes HTML entities and straightens quotes. One thing is measured only, not proven: the
repair of text that was decoded with a wrong charset ("Ã©" for "é").
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

MAX_TOKENS = 77
"""What CLIP's text encoder takes, the markers of start and end included."""

_MARKERS = 2

# The tokenizer's own word rule, for chunks in which nothing beyond ASCII is a letter or a number.
# Source: the pattern published with openai/clip-vit (`'s|'t|…|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`).
_CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")  # each is one token
_WORD = re.compile("|".join((*_CONTRACTIONS, "[a-z]+", "[0-9]", "[^a-z0-9]+")))
_LETTERS = re.compile(r"[a-z]+")

# Only these divide words in every cleaning; some cleanings drop other controls and join what those parted.
_SPACE = re.compile(r"[ \t\r\n]+")

# What some cleanings drop or replace: an HTML entity, a marker written out, controls, escape sequences.
_REPLACED = re.compile(r"[&\uff06].|<\||[\x00-\x1f\x7f-\x9f]")

_STRAIGHT = str.maketrans("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f", "''''\"\"\"\"")

_VARIATION_SELECTOR = "\ufe0f"
_ELLIPSIS = "\u2026"


@dataclass(frozen=True)
class _Facts:
    """`clip_words.txt`, read. `apart`: letter pairs that may both stay single, all others merge.

    `merged`: the first two bytes of characters beyond ASCII whenever these two cannot both stay single.
    """

    single: frozenset[str]
    apart: frozenset[str]
    merged: frozenset[bytes]


def bound(text: str) -> int:
    """An upper bound of the CLIP tokens of `text`, the two markers included. Never below the true count."""
    composed = unicodedata.normalize("NFC", text)
    as_written = composed.lower()
    straightened = composed.translate(_STRAIGHT).lower()
    return _MARKERS + max(_cost(as_written), _cost(straightened))


def _cost(text: str) -> int:
    """The bound of lower-case text without markers."""
    return sum(_chunk_cost(chunk) for chunk in _SPACE.split(text) if chunk)


def _chunk_cost(chunk: str) -> int:
    """The bound of what stands between two spaces."""
    if _REPLACED.search(chunk):
        # An entity is never shorter than what it stands for, but for one byte (`&nLt;` and its kin).
        return sum(_size(character) for character in chunk) + chunk.count("&")
    if all(_is_calm(character) for character in chunk):
        return sum(_word_cost(word) for word in _WORD.findall(chunk))
    return _unsure_cost(chunk)


def _is_calm(character: str) -> bool:
    """Whether no cleaning alters or drops the character, and it is no letter or number beyond ASCII."""
    if " " < character <= "~" or character in (_VARIATION_SELECTOR, _ELLIPSIS):
        return True
    kind = unicodedata.category(character)
    return kind[0] in "PS" and character == unicodedata.normalize("NFKC", character)


def _word_cost(word: str) -> int:
    """The bound of one word as the tokenizer splits them."""
    facts = _facts()
    if word in facts.single or word in _CONTRACTIONS:
        return 1
    if _LETTERS.fullmatch(word):
        return _most_parts([a + b not in facts.apart for a, b in pairwise(word)])
    return _most_parts(_joints(word))


def _unsure_cost(chunk: str) -> int:
    """The bound where it is not sure how the chunk falls into words.

    Letters of one ASCII run belong together; where an apostrophe before it takes the first away, they are no
    single bytes any more.
    """
    joints = _joints(chunk)
    for run in _LETTERS.finditer(chunk):
        offset = sum(_size(character) for character in chunk[: run.start()])
        for place, (a, b) in enumerate(pairwise(run.group()), offset):
            joints[place] = a + b not in _facts().apart
    return _most_parts(joints)


def _joints(text: str) -> list[bool]:
    """For each two neighbouring bytes whether they surely cannot both stay single, as inside a character."""
    joints: list[bool] = []
    for character in text:
        size = _size(character)
        encoded = character.encode(errors="surrogatepass")
        firm = character == unicodedata.normalize("NFKC", character) and encoded[:2] in _facts().merged
        joints += [False, firm, *[False] * (size - 2)][:size]
    return joints[1:]


def _size(character: str) -> int:
    """The most UTF-8 bytes that the character has in any cleaning.

    Cleanings write out double letters such as U+01C4 and replace C1 controls by what Windows means by them.
    """
    if character <= "\x7f":
        return 1
    if character <= "\x9f":
        return 3
    size = len(character.encode(errors="surrogatepass"))
    if size > 2:
        return size
    return max(size, len(unicodedata.normalize("NFKC", character).lower().encode()))


def _most_parts(joints: Sequence[bool]) -> int:
    """Into how many parts a run of bytes can fall if no true joint has a single byte on both sides.

    `joints` has one entry less than there are bytes. Follows the best count by what the last part is: a byte
    that stays single, the first byte of a longer part, or the end of a longer part.
    """
    single, begun, longer = 1, 1, 0
    for joint in joints:
        single, begun, longer = (
            1 + (longer if joint else max(longer, single)),
            1 + max(longer, single),
            max(longer, begun),
        )
    return max(single, longer)


@cache
def _facts() -> _Facts:
    """Read the measured facts that stand beside this file; see `_front_coded` for the words."""
    rows: dict[str, list[str]] = {}
    for line in resources.files("pipeline").joinpath("clip_words.txt").read_text("utf-8").splitlines():
        name, _, rest = line.partition(" ")
        rows.setdefault(name, []).append(rest)
    return _Facts(
        single=frozenset([*"".join(rows["single"]).split(), *_front_coded("".join(rows["words"]))]),
        apart=frozenset("".join(rows["apart"]).split()),
        merged=frozenset(bytes.fromhex(pair) for pair in "".join(rows["merged"]).split()),
    )


def _front_coded(coded: str) -> list[str]:
    """Unfold sorted words, each written as a digit (letters shared with the one before) and the rest."""
    words = [""]
    for shared, rest in re.findall(r"(\d)([a-z]+)", coded):
        words.append(words[-1][: int(shared)] + rest)
    return words[1:]
