"""A cat that sits on a roof and watches the evening; only its tail moves. It has no colour here."""

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.limbs import draw

_BODY = np.array(  # limbs as `limbs` draws them, in heights of the cat above where it sits, looking right
    [
        (-0.10, -0.12, 0.17, 0.00, -0.42, 0.135),
        (0.00, -0.42, 0.135, 0.05, -0.62, 0.09),
        (0.08, -0.05, 0.10, 0.10, -0.40, 0.07),
        (0.05, -0.76, 0.145, 0.10, -0.75, 0.13),
        (-0.03, -0.84, 0.055, -0.06, -1.00, 0.008),
        (0.14, -0.84, 0.055, 0.18, -0.99, 0.008),
        (0.12, -0.03, 0.045, 0.21, -0.02, 0.04),
    ]
)


def cover(canvas: Canvas, seat: tuple[float, float], *, tall: float, looks: float, phase: float) -> Field:
    """The share of each pixel, (height, width), of a cat `tall` short sides high that sits on `seat` and looks
    left (`looks` -1) or right (1).
    """
    bend = np.linspace(0, 1, 10)
    swing = 0.16 * np.sin(2 * np.pi * phase - 2.2 * bend) * bend
    x = -0.2 - 0.16 * np.sin(bend * 2.6) - swing
    y = -0.05 + 0.62 * bend
    thick = 0.055 - 0.025 * bend
    tail = np.column_stack((x[:-1], y[:-1], thick[:-1], x[1:], y[1:], thick[1:]))
    limbs = np.concatenate((_BODY, tail)) * tall
    limbs[:, [0, 3]] = limbs[:, [0, 3]] * looks + seat[0]
    limbs[:, [1, 4]] += seat[1]
    shown = np.zeros((canvas.height, canvas.width), np.float32)
    draw(canvas, shown, limbs.astype(np.float32), -canvas.half_width)
    return shown
