"""What one file of the corpus is, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import MediaError, TranscodeFailed, UnusableClip

BAIT = b"127.0.0.1:00000"
"""Stands in a file's content where the address of a listening trap is to be, which is as long."""


@dataclass(frozen=True)
class Refusal:
    """The error, and some stable words of its message."""

    error: type[MediaError]
    words: str


@dataclass(frozen=True)
class Case:
    """A file: its name, what it is, its content, the number of frames that are made of it or why it is refused.

    It is stretched to `size` bytes with zeros, which take no room on disk.
    """

    name: str
    about: str
    content: Callable[[], bytes]
    expected: int | Refusal
    size: int = 0

    def write(self, folder: Path, bait: str) -> Path:
        """Make the file; the same bytes each time, but for the address of the trap."""
        content = self.content()
        address = bait.encode().ljust(len(BAIT))
        assert len(address) == len(BAIT)
        path = folder / f"{self.name.replace(' ', '-')}.mp4"
        with path.open("wb") as file:
            file.write(content.replace(BAIT, address))
            if self.size:
                file.truncate(self.size)
        return path


def unusable(words: str) -> Refusal:
    """The clip is at fault, and would be again."""
    return Refusal(UnusableClip, words)


def failed(words: str) -> Refusal:
    """The clip passed the gate, and something else came out of it than was asked for."""
    return Refusal(TranscodeFailed, words)
