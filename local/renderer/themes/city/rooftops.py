"""`city`, variant `rooftops`: an old town on a hill at nightfall: lit windows, smoke, lanterns, a cat."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.blur import bloom
from local.renderer.painting.colour import linear, plane, smoothstep
from local.renderer.painting.noise import fractal, orbit, sample
from local.renderer.painting.overlay import blank, lay, put
from local.renderer.painting.particles import Swarm, add_glows
from local.renderer.scenery.sky import night
from local.renderer.theme import Painter
from local.renderer.themes.city.brush import Brush, Pane, Point
from local.renderer.themes.city.cat import cover
from local.renderer.themes.city.houses import Coat, House, church
from local.renderer.themes.city.lanterns import Garland
from local.renderer.themes.city.palettes import PALETTES, Palette, sky_at

_ROWS = (  # of houses, from the farthest: how many, how wide, short sides over the foot of the frame, nearness
    (36, 0.071, 0.43, 0.10),
    (28, 0.094, 0.33, 0.38),
    (20, 0.130, 0.21, 0.68),
    (13, 0.190, 0.04, 1.00),
)
_ASIDE = 9.0  # short sides from the middle: where there is no hill
_PUFFS = 10  # to a chimney
_REACH = 1.15  # short sides from the middle over which the town stands; wider frames stretch it


@dataclass(frozen=True)
class Town:
    """Rows of houses, from the farthest, and the `summit` of their hill, a fraction of the width."""

    rows: list[list[House]]
    summit: float

    @classmethod
    def grown(cls, rng: np.random.Generator) -> Self:
        """Houses side by side, no two alike."""
        rows = []
        for count, wide, _, near in _ROWS:
            places = (2 * (np.arange(count) + rng.uniform(0.35, 0.65, count)) / count - 1) * _REACH
            feet = rng.normal(0, 0.012 * (0.4 + near), count)
            spots = zip(places.tolist(), feet.tolist(), strict=True)
            rows.append([House.built(rng, x=x, foot=foot, wide=wide) for x, foot in spots])
        return cls(rows, float(rng.uniform(0.25, 0.75)))

    def foot(self, canvas: Canvas, x: float, row: int) -> float:
        """Where the ground of a row is at `x`: the hill lifts the far rows most."""
        _, _, over, near = _ROWS[row]
        stretch = max(1.0, canvas.half_width / _REACH)
        aside = (x - canvas.place(self.summit, 0)[0]) / (0.34 * stretch)
        hill = 0.16 * (1 - near) * float(np.exp(-(aside**2)))
        # An upright frame shows more of the town.
        return canvas.half_height - (over + hill) * float((canvas.height / canvas.short) ** 0.6)

    def standing(self, canvas: Canvas, row: int) -> list[House]:
        """The houses of a row in their places in this frame, the highest first."""
        stretch = max(1.0, canvas.half_width / _REACH)
        placed = [house.on(house.x * stretch, house.foot) for house in self.rows[row]]
        placed = [house.on(house.x, house.foot + self.foot(canvas, house.x, row)) for house in placed]
        return sorted(placed, key=lambda house: house.eaves)


def _coat(palette: Palette, near: float) -> Coat:
    """Colours of a row: the farther, the more of the haze."""
    haze, clear = linear(palette.haze) * 0.44, np.float32(0.42 + 0.58 * near)
    return Coat(
        walls=[haze + (linear(code) * (1.0 - 0.5 * near) - haze) * clear for code in palette.walls],
        roofs=[haze + (linear(code) * (1.1 - 0.4 * near) - haze) * clear for code in palette.roofs],
        lit=linear(palette.warm) * (0.8 + 0.45 * near),
        dark=haze + (linear(palette.roofs[0]) * 0.35 - haze) * clear,
        awake=palette.awake,
    )


@dataclass(frozen=True)
class Row:
    """Houses painted once, an overlay, and those of their windows that go on and off."""

    layer: Field
    panes: list[Pane]

    @classmethod
    def painted(cls, canvas: Canvas, palette: Palette, town: Town, rows: range) -> Self:
        """Some rows of the town, one before the other, the church among them."""
        layer = np.concatenate((blank(canvas, canvas.height), blank(canvas, canvas.height)[:1]))
        panes, number = [], 0
        for row in rows:
            near = _ROWS[row][3]
            coat = _coat(palette, near)
            if row == 1:
                x = canvas.place(town.summit, 0)[0]
                church(Brush(canvas, layer, -1), coat, x, town.foot(canvas, x, row) - 0.035, 0.36)
            for house in town.standing(canvas, row):
                number += 1
                panes += house.paint(Brush(canvas, layer, number), coat)
            veil = smoothstep(-0.12, 0.1, canvas.y - np.float32(town.foot(canvas, _ASIDE, row)))
            lay(layer, plane(palette.haze) * 0.4, 0.32 * (1 - near) * veil * layer[3])
        # Only what is warm is a lamp; walls in daylight must not glow.
        layer[:3] += 0.7 * bloom(canvas, layer[:3] * (layer[0] > 2.2 * layer[2]), over=0.25, reach=0.012)
        return cls(layer, [pane.seen(layer) for pane in panes])

    def show(self, picture: Field, phase: float) -> None:
        """Lay it over the picture, in place."""
        put(self.layer, picture)
        for pane in self.panes:
            pane.add(picture, phase)


@dataclass(frozen=True)
class Smoke:
    """Puffs (n,) that rise from chimneys through one life a loop: `u` and `v` where they leave."""

    u: Field
    v: Field
    birth: Field
    size: Field

    @classmethod
    def rising(cls, canvas: Canvas, rng: np.random.Generator, flues: list[Point]) -> Self:
        """A dozen puffs to each flue."""
        u = np.array([0.5 + x * canvas.short / canvas.width for x, _ in flues])
        v = np.array([0.5 + y * canvas.short / canvas.height for _, y in flues])
        start, shift = rng.random(len(flues)), rng.normal(0, 0.02, (len(flues), _PUFFS))
        birth = start[:, None] + np.arange(_PUFFS) / _PUFFS + shift
        size = rng.uniform(0.7, 1.3, (len(flues), _PUFFS))
        return cls(np.repeat(u, _PUFFS), np.repeat(v, _PUFFS), birth.ravel(), size.ravel())

    def at(self, canvas: Canvas, phase: float, light: Field, wind: float) -> Swarm:
        """The puffs of this moment, widening as they drift; `light` (3,) of the thickest."""
        life = (self.birth + phase) % 1
        aside = (0.09 * wind * life**1.5 + 0.006 * np.sin(2 * np.pi * (life * 2 + self.size))) * canvas.short
        up = 0.16 * life**0.85 * canvas.short
        thick = np.clip(life * 9, 0, 1) * (1 - life) ** 1.4
        radius = (0.005 + 0.03 * life) * self.size
        return Swarm(self.u + aside / canvas.width, self.v - up / canvas.height, radius, light * thick[:, None])


def _perch(canvas: Canvas, town: Town, chance: float) -> tuple[Point, float]:
    """A roof for the cat, off the middle, and which way it looks: inwards."""
    looks = 1.0 if town.summit > 0.5 else -1.0
    wanted = canvas.place(0.5 - looks * (0.18 + 0.14 * chance), 0)[0]
    # A ridge is worth a longer way than a chimney.
    near = town.standing(canvas, len(_ROWS) - 1)
    house = min(near, key=lambda house: abs(house.perch[0] - wanted) + 0.12 * (not house.long))
    return house.perch, looks


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Houses stand still and are painted once; clouds, smoke, lanterns and a few windows move."""
    palette = brief.choose(rng, PALETTES)
    sky = sky_at(
        palette,
        horizon=0.8,
        orb=(float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.4, 0.54))),
        radius=float(rng.uniform(0.04, 0.07)),
    )
    clouds = fractal(rng, size=256, slope=1.7)
    town = Town.grown(rng)
    stars = night(rng, 220, horizon=0.7, light=linear("e6ecff") * palette.stars)
    whim = float(rng.random())
    garlands = [
        Garland.hung(rng, high=0.05, count=9, size=0.012),
        Garland.hung(rng, high=-0.01, count=5, size=0.03),
    ]
    flues = [house.flue for row in (1, 2, 3) for house in town.standing(canvas, row)[:: row + 2]]
    smoke = Smoke.rising(canvas, rng, flues)
    last = len(_ROWS) - 1
    far, near = (Row.painted(canvas, palette, town, rows) for rows in (range(last), range(last, last + 1)))
    papers = [linear(code) for code in (palette.warm, "ff7a4a", "ffd9a0", "ff9a5a")]
    ground = town.foot(canvas, _ASIDE, 1)
    damp = far.layer[3] * smoothstep(ground - 0.34, ground, canvas.y)
    mist = plane(palette.haze) * 0.6
    seat, looks = _perch(canvas, town, whim)
    fur = plane(palette.near) * 0.35
    grey = linear(palette.haze) * 0.08 + linear(palette.orb) * 0.02

    def paint(phase: float) -> Field:
        picture = np.zeros((3, canvas.height, canvas.width), np.float32)
        heaven = sky.paint(canvas, clouds, stars, phase)
        picture[:, : heaven.shape[1]] = heaven
        far.show(picture, phase)
        right, down = orbit(phase, 0.05 * brief.energy**0.5, 0.0)
        drift = smoothstep(-0.6, 2.0, sample(clouds, canvas.x * 0.3 + right, canvas.y * 0.8 + down))
        picture += (mist - picture) * (damp * drift * np.float32(0.5))
        near.show(picture, phase)
        add_glows(canvas, picture, smoke.at(canvas, phase, grey, brief.energy))
        picture += (fur - picture) * cover(canvas, seat, tall=0.085, looks=looks, phase=phase)
        for garland in garlands:
            garland.paint(canvas, picture, phase, papers, brief.energy)
        return picture

    return paint
