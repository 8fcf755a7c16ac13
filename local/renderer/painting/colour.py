"""Colour: ramps, tone mapping and dither. It works on linear light and knows no shapes.

Themes add up linear light without limit; `develop` alone turns it into bytes. Formulas: sRGB transfer after
IEC 61966-2-1; OKLab after Björn Ottosson, "A perceptual color space for image processing" (2020).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from local.renderer.canvas import Field

RAMP_STEPS = 1024
_BRIGHTEST = 0.955  # linear; 250 of 255, so that nothing is ever plain white
_KNEE = 0.55  # linear; below it tones come out as they were chosen
_RANGE = 16.0  # linear light above this is developed as this
_CURVE_STEPS = 16384

_TO_CONE = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(code: str) -> Field:
    """Linear light (3,) of a colour written `rrggbb`."""
    value = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def plane(code: str) -> Field:
    """The colour shaped (3, 1, 1), ready to be multiplied with a (height, width) field."""
    light: Field = linear(code)[:, None, None]
    return light


def ramp(*stops: tuple[float, str]) -> Field:
    """A smooth run of colours for values 0 to 1, (3, RAMP_STEPS) linear light; stops are (value, `rrggbb`).

    Mixed in OKLab, where equal steps look equal and no mixture turns grey or dark.
    """
    places = [place for place, _ in stops]
    lab = np.array([_TO_LAB @ np.cbrt(_TO_CONE @ linear(code)) for _, code in stops])
    values = np.linspace(0, 1, RAMP_STEPS)
    mixed = np.array([np.interp(values, places, lab[:, axis]) for axis in range(3)])
    light = np.linalg.inv(_TO_CONE) @ (np.linalg.inv(_TO_LAB) @ mixed) ** 3
    run: Field = np.maximum(light, 0).astype(np.float32)
    return run


def even_ramp(codes: Sequence[str]) -> Field:
    """A ramp whose stops lie evenly from 0 to 1."""
    return ramp(*zip(np.linspace(0, 1, len(codes)).tolist(), codes, strict=True))


def look_up(colours: Field, value: Field) -> Field:
    """The ramp's colour for each value, clamped to 0..1: shape (3, *value.shape)."""
    index = np.clip(value * np.float32(RAMP_STEPS - 1), 0, RAMP_STEPS - 1).astype(np.int32)
    light: Field = np.take(colours, index, axis=1)
    return light


def smoothstep(low: float, high: float, value: Field) -> Field:
    """0 below `low`, 1 above `high`, an even S between. `low` above `high` falls instead of rising."""
    t = np.clip((value - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    step: Field = t * t * (3 - 2 * t)
    return step


@cache
def _curve() -> Field:
    """Code values (0 to 255, not rounded) over the square root of linear light up to `_RANGE`.

    The root spends the table's steps where the eye does.
    """
    light = np.linspace(0, np.sqrt(_RANGE), _CURVE_STEPS) ** 2
    head = _BRIGHTEST - _KNEE
    toned = np.where(light < _KNEE, light, _KNEE + head * (1 - np.exp(-(light - _KNEE) / head)))
    coded = np.where(toned <= 0.0031308, toned * 12.92, 1.055 * toned ** (1 / 2.4) - 0.055)
    return (coded * 255).astype(np.float32)


def grain(height: int, width: int) -> Field:
    """Dither of triangular spread, about one code value, the same in every frame: it never flickers."""
    rng = np.random.default_rng(0x6A61)
    noise = rng.random((height, width), dtype=np.float32)
    noise -= rng.random((height, width), dtype=np.float32)
    return noise + np.float32(0.5)


def develop(light: Field, dither: Field) -> NDArray[np.uint8]:
    """Bytes (height, width, 3) of planar linear light (3, height, width): tone curve, sRGB, dither."""
    root = np.sqrt(np.clip(light, 0, _RANGE))
    root *= np.float32((_CURVE_STEPS - 1) / np.sqrt(_RANGE))
    code = _curve()[root.astype(np.int32)]
    code += dither
    np.clip(code, 0, 255, out=code)
    return np.ascontiguousarray(code.astype(np.uint8).transpose(1, 2, 0))
