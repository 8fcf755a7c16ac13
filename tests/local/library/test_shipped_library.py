"""The library that comes with Storyreel: whole, small, seamless, and built from what its description says."""

from collections import Counter
from itertools import pairwise

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from local.library.description import SHIPPED, read_library
from local.library.loops import PREVIEW, VIDEO, loops
from local.library.shelf import Built, Shelf
from local.renderer import THEMES
from pipeline.boxes import Shape
from pipeline.ffmpeg.transcoder import FfmpegTranscoder

SHELF = Shelf(SHIPPED)
LOOPS = loops(read_library(SHIPPED), recipe=FfmpegTranscoder.recipe)
BUILT = {f"{loop.label}-{loop.shape}": SHELF.find(loop.theme, loop.digest) for loop in LOOPS}


def test_every_theme_has_two_loops_of_each_shape() -> None:
    """Of two different scenes of its own."""
    assert Counter((loop.theme, loop.shape) for loop in LOOPS) == {
        (theme, shape): 2 for theme in THEMES for shape in Shape
    }
    assert Counter((loop.theme, loop.label) for loop in LOOPS) == {
        (theme.name, scene): 3 for theme in THEMES.values() for scene in theme.variants
    }


@pytest.mark.parametrize("name", BUILT)
def test_it_is_built_as_it_is_described(name: str) -> None:
    """Where this fails: `storyreel placeholders build`. All files are whole and as large as they should be."""
    built = BUILT[name]

    assert built is not None
    assert (built.width, built.height) == VIDEO.sides[built.shape]
    assert built.seconds == pytest.approx(VIDEO.frames / VIDEO.fps)
    assert built.video.bytes <= VIDEO.most_bytes <= 150_000
    with Image.open(SHELF.file(built.poster)) as poster, Image.open(SHELF.file(built.preview)) as preview:
        assert (poster.size, preview.size) == (VIDEO.sides[built.shape], PREVIEW.sides[built.shape])


def test_all_of_it_is_less_than_twelve_megabytes_and_nothing_else_lies_there() -> None:
    files = {file.relative_to(SHELF.folder).as_posix(): file for file in SHELF.folder.rglob("*") if file.is_file()}
    wanted = {file.path for built in BUILT.values() if built for file in built.files}

    assert set(files) == wanted | {"built.json"}
    assert sum(file.stat().st_size for file in files.values()) < 12_000_000


@pytest.mark.parametrize("name", BUILT)
def test_its_end_runs_into_its_beginning(name: str) -> None:
    """As encoded: the step over the seam is much like those within."""
    built = BUILT[name]
    assert isinstance(built, Built)
    frames = pictures(built)
    steps = [step(one, other) for one, other in pairwise(frames)]

    # The encoder begins anew at the first frame, which is a little sharper than the last: at most 2.6 times the
    # longest step, where hardly anything moves. What is drawn runs on exactly; tests/local/renderer holds that.
    assert step(frames[-1], frames[0]) <= max(steps) * 3


def pictures(built: Built) -> list[NDArray[np.float64]]:
    with av.open(str(SHELF.file(built.video))) as container:
        return [frame.to_ndarray(format="gray").astype(np.float64) for frame in container.decode(video=0)]


def step(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """How different two frames are: the mean of the squares."""
    return float(((one - other) ** 2).mean())
