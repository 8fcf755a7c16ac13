"""BlurHash strings: their form, and that they decode to the picture's gist."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.ffmpeg.blurhash import ALPHABET, encode

counts = st.integers(1, 9)
pictures = arrays.arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24), st.just(3)))


def number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 83 + ALPHABET.index(digit)
    return value


def average(text: str) -> tuple[int, int, int]:
    """The mean colour, as decoders read it, in sRGB levels."""
    packed = number(text[2:6])
    return packed >> 16, packed >> 8 & 255, packed & 255


def linear(level: npt.ArrayLike) -> npt.NDArray[np.float64]:
    value = np.asarray(level) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def decoded(text: str, width: int, height: int) -> npt.NDArray[np.float64]:
    """The blurred picture as linear light of shape (height, width, 3), written out cosine by cosine."""
    across, down = number(text[0]) % 9 + 1, number(text[0]) // 9 + 1
    scale = (number(text[1]) + 1) / 166
    light = np.zeros((height, width, 3)) + linear(average(text))
    rows, columns = np.mgrid[0:height, 0:width]
    for place in range(1, across * down):
        packed = number(text[4 + place * 2 : 6 + place * 2])
        steps = np.array([packed // 361, packed // 19 % 19, packed % 19]) - 9
        wave = np.sign(steps) * (steps / 9) ** 2 * scale
        down_wave = np.cos(np.pi * (place // across) * rows / height)
        across_wave = np.cos(np.pi * (place % across) * columns / width)
        light += (down_wave * across_wave)[..., None] * wave
    return light


@given(pictures, counts, counts)
def test_any_picture_has_a_hash_of_the_right_form(picture: npt.NDArray[np.uint8], across: int, down: int) -> None:
    """Its length and first digit follow from the counts, and only the 83 digits occur."""
    text = encode(picture, across=across, down=down)

    assert len(text) == 4 + 2 * across * down
    assert set(text) <= set(ALPHABET)
    assert number(text[0]) == across - 1 + (down - 1) * 9


@given(st.tuples(*[st.integers(0, 255)] * 3), counts, counts)
def test_a_flat_picture_decodes_to_its_colour(colour: tuple[int, int, int], across: int, down: int) -> None:
    """The average is exact where there is nothing to average."""
    flat = np.full((8, 8, 3), colour, np.uint8)

    assert average(encode(flat, across=across, down=down)) == colour


@given(pictures)
def test_the_average_is_that_of_the_light(picture: npt.NDArray[np.uint8]) -> None:
    """Colours are averaged as light, not as levels; half a level of rounding is allowed."""
    mean = linear(picture).reshape(-1, 3).mean(axis=0)

    seen = average(encode(picture, across=4, down=3))

    assert all(
        linear(max(0, level - 0.501)) <= light <= linear(level + 0.501)
        for level, light in zip(seen, mean, strict=True)
    )


def test_a_smooth_picture_is_recognised_in_its_hash() -> None:
    """Left, right, top and bottom of a slope come out where they were."""
    rows, columns = np.mgrid[0:32, 0:32]
    slope = np.stack([columns * 8, rows * 8, np.full_like(rows, 60)], axis=-1).astype(np.uint8)

    blurred = decoded(encode(slope, across=4, down=3), 32, 32)

    assert np.abs(blurred - linear(slope)).mean() < 0.03


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_what_is_no_picture_has_no_hash(shape: tuple[int, ...]) -> None:
    """Grey, four channels and nothing at all are the caller's mistakes."""
    with pytest.raises(ValueError, match="shape"):
        encode(np.zeros(shape, np.uint8), across=4, down=3)


@pytest.mark.parametrize(("across", "down"), [(0, 3), (4, 10)])
def test_counts_out_of_range_are_refused(across: int, down: int) -> None:
    """One digit holds both."""
    with pytest.raises(ValueError, match="components"):
        encode(np.zeros((4, 4, 3), np.uint8), across=across, down=down)
