"""Our part of a file that the app may have lines of its own in: between two lines that mark it. Pure."""

_BEGIN = "# >>> Storyreel (`storyreel init` writes what stands from here on)"
_END = "# <<< Storyreel"


def with_block(text: str, block: str) -> tuple[str, bool]:
    """The text with our part in it; and whether all that was there still is."""
    ending = "\r\n" if "\r\n" in text else "\n"
    part = f"{_BEGIN}\n{block.rstrip()}\n{_END}\n".replace("\n", ending)
    before, begin, rest = text.partition(_BEGIN)
    if not begin:
        gap = "" if not text else ending if text.endswith("\n") else ending * 2
        return f"{text}{gap}{part}", True
    _, _, after = rest.partition(_END)
    made = f"{before}{part.rstrip()}{after}"
    return made, made == text
