"""Reads one environment variable at a time: its value in the form asked for, or an error that names it.

What the variables mean, and which belong together, is `settings`. No error shows more than a few characters of a
value, and none of an address or a secret: two variables are easily mixed up.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import BadSetting


class Environment:
    """Variables by name. Every method raises `BadSetting`; a variable that is blank counts as not set."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, name: str) -> str:
        """The value without blanks around it, empty where it is not set."""
        value = self._variables.get(name, "").strip()
        if any(
            "\ud800" <= character <= "\udfff" for character in value
        ):  # how Python shows bytes that are no UTF-8
            raise BadSetting(f"{name} is no text in UTF-8")
        return value

    def listed(self, name: str) -> tuple[str, ...]:
        """What stands between commas."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def required(self, name: str, mend: str) -> str:
        """The value, which must be there; `mend` says where to get it."""
        value = self.text(name)
        if not value:
            raise BadSetting(f"{name} is not set: {mend}")
        return value

    def key(self, name: str) -> str:
        """A key as headers carry it, whose errors would quote another; empty where it is not set."""
        value = self.text(name)
        if not value.isascii() or not value.isprintable() or " " in value:
            raise BadSetting(f"{name} holds blanks or odd characters; copy it anew, in one piece")
        return value

    def optional_url(self, name: str) -> str | None:
        """An http or https address without a slash at its end."""
        value = self.text(name).rstrip("/")
        if not value:
            return None
        try:
            parts = urlsplit(value)
            usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:  # brackets that do not match, a port that is no number
            usable = False
        if not usable or not value.isprintable():
            raise BadSetting(f"{name} is no http or https address")
        if parts.username is not None or parts.password is not None:
            raise BadSetting(f"{name} holds a user or a password, which addresses are no place for")
        return value

    def base_url(self, name: str) -> str | None:
        """As above, for what paths are put after."""
        value = self.optional_url(name)
        if value is not None and ("?" in value or "#" in value):
            raise BadSetting(
                f"{name} holds a query or a fragment, and paths are put after it: cut off what begins there"
            )
        return value

    def url(self, name: str, mend: str) -> str:
        """An http or https address that must be there."""
        value = self.optional_url(name)
        if value is None:
            raise BadSetting(f"{name} is not set: {mend}")
        return value

    def whole(self, name: str, *, least: int, most: int, default: int) -> int:
        """A whole number within these bounds."""
        value = self.text(name) or str(default)
        if not re.fullmatch(r"\d{1,9}", value, re.ASCII) or not least <= int(value) <= most:
            raise BadSetting(f"{name} is {value[:20]!r}; it must be a whole number from {least} to {most}")
        return int(value)

    def number(self, name: str, *, least: float, most: float, default: float) -> float:
        """Any number within these bounds."""
        value = self.text(name) or str(default)
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise BadSetting(f"{name} is {value[:20]!r}; it must be a number from {least:g} to {most:g}")
        return number

    def one_of(self, name: str, usual: str, other: str) -> str:
        """One of two words."""
        value = self.text(name).lower() or usual
        if value not in {usual, other}:
            raise BadSetting(f"{name} is {value[:20]!r}; it must be {usual} or {other}")
        return value

    def file(self, name: str) -> Path | None:
        """A file that is there."""
        value = self.text(name)
        if not value:
            return None
        path = Path(value)
        try:
            found = path.is_file()
        except (OSError, ValueError):  # longer than any path may be, or with a NUL in it
            found = False
        if not found:
            raise BadSetting(f"there is no file where {name} says")
        return path
