"""The towers of `skyline` as a whole: where they stand, and the lights on them. It paints no water and no sky."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import linear, plane
from local.renderer.painting.overlay import blank, lay
from local.renderer.painting.particles import Swarm
from local.renderer.themes.city.palettes import Palette
from local.renderer.themes.city.towers import Chance, Tower, Wall, paint

_REACH = 1.1  # short sides from the middle over which the city stands; wider frames stretch it
_ROWS = (  # from the farthest: how many towers, their width and height, nearness, size of a window
    (60, 0.040, 0.72, 0.10, 0.0042),
    (46, 0.046, 1.00, 0.40, 0.0052),
    (38, 0.054, 0.66, 0.70, 0.0062),
    (34, 0.072, 0.34, 1.00, 0.0074),
)
_BEACONS, _WINDOWS = 9, 60


@dataclass(frozen=True)
class Downtown:
    """Rows of towers, from the farthest, about `focus`, a fraction of the width. `waking` (3, n) choose the
    windows that go on and off; `beats` (n,) are those of the red lamps on the highest masts.
    """

    rows: tuple[tuple[Tower, ...], ...]
    focus: float
    chance: Chance
    waking: Field
    beats: Field

    @classmethod
    def grown(cls, rng: np.random.Generator) -> Self:
        """Towers that are highest about the middle and about a lesser, second place."""
        second = rng.choice([-1.0, 1.0]) * rng.uniform(0.36, 0.55)
        rows = []
        for count, wide, tall, _, cell in _ROWS:
            places = (2 * (np.arange(count) + rng.uniform(0.2, 0.8, count)) / count - 1) * _REACH
            rise = 0.2 + 0.62 * np.exp(-((places / 0.19) ** 2)) + 0.34 * np.exp(-(((places - second) / 0.13) ** 2))
            heights = 0.46 * tall * rise * rng.uniform(0.5, 1.12, count)
            widths = wide * (1.15 - 0.5 * rise)
            plots = zip(places.tolist(), widths.tolist(), heights.tolist(), strict=True)
            rows.append(tuple(Tower.built(rng, x=x, wide=w, tall=h, cell=cell) for x, w, h in plots))
        return cls(
            rows=tuple(rows),
            focus=float(rng.uniform(0.34, 0.66)),
            chance=Chance.drawn(rng),
            waking=rng.random((3, _WINDOWS)),
            beats=rng.random(_BEACONS),
        )

    def standing(self, canvas: Canvas) -> list[list[Tower]]:
        """The towers in their places in this frame; an upright frame leaves much sky, and they grow into it."""
        middle, stretch = canvas.place(self.focus, 0)[0], max(1.0, canvas.half_width / _REACH)
        return [[tower.moved(stretch, middle, _growth(canvas)) for tower in row] for row in self.rows]

    def painted(self, canvas: Canvas, rows: int, palette: Palette) -> Field:
        """The city as an overlay (4, rows, width) on whose last row it stands, haze between its rows."""
        town = blank(canvas, rows)
        above = (np.float32(rows / canvas.height) - canvas.v[:rows]) * np.float32(canvas.height / canvas.short)
        far, near = linear(palette.far), linear(palette.near)
        for (_, _, _, nearness, _), towers in zip(_ROWS, self.standing(canvas), strict=True):
            wall = Wall(
                top=far + (near - far) * nearness,
                foot=far + (near - far) * (0.75 * nearness),
                warm=linear(palette.warm) * (0.45 + 0.8 * nearness),
                cold=linear(palette.cold) * (0.3 + 0.4 * nearness),
                awake=palette.awake,
            )
            for tower in towers:
                paint(canvas, town, tower, ground=rows, wall=wall, chance=self.chance)
            veil = (0.5 - 0.42 * nearness) * np.exp(above * np.float32(-11 / _growth(canvas)))
            lay(town, plane(palette.haze) * 0.8, veil)
        return town

    def beacons(self, canvas: Canvas, rows: int, light: Field) -> Swarm:
        """Lamps (3,) on the highest masts."""
        masts = [tower for row in self.standing(canvas) for tower in row if tower.mast]
        high = sorted(masts, key=lambda tower: -tower.top)[:_BEACONS]
        x, top = np.array([tower.x for tower in high]), np.array([tower.top + tower.mast for tower in high])
        return on_land(canvas, rows, (x, top), radius=0.0024, light=light)

    def windows(self, canvas: Canvas, rows: int, light: Field) -> Swarm:
        """Windows of the nearest towers that go on and off."""
        front = self.standing(canvas)[-1]
        towers = [front[int(pick * len(front))] for pick in self.waking[0]]
        half, top = np.array([tower.tiers[0] for tower in towers]).T
        x = np.array([tower.x for tower in towers]) + 1.4 * half * (self.waking[1] - 0.5)
        return on_land(
            canvas, rows, (x, top * (0.15 + 0.7 * (self.waking[1] * 7 % 1))), radius=0.0024, light=light
        )


def _growth(canvas: Canvas) -> float:
    return float((canvas.height / canvas.short) ** 0.5)


def on_land(canvas: Canvas, rows: int, place: tuple[Field, Field], *, radius: float, light: Field) -> Swarm:
    """Lights (3,) at (x, height over the shore) in short sides; the shore is at row `rows`."""
    u, v = 0.5 + place[0] * (canvas.short / canvas.width), (rows - place[1] * canvas.short) / canvas.height
    return Swarm(u, v, np.full(len(u), radius), np.tile(light, (len(u), 1)))


def quay(canvas: Canvas, rows: int, light: Field) -> Swarm:
    """Street lamps (3,) along the shore."""
    x = np.arange(-26, 27) * (0.043 * max(1.0, canvas.half_width / _REACH))
    return on_land(canvas, rows, (x, np.full_like(x, 0.008)), radius=0.0026, light=light)
