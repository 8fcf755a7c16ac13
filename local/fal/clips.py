"""Ready-made clips in place of drawn ones: whoever measures what comes after a clip need not wait for the drawing.

Knows files only: what they hold, and whether it is what was asked for, is their owner's affair.
"""

import hashlib
from pathlib import Path

from local.fal.models.film import ClipRequest
from pipeline.errors import BadSetting


class Clips:
    """The mp4 files of a folder, which must stay there."""

    def __init__(self, folder: Path) -> None:
        """Raises `BadSetting` where there are none."""
        self._files = sorted(folder.glob("*.mp4"))
        if not self._files:
            raise BadSetting("no file there ends in .mp4")

    def choose(self, asked: ClipRequest) -> bytes:
        """One of them, the same for equal requests; unequal ones are spread evenly."""
        digest = hashlib.sha256(repr(asked).encode()).digest()
        return self._files[int.from_bytes(digest) % len(self._files)].read_bytes()
