"""Promises of single images: real files of the exact size that show the first frame of the clip."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from local.renderer import brief_for, frames, render_still, theme_for
from local.renderer.picture import seed_for
from local.renderer.still import StillFormat

TEXT = "a red storm over the sea"


def still(*, text: str = TEXT, seed: int = 3, format: StillFormat = "png") -> bytes:  # noqa: A002 - as render_still
    return render_still(text=text, seed=seed, width=160, height=96, format=format)


def pixels(content: bytes) -> NDArray[np.float64]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(float)


def drawn() -> NDArray[np.float64]:
    pictures = frames(
        theme_for(TEXT), seed=seed_for(TEXT, 3), width=160, height=96, count=9, brief=brief_for(TEXT)
    )
    return next(pictures).astype(float)


@pytest.mark.parametrize(("format_", "name"), [("png", "PNG"), ("jpeg", "JPEG")])
def test_a_still_is_a_file_of_that_format_and_size(format_: StillFormat, name: str) -> None:
    """A foreign reader agrees."""
    image = Image.open(io.BytesIO(still(format=format_)))

    assert (image.format, image.size) == (name, (160, 96))


def test_a_png_is_the_first_frame_of_the_clip_without_loss() -> None:
    """Theme, mood and seed are those that a clip for the same text has, whatever its length."""
    assert np.array_equal(pixels(still()), drawn())


def test_a_jpeg_shows_the_same_picture_in_the_same_colours() -> None:
    """To a few levels: the encoder loses detail, and shifts no colour and no brightness."""
    shown = pixels(still(format="jpeg"))

    assert np.abs(shown - drawn()).mean() < 4
    assert np.abs((shown - drawn()).mean(axis=(0, 1))).max() < 1.5


def test_theme_and_variant_may_be_named() -> None:
    content = render_still(text="x", seed=1, width=64, height=64, theme="space", variant="nebula")

    shown = next(frames("space", seed=seed_for("x", 1), width=64, height=64, count=1, variant="nebula"))
    assert np.array_equal(pixels(content), shown)


@pytest.mark.parametrize("change", [{"text": "a forest"}, {"seed": 4}])
def test_text_and_seed_both_change_the_picture(change: dict[str, str | int]) -> None:
    assert still() == still()
    assert still(**change) != still()  # type: ignore[arg-type]  # two kinds


@pytest.mark.parametrize(
    ("change", "word"), [({"format": "webp"}, "format"), ({"width": 63}, "width"), ({"theme": "lava"}, "theme")]
)
def test_an_impossible_still_is_refused(change: dict[str, str | int], word: str) -> None:
    arguments = {"text": "x", "seed": 1, "width": 64, "height": 64} | change

    with pytest.raises(ValueError, match=word):
        render_still(**arguments)  # type: ignore[arg-type]  # wrong on purpose
