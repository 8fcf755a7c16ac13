"""Water seen from within: its surface from below, a sandy floor, shafts of light. No plants, no fish."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, smoothstep
from local.renderer.painting.noise import orbit, sample

_FOCAL = 1.1  # short sides; the lens
_ABOVE = 1.0  # the surface is this far over the eye; all lengths in the water are in these
_BELOW = 0.62


@dataclass(frozen=True)
class Depths:
    """`water` is a ramp from the surface down, seen against the distance; `light` and `sand` are (3, 1, 1).

    `level` is the height of the eye's horizon, `sun_u` where light enters, both fractions of the frame. `ripple`
    is a smooth noise, `beams` a rough one; `stir` scales how far they move.
    """

    water: Field
    light: Field
    sand: Field
    level: float
    sun_u: float
    ripple: Field
    beams: Field
    stir: float

    def backdrop(self, canvas: Canvas) -> Field:
        """The still water, brightest where light enters: planar light."""
        picture = look_up(self.water, canvas.v + 0 * canvas.u)
        x0, y0 = canvas.place(self.sun_u, -0.05)
        x, y = canvas.x - np.float32(x0), canvas.y - np.float32(y0)
        picture += self.light * (0.34 * np.exp(np.sqrt(x * x * 1.6 + y * y) * np.float32(-2.6)))
        return picture

    def paint(self, canvas: Canvas, backdrop: Field, phase: float) -> Field:
        """The water with its living surface above and the lights that dance on the sand below."""
        picture = backdrop.copy()
        rise = (np.float32(self.level) - canvas.v[:, 0]) * np.float32(canvas.height / canvas.short / _FOCAL)
        first_row, last_row = np.searchsorted(-rise, (-0.1, 0.12)).tolist()
        self._add_surface(canvas, picture[:, :first_row], rise[:first_row, None], phase)
        self._lay_floor(canvas, picture[:, last_row:], -rise[last_row:, None], phase)
        return picture

    def _add_surface(self, canvas: Canvas, picture: Field, rise: Field, phase: float) -> None:
        """Light that comes through the surface, to rows of pixels that look up by `rise`, in place."""
        ahead = _ABOVE / rise
        # What is overhead shows less of the net, and what is far is lost before it gets finer than a pixel.
        clear = (0.45 + 0.4 * smoothstep(1.0, 2.2, ahead)) * np.exp(-0.4 * ahead - 0.03 * ahead * ahead)
        picture += self.light * (self._web(canvas.x * ahead * 0.55, ahead * 0.7, phase) * clear)

    def _lay_floor(self, canvas: Canvas, picture: Field, fall: Field, phase: float) -> None:
        """Sand, for rows of pixels that look down by `fall`, in place."""
        ahead = _BELOW / fall
        clear = np.exp(-0.55 * ahead) * smoothstep(4.6, 2.2, ahead)
        web = self._web(canvas.x * ahead * 1.1, ahead * 1.3, phase)
        grain = 1 + 0.07 * sample(self.beams, canvas.x * ahead * 1.3, ahead * 2.2)
        picture += (self.sand * (grain * (0.5 + 0.75 * web)) - picture) * clear

    def shafts(self, canvas: Canvas, phase: float) -> Field:
        """Light falling in shafts from above the frame, (height, width), about 0 to 1."""
        x0, y0 = canvas.place(self.sun_u, -0.25)
        x, y = canvas.x - np.float32(x0), canvas.y - np.float32(y0)
        angle = np.arctan2(x, y)
        around, through = orbit(phase, 0.012 * self.stir, 0.0)
        beam = sample(self.beams, angle * 0.35 + around, np.full_like(angle, through))
        beam += sample(self.beams, angle * 0.8 - around, np.full_like(angle, 0.5 + through))
        fallen = np.sqrt(x * x + y * y)
        shafts: Field = smoothstep(-0.6, 3.6, beam) * np.exp(fallen * -1.25)
        return shafts

    def dance(self, canvas: Canvas, rows: slice, phase: float) -> Field:
        """The net of light on things near the eye, in these rows of pixels, about 0 to 1."""
        return self._web(canvas.x * 0.9, canvas.y[rows] * 0.9 + canvas.x * 0.2, phase)

    def _web(self, x: Field, y: Field, phase: float) -> Field:
        """Caustics: light gathers along lines, here those where two drifting noises cancel."""
        right, down = orbit(phase, 0.035 * self.stir, 0.0)
        one = sample(self.ripple, x + right, y + down)
        one += sample(self.ripple, x * 1.37 + (0.3 - down), y * 1.37 + right)
        web: Field = np.exp(-2.1 * np.abs(one))
        return web
