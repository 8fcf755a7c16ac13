"""Text of strangers as a terminal and a log may show it: seen, and obeyed in nothing. Pure.

A story's id, a provider's sentence or a file's name may hold what terminals take for orders (colours, a new title,
the clipboard: ECMA-48, and xterm's OSC), what turns the direction of reading, or a line that looks like one of
ours.
"""

import json
from unicodedata import category

_JOINERS = "\u200c\u200d"  # Persian and emoji are spelt with them, and they order nothing
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    r"""The text as one line of characters that can be seen; every other one as its escape: `\x1b`, `\u202e`.

    Line ends, controls (C0, C1 and DEL), directions, invisible and unassigned characters and lone surrogates are
    escaped; blanks of any width and joiners stay. Applying it twice changes nothing.
    """
    if text.isprintable():
        return text
    return "".join(character if _is_seen(character) else _escape(character) for character in text)


def json_line(value: object) -> str:
    """The value as one line of JSON, in which letters of all scripts stand as they are and nothing unseen does."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    # Outside its strings JSON is ASCII, so that escapes of JSON's own may stand for whatever is not.
    return "".join(character if _is_seen(character) else _json_escape(character) for character in text)


def _is_seen(character: str) -> bool:
    return character.isprintable() or character in _JOINERS or category(character) == "Zs"


def _escape(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return _SHORT.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escape(character: str) -> str:
    """In UTF-16, as JSON writes what lies beyond sixteen bits (RFC 8259, 7)."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))
