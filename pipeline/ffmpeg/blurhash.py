"""BlurHash: a picture's gist in some 30 characters, shown while the poster loads. Pure NumPy, no I/O.

Written from the description of the algorithm, https://github.com/woltapp/blurhash/blob/master/Algorithm.md:
a small cosine transform of the linear light, quantised, in base 83.
"""

import numpy as np
import numpy.typing as npt

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
"""The 83 digits."""

MAX_COMPONENTS = 9
"""Both counts share the first digit."""


def encode(picture: npt.NDArray[np.uint8], *, across: int, down: int) -> str:
    """The hash of an sRGB picture of shape (height, width, 3) with `across` x `down` cosines, 1 to 9 each.

    Gives 4 + 2 * across * down characters. Raises `ValueError` for other shapes and counts.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise ValueError(f"a picture has shape (height, width, 3), not {picture.shape}")
    if not (1 <= across <= MAX_COMPONENTS and 1 <= down <= MAX_COMPONENTS):
        raise ValueError(f"components go from 1 to {MAX_COMPONENTS}, not {across} x {down}")
    waves = _transform(_to_linear(picture), across, down)
    average, details = waves[0], waves[1:]
    # The largest detail sets the scale of all; without details the scale is 1, as decoders assume.
    step = int(np.clip(np.floor(np.abs(details).max() * 166 - 0.5), 0, 82)) if len(details) else 0
    scale = (step + 1) / 166 if len(details) else 1.0
    head = _digits(across - 1 + (down - 1) * 9, 1) + _digits(step, 1) + _digits(_packed_average(average), 4)
    return head + "".join(_digits(_packed_detail(detail / scale), 2) for detail in details)


def _to_linear(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Light from sRGB levels (IEC 61966-2-1)."""
    level = picture / 255.0
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


def _to_level(light: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Levels of sRGB, 0 to 255, from light."""
    light = light.clip(0, 1)
    level = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return (level * 255 + 0.5).astype(np.int64)


def _transform(light: npt.NDArray[np.float64], across: int, down: int) -> npt.NDArray[np.float64]:
    """Cosine sums of shape (down * across, 3), row by row; the first is the mean, the others count double."""
    height, width, _ = light.shape
    columns = np.cos(np.pi * np.outer(np.arange(across), np.arange(width)) / width)
    rows = np.cos(np.pi * np.outer(np.arange(down), np.arange(height)) / height)
    waves: npt.NDArray[np.float64] = np.einsum("jy,ix,yxc->jic", rows, columns, light)
    waves *= 2 / (width * height)
    waves[0, 0] /= 2
    return waves.reshape(-1, 3)


def _packed_average(light: npt.NDArray[np.float64]) -> int:
    red, green, blue = (int(level) for level in _to_level(light))
    return (red << 16) + (green << 8) + blue


def _packed_detail(wave: npt.NDArray[np.float64]) -> int:
    """Three values of -1 to 1 as one number below 19 cubed; the root gives small ones more of the steps."""
    root = np.sign(wave) * np.sqrt(np.abs(wave))
    red, green, blue = (int(step) for step in np.clip(np.floor(root * 9 + 9.5), 0, 18))
    return (red * 19 + green) * 19 + blue


def _digits(number: int, length: int) -> str:
    return "".join(ALPHABET[number // 83**place % 83] for place in reversed(range(length)))
