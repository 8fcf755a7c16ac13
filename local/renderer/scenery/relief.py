"""Mountains as heights on a grid, with their light and shadow. It knows no colours and draws nothing.

The height of a place is that of the highest slope that falls to it from any ridge. Lengths are those of the
ridges; the eye looks along z, which grows away from it.
"""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Field
from local.renderer.painting.noise import fractal, sample
from local.renderer.scenery.ridges import Spine

_PLAIN = -0.3  # height of the ground far from all ridges; it stays out of sight


@dataclass(frozen=True)
class Relief:
    """Heights (rows, columns) over x from -`half` to `half` and z from the near edge, as far before 0 as the far
    edge lies behind it; the grid is square.
    """

    height: Field
    half: float

    @property
    def spacing(self) -> float:
        """Between neighbours on the grid."""
        return 2 * self.half / (int(self.height.shape[1]) - 1)

    @property
    def deep(self) -> float:
        """Half of the way from the near edge to the far one."""
        return 0.5 * self.spacing * (len(self.height) - 1)

    def at(self, field: Field, x: Field, z: Field) -> Field:
        """A field on the grid at these places (bilinear). Beyond its sides it goes on mirrored."""
        n = field.shape[1]
        beyond = np.abs((x + 3 * self.half) % (4 * self.half) - 2 * self.half)
        column = np.clip(beyond / np.float32(self.spacing), 0, n - 1.001).astype(np.float32)
        row = np.clip((z + self.deep) / np.float32(self.spacing), 0, len(field) - 1.001).astype(np.float32)
        left, near = column.astype(np.int32), row.astype(np.int32)
        across, deep = column - np.floor(column), row - np.floor(row)
        flat, first = field.ravel(), near * n + left
        front = flat[first] + (flat[first + 1] - flat[first]) * across
        back = flat[first + n] + (flat[first + n + 1] - flat[first + n]) * across
        between: Field = front + (back - front) * deep
        return between

    def upright(self) -> Field:
        """How level the ground lies: the upward part of its normal, 1 where it is flat."""
        across, deep = self.slopes()
        level: Field = 1 / np.sqrt(1 + across * across + deep * deep)
        return level

    def smoothed(self, times: int) -> "Relief":
        """The lie of the land without its small features."""
        height = self.height
        for axis in (0, 1) * times:
            height = 0.5 * height + 0.25 * (np.roll(height, 1, axis) + np.roll(height, -1, axis))
        return Relief(height, self.half)

    def slopes(self) -> tuple[Field, Field]:
        """Rise per length to the right and away from the eye."""
        across: Field = np.gradient(self.height, self.spacing, axis=1)
        deep: Field = np.gradient(self.height, self.spacing, axis=0)
        return across, deep

    def lit(self, sun: tuple[float, float, float], shade: float) -> Field:
        """Light of a far sun (unit vector to it: right, up, towards the eye) on each place, 0 to 1.

        Shadows are cast along the rows, `shade` steep (rise per length), with the soft edge of a wide sun.
        """
        across, deep = self.slopes()
        facing = (sun[1] - sun[0] * across + sun[2] * deep) * self.upright()
        heights = self.height if sun[0] < 0 else self.height[:, ::-1]
        ramp = np.arange(heights.shape[1], dtype=np.float32) * np.float32(self.spacing * shade)
        over = np.maximum.accumulate(heights + ramp, axis=1) - ramp - heights
        seen = np.exp(-over / np.float32(2.5 * self.spacing * max(shade, 0.2)))
        light: Field = np.maximum(facing, 0) * (seen if sun[0] < 0 else seen[:, ::-1])
        return light


def massif(
    rng: np.random.Generator,
    spines: list[Spine],
    *,
    half: float,
    shape: tuple[int, int],
    steep: float,
) -> tuple[Relief, Field]:
    """The relief of these ridges, whose slopes fall `steep` from them, and its ribs: 1 on a rib, -1 in a gully.

    Water and avalanches run straight down a slope: ribs and gullies change along the ridge above, hardly with
    the way down from it.
    """
    warp = [fractal(rng, size=256, slope=1.9, lowest=3) for _ in range(2)]
    rough, ribs = fractal(rng, size=256, slope=1.5, lowest=4), fractal(rng, size=256, slope=1.6, lowest=4)
    plain = Relief(np.full(shape, _PLAIN, np.float32), half)
    x = np.linspace(-half, half, shape[1], dtype=np.float32)[None, :]
    z = np.linspace(-plain.deep, plain.deep, shape[0], dtype=np.float32)[:, None]
    u, v = x * np.float32(0.45), z * np.float32(0.45)
    bent = x + np.float32(0.022) * sample(warp[0], u, v), z + np.float32(0.022) * sample(warp[1], u, v)
    ground = _Ground(plain, *np.zeros((2, *shape), np.float32))
    for number, spine in enumerate(spines):
        ground.rise(bent, spine, steep, 0.37 * number)
    wave = 0.07 * sample(warp[0], u * 3, v * 3)
    rib = sample(ribs, ground.along * 0.5, ground.away * 0.13 + wave)
    rib += 0.4 * sample(ribs, ground.along * 1.7, ground.away * 0.3 + wave)
    np.clip(rib, -1.7, 1.7, out=rib)
    depth = np.minimum(ground.away, 0.16) ** 0.8 * np.float32(0.07)
    height = plain.height + depth * (rib - np.float32(0.4))
    height += np.float32(0.006) * (0.5 - np.abs(sample(rough, u * 2.3, v * 2.3)))
    return Relief(height, half), rib


@dataclass(frozen=True)
class _Ground:
    """Heights being raised, and for each place the way to the ridge above it: `along` that one and `away`."""

    plain: Relief
    along: Field
    away: Field

    def rise(self, place: tuple[Field, Field], spine: Spine, steep: float, start: float) -> None:
        """Lift what lies under the slopes of one piece of ridge, in place."""
        x0, z0, h0, x1, z1, h1 = spine
        reach = (max(h0, h1) + 0.1) / steep + 0.1
        window = (
            self._span(min(z0, z1) - reach, max(z0, z1) + reach, self.plain.deep),
            self._span(min(x0, x1) - reach, max(x0, x1) + reach, self.plain.half),
        )
        x, z = place[0][window], place[1][window]
        if not x.size:
            return
        height = self.plain.height[window]
        dx, dz = np.float32(x1 - x0), np.float32(z1 - z0)
        right, beyond = x - np.float32(x0), z - np.float32(z0)
        t = np.clip((right * dx + beyond * dz) / (dx * dx + dz * dz + np.float32(1e-9)), 0, 1)
        away = np.hypot(right - t * dx, beyond - t * dz)
        slope = np.float32(h0) + t * np.float32(h1 - h0) - np.float32(steep) * away
        higher = slope > height
        np.copyto(height, slope, where=higher)
        np.copyto(self.away[window], away, where=higher)
        np.copyto(self.along[window], np.float32(start) + t * np.hypot(dx, dz), where=higher)

    def _span(self, low: float, high: float, half: float) -> slice:
        scale = 1 / self.plain.spacing
        return slice(max(int((low + half) * scale), 0), max(int((high + half) * scale) + 1, 0))
