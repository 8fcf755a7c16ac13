"""A path through a wood in perspective: the air behind it, the ground, and where things stand on it. No trees."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, smoothstep
from local.renderer.painting.noise import sample

_EYE = 0.42  # the eye's height over the ground; also short sides below the horizon, one ahead
_PATH = 0.34  # half its width


@dataclass(frozen=True)
class Glade:
    """Ahead lies `z`, measured so that what is one ahead is shown at its own size in short sides.

    The path comes from (`u`, `v`) on the horizon, fractions of the frame, where the sun stands too; it bends by
    `bend` to either side, `start` turns into its first bend. Colours: `air` is a ramp from the horizon up, `glow`
    (3, 1, 1) the sun's, `ground` and `trodden` are ramps from shade to light.
    """

    u: float
    v: float
    bend: float
    start: float
    air: Field
    glow: Field
    ground: Field
    trodden: Field

    def middle(self, z: Field) -> Field:
        """How far to the right the path lies, at each distance."""
        bend: Field = self.bend * (np.sin(1.1 * z + 2 * np.pi * self.start) - np.sin(2 * np.pi * self.start))
        return bend

    def foot(self, canvas: Canvas, u: float, z: float) -> tuple[float, float]:
        """Where a thing at the column `u` and so far ahead stands, moved off the path: short sides."""
        x0, y0 = canvas.place(self.u, self.v)
        right = (canvas.place(u, 0)[0] - x0) * z - float(self.middle(np.array(z)))
        away = np.sign(right) * max(abs(right), _PATH + 0.16)
        return x0 + (away + float(self.middle(np.array(z)))) / z, y0 + _EYE / z

    def light(self, canvas: Canvas, x: Field, y: Field) -> Field:
        """Light of the air seen at these places, in short sides: brightest about the sun."""
        x0, y0 = canvas.place(self.u, self.v)
        right, up = x - np.float32(x0), np.float32(y0) - y
        picture = look_up(self.air, np.abs(up) * np.float32(1.25) + 0 * right)
        away = np.sqrt(right * right + (up - np.float32(0.08)) ** 2)
        picture += self.glow * (0.6 * np.exp(away * -5.0) + 0.5 * np.exp(away * -15))
        return picture

    def paint(self, canvas: Canvas, rough: Field, beams: Field) -> Field:
        """The air and the ground, planar light. `rough` and `beams` are noise fields."""
        picture = self.light(canvas, canvas.x, canvas.y)
        x0, y0 = canvas.place(self.u, self.v)
        first = int(np.searchsorted(canvas.y[:, 0], y0 + 0.5 / canvas.short))
        down = canvas.y[first:] - np.float32(y0)
        z = np.float32(_EYE) / down
        right = (canvas.x - np.float32(x0)) * z
        # noise finer than a pixel far off would only flicker: it fades with distance
        fine = sample(rough, right * 0.9, z * 0.9) * np.minimum(1.6 / z, 1)
        fine += 0.6 * sample(rough, right * 2.9, z * 2.9) * np.clip(1.5 / z - 0.4, 0, 1)
        broad = sample(rough, right * 0.23 + np.float32(0.4), z * 0.15)
        edge = np.abs(right - self.middle(z)) / np.float32(_PATH) + 0.28 * fine * np.minimum(2 / z, 1)
        path = smoothstep(1.25, 0.75, edge)
        # long shadows of the trunks fall towards the eye, all from below the sun
        angle = np.arctan2(canvas.x - np.float32(x0), down)
        bars = sample(beams, angle * 0.6, np.full_like(angle, 0.3))
        lit = 0.4 + 0.1 * bars + 0.1 * broad
        soil = look_up(self.ground, lit + 0.13 * fine)
        soil += (look_up(self.trodden, lit - 0.05 * bars + 0.08 * fine + 0.04) - soil) * path
        haze = 1 - np.exp(z * np.float32(-0.12))
        soil += (picture[:, first:] - soil) * haze
        picture[:, first:] = soil * (0.72 + 0.28 * np.exp(-((angle / 0.8) ** 2)))
        return picture
