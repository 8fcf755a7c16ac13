"""Camels one behind the other along the skyline, as bundles of limbs for `limbs.draw`. No colours here."""

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.themes.desert.terrain import View

_CAMELS = 5
_TALL = 0.027  # short sides, to the hump
_APART = 0.04
_LOOKED = 0.4  # short sides to each side of the middle, which frames of every shape show
_COLUMN = 0.005
# Two ends with half widths, in heights of the hump: right, up, half width.
_CAMEL = (
    (-0.30, 0.02, 0.028, -0.26, 0.30, 0.032),
    (-0.26, 0.30, 0.032, -0.29, 0.58, 0.075),
    (-0.17, 0.02, 0.028, -0.22, 0.30, 0.030),
    (-0.22, 0.30, 0.030, -0.24, 0.58, 0.070),
    (0.19, 0.02, 0.028, 0.21, 0.30, 0.030),
    (0.21, 0.30, 0.030, 0.20, 0.58, 0.065),
    (0.31, 0.02, 0.028, 0.25, 0.30, 0.030),
    (0.25, 0.30, 0.030, 0.23, 0.58, 0.065),
    (-0.28, 0.64, 0.120, 0.22, 0.66, 0.130),
    (-0.08, 0.74, 0.150, -0.03, 0.92, 0.060),
    (0.24, 0.66, 0.090, 0.42, 0.60, 0.060),
    (0.42, 0.60, 0.060, 0.54, 0.88, 0.042),
    (0.53, 0.90, 0.050, 0.68, 0.86, 0.030),
    (-0.40, 0.68, 0.020, -0.44, 0.42, 0.014),
)
_RIDER = (
    (-0.04, 0.90, 0.085, -0.01, 1.16, 0.060),
    (-0.01, 1.25, 0.058, 0.00, 1.28, 0.052),
    (-0.02, 1.02, 0.040, 0.16, 0.86, 0.030),
)


def caravan(canvas: Canvas, view: View, heading: float) -> tuple[list[Field], float]:
    """Five camels going right (`heading` 1) or left (-1) where the skyline runs most level, and how far they are.

    None where it is too broken, too near or too far to carry them.
    """
    x = np.arange(-_LOOKED, _LOOKED, _COLUMN, dtype=np.float32)[None, :]
    rise, away = view.skyline(x, near=1.0, far=30.0)
    long = round(_APART * (_CAMELS - 1) / _COLUMN)
    starts = [
        i for i in range(8, len(rise) - long - 8) if _firm(rise[i - 4 : i + long + 5], away[i - 4 : i + long + 5])
    ]
    if not starts:
        return [], 0.0
    best = min(starts, key=lambda i: float(np.ptp(rise[i : i + long])))
    level = canvas.place(0, view.horizon)[1] + 0.001
    camels = []
    for i in range(_CAMELS):
        column = best + round(i * _APART / _COLUMN)
        foot = (float(x[0, column]), level - float(rise[column]))
        camels.append(_camel(foot, heading, _CAMEL + _RIDER if i % 2 == 0 else _CAMEL))
    return camels, float(away[best])


def _firm(rise: Field, away: Field) -> bool:
    """One dune, in the middle distance, not too steep."""
    far_enough = away.min() > 1.8 and away.max() < 18
    return bool(far_enough and np.abs(np.diff(rise)).max() < 0.004 and np.abs(np.diff(away)).max() < 2)


def _camel(foot: tuple[float, float], heading: float, shape: tuple[tuple[float, ...], ...]) -> Field:
    limbs = np.array(shape, np.float32) * np.float32(_TALL)
    limbs[:, [0, 3]] = foot[0] + heading * limbs[:, [0, 3]]
    limbs[:, [1, 4]] = foot[1] - limbs[:, [1, 4]]
    return limbs
