"""Reads the locks that `make lock` writes: which version of what, for which machines, with which hashes.

Pure. It reads what uv writes and nothing more of the requirements format: a line that is no pin, no hash and no
comment is an error, for a pin that is passed over is one that nobody checks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.utils import canonicalize_name

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)( ; (?P<marker>[^\\]+?))? \\")
_HASH = re.compile(r"    --hash=(?P<hash>sha256:[0-9a-f]{64})( \\)?")


@dataclass(frozen=True)
class Pin:
    """One locked version. `marker`: the machines and Pythons it is for, as PEP 508 says it; empty for all."""

    name: str
    version: str
    marker: str
    hashes: frozenset[str]

    @property
    def key(self) -> tuple[str, str]:
        """What an advisory is about."""
        return self.name, self.version

    def requirement(self) -> str:
        """As pip reads it, whatever machine it is for."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash={known}" for known in sorted(self.hashes))])

    def is_for_this_machine(self) -> bool:
        """Whether installing the lock here installs it."""
        return not self.marker or Marker(self.marker).evaluate()


def read_lock(text: str) -> tuple[Pin, ...]:
    """Every pin, in the lock's order; a name may have several, each for other machines.

    Raises `ValueError` for a line that is none of a lock's, and for a pin without a hash.
    """
    return tuple(_pins(text.splitlines()))


def _pins(lines: list[str]) -> Iterator[Pin]:
    pin: re.Match[str] | None = None
    hashes: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if found := _HASH.fullmatch(line):
            hashes.add(found["hash"])
            continue
        if pin:
            yield _pin(pin, hashes)
        pin, hashes = _PIN.fullmatch(line), set()
        if not pin:
            raise ValueError(f"line {number} is neither a pin nor a hash: {line!r}")
    if pin:
        yield _pin(pin, hashes)


def _pin(found: re.Match[str], hashes: set[str]) -> Pin:
    if not hashes:
        raise ValueError(f"{found['name']} {found['version']} has no hash")
    return Pin(canonicalize_name(found["name"]), found["version"], found["marker"] or "", frozenset(hashes))
