"""What the tests of the media path share: one transcoder as users have it, and fresh folders."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg


@pytest.fixture(scope="session")
def transcoder() -> FfmpegTranscoder:
    return FfmpegTranscoder(bundled_ffmpeg(), concurrency=2)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[], Path]:
    """Makes another empty folder each time it is called."""
    numbers = count()

    def make() -> Path:
        made = tmp_path / f"out-{next(numbers)}"
        made.mkdir()
        return made

    return make
