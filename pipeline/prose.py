"""What somebody else wrote, made fit for a database row and a sentence of ours. Pure."""

LONGEST = 500
"""Characters kept of anything that a provider or a bucket says: enough to act on, small enough for a row."""

_READ = 20 * LONGEST  # characters that are looked at: an answer may have millions
_SHORTEST_SECRET = 8  # characters; a shorter part of a key is none, and blotting it out would garble sentences


def clean(text: str) -> str:
    """One line, printable, of limited length.

    JSON can smuggle NUL and lone surrogates through escapes; Postgres refuses both.
    """
    printable = "".join(char if char.isprintable() else " " for char in text[:_READ])
    line = " ".join(printable.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def without_key(said: bytes, key: str) -> bytes:
    """An answer with our key, and the parts of it that colons part, blotted out.

    A proxy's error page may echo our headers, and what an answer says may become an error's message.
    """
    for part in (key, *key.split(":")):
        if len(part) >= _SHORTEST_SECRET:
            said = said.replace(part.encode(), b"[key]")
    return said
