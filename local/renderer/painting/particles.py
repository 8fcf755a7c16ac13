"""Small lights: stars, sparks, fireflies, bokeh. It adds round glows to light and decides no motion.

They add to the light there is; what is opaque and falls (leaves, snow) is in `scenery.falling`.
Positions are in fractions of the frame and sizes in short sides, so that a swarm looks alike at every size.
"""

from dataclasses import dataclass, replace

import numpy as np

from local.renderer.canvas import Canvas, Field

_SMALLEST = 0.55  # pixels; a finer point would blink as it crosses from pixel to pixel
_REACH = 3.0  # radii out to which a gaussian still shows


@dataclass(frozen=True)
class Swarm:
    """Lights of one moment. `u`, `v` fractions of the frame (n,); `radius` short sides (n,), the gaussian's
    spread; `light` linear, (n, 3), at the middle.
    """

    u: Field
    v: Field
    radius: Field
    light: Field

    def dimmed(self, factor: Field) -> "Swarm":
        """The same lights, each times its factor (n,)."""
        return replace(self, light=self.light * factor.astype(np.float32)[:, None])


def add_glows(canvas: Canvas, picture: Field, swarm: Swarm) -> None:
    """Add each light as a gaussian to `picture` (3, height, width), in place.

    A light smaller than a pixel is drawn as wide as one and dimmed to the same energy.
    """
    wanted = swarm.radius * canvas.short
    radius = np.maximum(wanted, _SMALLEST)
    light = swarm.light * np.minimum(1, (wanted / radius) ** 2)[:, None]
    x = swarm.u * canvas.width - 0.5
    y = swarm.v * canvas.height - 0.5
    for i in np.flatnonzero(light.max(axis=1) > 1e-4):
        box = _box(picture, float(x[i]), float(y[i]), float(radius[i]) * _REACH)
        if box is None:
            continue
        rows, columns = box
        across = _bell(np.arange(columns.start, columns.stop, dtype=np.float32) - x[i], radius[i])
        down = _bell(np.arange(rows.start, rows.stop, dtype=np.float32) - y[i], radius[i])
        glow = down[:, None] * across
        picture[:, rows, columns] += light[i][:, None, None] * glow


def add_discs(canvas: Canvas, picture: Field, swarm: Swarm) -> None:
    """Add each light as an even disc with a soft, brighter rim, like a lamp out of focus, in place."""
    for i in np.flatnonzero(swarm.light.max(axis=1) > 1e-4):
        radius = max(float(swarm.radius[i]) * canvas.short, 1.0)
        x, y = float(swarm.u[i]) * canvas.width - 0.5, float(swarm.v[i]) * canvas.height - 0.5
        box = _box(picture, x, y, radius * 1.2 + 1)
        if box is None:
            continue
        rows, columns = box
        across = np.arange(columns.start, columns.stop, dtype=np.float32) - np.float32(x)
        down = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(y)
        away = np.sqrt(across * across + down * down) / np.float32(radius)
        soft = np.float32(max(0.16, 1 / radius))
        disc = np.clip((1 - away) / soft + 0.5, 0, 1) * (0.62 + 0.38 * away * away)
        picture[:, rows, columns] += swarm.light[i][:, None, None] * disc


def add_lamps(canvas: Canvas, picture: Field, swarm: Swarm) -> None:
    """Add each light with a faint wide halo, as a lamp in mist, in place."""
    add_glows(canvas, picture, swarm)
    add_glows(canvas, picture, replace(swarm, radius=swarm.radius * 6, light=swarm.light * np.float32(0.07)))


def add_spikes(canvas: Canvas, picture: Field, swarm: Swarm) -> None:
    """Add each light as a bright star in a telescope: core, wide halo, four fine spikes. In place."""
    add_lamps(canvas, picture, swarm)
    for i in range(len(swarm.u)):
        x, y = float(swarm.u[i]) * canvas.width - 0.5, float(swarm.v[i]) * canvas.height - 0.5
        thin = max(float(swarm.radius[i]) * 0.3 * canvas.short, _SMALLEST)
        long = float(swarm.radius[i]) * 5 * canvas.short
        box = _box(picture, x, y, long * _REACH)
        if box is None:
            continue
        rows, columns = box
        across = np.abs(np.arange(columns.start, columns.stop, dtype=np.float32) - np.float32(x))
        down = np.abs(np.arange(rows.start, rows.stop, dtype=np.float32) - np.float32(y))
        spikes = np.exp(down / np.float32(-long))[:, None] * _bell(across, thin)
        spikes += _bell(down, thin)[:, None] * np.exp(across / np.float32(-long))
        picture[:, rows, columns] += swarm.light[i][:, None, None] * (np.float32(0.22) * spikes)


def fade(life: Field) -> Field:
    """Brightness over a life of 0 to 1: rises from nothing and sinks back, so that a wrap goes unseen."""
    brightness: Field = np.sin(np.pi * (life % 1)) ** 2
    return brightness


def _bell(distance: Field, radius: float) -> Field:
    bell: Field = np.exp(distance * distance * np.float32(-0.5 / float(radius) ** 2))
    return bell


def _box(picture: Field, x: float, y: float, reach: float) -> tuple[slice, slice] | None:
    left, right = max(int(x - reach), 0), min(int(x + reach) + 2, picture.shape[2])
    top, bottom = max(int(y - reach), 0), min(int(y + reach) + 2, picture.shape[1])
    if left >= right or top >= bottom:
        return None
    return slice(top, bottom), slice(left, right)
