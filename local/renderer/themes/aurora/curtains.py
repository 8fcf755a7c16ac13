"""Northern lights: thin sheets of light that hang along folded curves high over the eye. It paints no land.

All rays of a sheet are parallel, along the magnetic field, so they run together at one point of the sky, the
radiant. About it a ray keeps its angle, and a point `h` high on a ray `far` away stands at the angle
atan(far / h) from it. In the logarithm of that tangent every ray shows the same profile of colours, only
shifted: so a frame is a histogram of where the sheets stand, times one matrix of profiles. Heights and
distances are in units of the height of the lower border, about 100 km.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import linear, plane, smoothstep
from local.renderer.themes.aurora.sheets import Sheet

_ANGLES = 1024  # bins around the radiant
_NEAREST, _FARTHEST = -3.4, 2.8  # log of the tangent from the radiant, first and last row
_ROWS = 256
_FEW = 64  # bins for what is blurred
_STEP = (_FARTHEST - _NEAREST) / (_ROWS - 1)


@dataclass(frozen=True)
class Glow:
    """Colours of the oxygen and nitrogen lines by height: `hem` at the lower border, `body`, `veil` far above."""

    hem: str
    body: str
    veil: str

    def profiles(self, reach: float) -> Field:
        """Light by (colour and row of the sky, row of short rays and then row of tall ones): (3 rows, 2 rows).

        `reach` is how far up they shine, against what is usual.
        """
        log_height = _log_heights()
        border = smoothstep(-0.05, 0.08, log_height)
        up = np.maximum(log_height, 0) / reach
        hem = 0.28 * border * np.exp(-((log_height / 0.09) ** 2))
        short = border * (0.85 * np.exp(-up / 0.13) + 0.22 * np.exp(-up / 0.3))
        tall = border * (0.55 * np.exp(-up / 0.2) + 0.25 * np.exp(-up / 0.45))
        end = smoothstep(1.6, 0.5, up)
        veil = (0.09 * short, 0.62 * smoothstep(0.02, 0.5, up) * np.exp(-up / 0.42) * end)
        kinds = []
        for body, far in zip((short, tall * end), veil, strict=True):
            parts = ((hem, self.hem), (body, self.body), (far, self.veil))
            kinds.append(np.concatenate([sum(part * linear(code)[i] for part, code in parts) for i in range(3)]))
        return np.concatenate(kinds, axis=1).astype(np.float32)


def _log_heights() -> Field:
    """Log of the height at which a ray standing in a row of the chart (across) is seen in each row (down)."""
    rows = np.arange(_ROWS, dtype=np.float32) * np.float32(_STEP)
    return rows[None, :] - rows[:, None]


@dataclass(frozen=True)
class Curtains:
    """Some sheets about one radiant (`u`, `v`, fractions of the frame), seen by a lens of `focal` short sides.

    `reach` is how far up their rays shine, `energy` how far they stray in a loop; 1 is usual for both.
    """

    sheets: tuple[Sheet, ...]
    glow: Glow
    u: float
    v: float
    focal: float
    reach: float
    energy: float

    @cached_property
    def _profiles(self) -> Field:
        return self.glow.profiles(self.reach)

    def chart(self, phase: float) -> Field:
        """Light by tangent from the radiant and angle about it, (3, rows, angles); 0 is down the frame."""
        counts = np.zeros((2, _ROWS * _ANGLES))
        for sheet in self.sheets:
            across, away = sheet.place(phase, self.energy)
            angle = (np.arctan2(across, away) / np.float32(2 * np.pi) % 1) * _ANGLES
            far = np.hypot(across, away)
            row = np.clip((np.log(far + 1e-3) - _NEAREST) / _STEP, 0, _ROWS - 1.01)
            # Straight overhead a sheet is seen from below and shows no rays.
            for count, bright in zip(counts, sheet.light(phase, self.energy), strict=True):
                _splat(count, row, angle, bright * smoothstep(0.05, 0.35, far))
        stands = _softened(counts.reshape(2 * _ROWS, _ANGLES).astype(np.float32) * np.float32(_ANGLES))
        # Where a fold is seen along its length the eye, too, is dazzled.
        both = stands[:_ROWS] + stands[_ROWS:]
        stands /= np.tile(1 + 0.3 * both, (2, 1))
        chart = (self._profiles @ stands).reshape(3, _ROWS, _ANGLES)
        chart += plane(self.glow.body) * (self._haze[0] @ (both @ self._haze[1]) @ self._haze[2])
        near = len(self._merging)
        rays = np.fft.rfft(chart[:, :near], axis=2)
        chart[:, :near] = np.fft.irfft(rays * self._merging, n=_ANGLES, axis=2)
        return chart

    @cached_property
    def _merging(self) -> Field:
        """How much of each wave around the radiant is left in the rows next to it, where rays flow together."""
        tangent = np.exp(_NEAREST + _STEP * np.arange(int(2.6 / _STEP)))[:, None]
        waves = np.arange(_ANGLES // 2 + 1)[None, :]
        kept: Field = np.exp(-0.5 * (0.05 * waves * (1 / tangent - 1 / tangent[-1])) ** 2).astype(np.float32)
        return kept

    @cached_property
    def _haze(self) -> tuple[Field, Field, Field]:
        """Light that thin air scatters around a sheet, as matrices: down the chart, across through few bins."""
        down = 0.012 * np.exp(-((_log_heights() / 0.55) ** 2))
        bins, angles = np.arange(_FEW) / _FEW, np.arange(_ANGLES) / _ANGLES
        apart = (angles[:, None] - bins[None, :] + 0.5) % 1 - 0.5
        across = np.exp(-((apart * 28) ** 2))
        out = (across / across.sum(axis=1, keepdims=True)).T
        return down.astype(np.float32), (across / across.sum(axis=0)).astype(np.float32), out.astype(np.float32)

    def sight(self, canvas: Canvas, rows: int) -> tuple[Field, Field]:
        """Which row and angle of the chart each pixel of the top `rows` of the frame sees."""
        x0, y0 = canvas.place(self.u, self.v)
        axis = np.array([x0, y0, self.focal]) / np.sqrt(x0 * x0 + y0 * y0 + self.focal**2)
        down = np.array([0, 1, 0]) - axis[1] * axis
        down /= np.sqrt(down @ down)
        right = np.cross(down, axis)
        x, y = canvas.x, canvas.y[:rows]
        parts = [
            (x * v[0] + y * v[1] + np.float32(self.focal * v[2])).astype(np.float32) for v in (axis, down, right)
        ]
        tangent = np.hypot(parts[1], parts[2]) / np.maximum(parts[0], 1e-3)
        row = np.clip((np.log(tangent + 1e-4) - _NEAREST) / _STEP, 0, _ROWS - 1.01)
        angle = (np.arctan2(parts[2], parts[1]) / np.float32(2 * np.pi) % 1) * _ANGLES
        return row.astype(np.float32), angle.astype(np.float32)


def _splat(count: Field, row: Field, angle: Field, weight: Field) -> None:
    top, left = row.astype(np.int32), angle.astype(np.int32)
    down, across = row - np.floor(row), angle - np.floor(angle)
    for i, part in ((0, 1 - down), (1, down)):
        for j, share in ((0, 1 - across), (1, across)):
            index = (top + i) * _ANGLES + (left + j) % _ANGLES
            count += np.bincount(index, weight * part * share, minlength=len(count))


def _softened(stands: Field) -> Field:
    """A sheet is a few kilometres thick."""
    for axis, away in ((0, 1), (1, 1), (0, 1), (1, 1), (1, 2)):
        stands = 0.5 * stands + 0.25 * (np.roll(stands, away, axis) + np.roll(stands, -away, axis))
    return stands


def view(chart: Field, row: Field, angle: Field) -> Field:
    """The chart as the pixels see it, (3, *row.shape)."""
    top, left = row.astype(np.int32), angle.astype(np.int32)
    down, across = row - np.floor(row), angle - np.floor(angle)
    at = top * _ANGLES + left
    beside = top * _ANGLES + (left + 1) % _ANGLES
    picture = np.empty((3, *row.shape), np.float32)
    for channel, flat in enumerate(chart.reshape(3, -1)):
        upper = flat[at] + (flat[beside] - flat[at]) * across
        lower = flat[at + _ANGLES]
        lower = lower + (flat[beside + _ANGLES] - lower) * across
        picture[channel] = upper + (lower - upper) * down
    return picture
