"""`aurora`, variant `valley`: curtains of light over a valley in snow, spruces, and a cabin with lit windows."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import plane
from local.renderer.painting.noise import fractal, sample
from local.renderer.painting.particles import Swarm, add_glows, fade
from local.renderer.theme import Painter
from local.renderer.themes.aurora.cabin import Cabin
from local.renderer.themes.aurora.curtains import Curtains
from local.renderer.themes.aurora.land import Land
from local.renderer.themes.aurora.polar_night import LAMP, PALETTES, Palette, cast, heaven
from local.renderer.themes.aurora.sheets import Sheet, bezier

_HILLS = ((0.0, 0.008), (0.045, 0.022), (0.125, 0.034), (0.235, 0.045))
"""Of each hill from the back: fraction of the height below the horizon, and how far it swells in short sides."""

_WOODS = ((170, 0.010, 0.030, 0.0), (46, 0.03, 0.065, 0.09), (24, 0.07, 0.15, 0.13), (9, 0.2, 0.5, 0.3))
"""Of the spruces on each hill: number, least and greatest height, and how wide they keep away from the cabin."""


def _curtains(rng: np.random.Generator, palette: Palette, side: float, energy: float) -> Curtains:
    """One great ribbon that winds from the horizon up overhead, and a fainter one behind it."""
    rays = fractal(rng, size=512, slope=1.2, lowest=2)
    great = np.array([(5, 9), (-5, 7), (-5, 1.5), (3.5, 3.4), (3.6, 0.5), (-4.5, 0.7)]) * (side, 1)
    faint = np.array([(-9, 10), (0, 8), (5, 7), (9, 4)]) * (side, 1)
    sheets = tuple(
        Sheet.hung(rng, bezier(path * rng.uniform(0.87, 1.13, path.shape)), rays=rays, bright=bright)
        for path, bright in ((great, 1.0), (faint, 0.6))
    )
    u = 0.5 + float(rng.uniform(-0.12, 0.12))
    return Curtains(sheets, palette.glow, u, -0.75, focal=0.7, reach=1.0, energy=energy)


def _places(rng: np.random.Generator, hill: int, side: float, clear: float) -> list[tuple[float, float]]:
    """Where spruces stand on a hill and how tall. The nearer the hill, the more they keep to the sides, most of
    all to that away from the cabin at `clear`.
    """
    count, low, high, gap = _WOODS[hill]
    places = []
    for _ in range(count):
        away = float(rng.beta(1, 1 + 0.7 * hill))
        right = float(rng.random()) < 0.5 - 0.16 * side * (hill > 0)
        u = 1.03 - 0.53 * away if right else -0.03 + 0.53 * away
        tall = float(rng.uniform(low, high)) * (1 - 0.5 * away)
        if abs(u - clear) > gap:
            places.append((u, tall))
    return sorted(places, key=lambda place: place[1])


@dataclass(frozen=True)
class Smoke:
    """Puffs that rise from (`u`, `v`), fractions of the frame, each through one life a loop; all else (n,)."""

    u: float
    v: float
    birth: Field
    lean: Field

    @classmethod
    def rising(cls, rng: np.random.Generator, count: int, chimney: tuple[float, float]) -> Self:
        """Smoke that leans a little to one side."""
        lean = rng.uniform(0.015, 0.03, count) * rng.choice([-1, 1])
        return cls(*chimney, birth=np.arange(count) / count, lean=lean)

    def at(self, phase: float, light: Field) -> Swarm:
        """The puffs; they widen and drift aside as they rise. `light` (3,) is what they scatter."""
        life = (self.birth + phase) % 1
        return Swarm(
            u=self.u + self.lean * life**1.5 + 0.004 * np.sin(2 * np.pi * (life * 2 + self.birth)),
            v=self.v - 0.11 * life**0.8,
            radius=0.004 + 0.016 * life,
            light=light * (fade(life**0.5) * 0.3)[:, None],
        )


@dataclass(frozen=True)
class Valley:
    """The valley as it stands: snow, woods, and the light of the cabin's windows."""

    land: Land
    warm: Field
    cabin: Cabin

    @classmethod
    def painted(cls, canvas: Canvas, rng: np.random.Generator, horizon: float, side: float) -> Self:
        """Hills from the back to the eye, each hiding the feet of the trees behind it; the cabin on the third."""
        drifts = fractal(rng, size=128, slope=2.2)
        land = Land.bare(canvas)
        tall, lean = 0.2 * float(rng.uniform(0.9, 1.2)), float(rng.uniform(-0.5, 0.5))
        land.mountains(rng, place=(0.5, horizon + 0.02), tall=tall, scale=0.62, lean=lean)
        u = 0.5 + side * float(rng.uniform(0.08, 0.2))
        bend = side * float(rng.choice([-1.0, 1.0]) * rng.uniform(0.7, 1.2))
        crests = []
        for base, swell in _HILLS:
            wave = sample(drifts, canvas.x * 0.3 + np.float32(base * 9 + 0.1), np.full_like(canvas.x, base * 3))
            crests.append(np.float32(canvas.place(0, horizon + base)[1]) - np.float32(swell) * wave)
        foot = float(np.interp(u, canvas.u[0], crests[2][0])) - 0.004
        cabin = Cabin(canvas.place(u, 0)[0], foot, 0.075, -side)
        for hill, crest in enumerate(crests):
            land.wood(rng, crest, _places(rng, hill, side, u))
            if hill == 2:
                land.house(cabin, "2a1e1c")
            land.snowfield(crest, drifts, 0.3 * hill)
        land.trail((cabin.x - 0.2 * cabin.tall * side, foot + 0.004), bend)
        seen = np.float32(1.3) * cabin.panes(canvas) * (canvas.y < foot)
        warm = plane(LAMP) * (seen + 0.5 * cabin.spill(canvas) * (land.albedo[0] + 0.03))
        return cls(land, warm, cabin)


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Only the lights, the stars and the smoke move; snow and peaks shine as the lights over them do."""
    palette = brief.choose(rng, PALETTES)
    side = float(rng.choice([-1.0, 1.0]))
    curtains = _curtains(rng, palette, side, brief.energy)
    horizon = float(rng.uniform(0.66, 0.7))
    valley = Valley.painted(canvas, rng, horizon, side)
    smoke = Smoke.rising(rng, 14, valley.cabin.chimney(canvas))
    rows = valley.land.skyline()
    sky = heaven(canvas, rng, palette, curtains, rows=rows, reach=horizon)
    unseen = 1 - valley.land.cover[:rows]
    dim = 0.7 * plane(palette.dim)

    def paint(phase: float) -> Field:
        lights = sky.lights(phase)
        falling = dim + 1.3 * cast(lights)
        picture = valley.land.albedo * falling
        picture += valley.warm
        picture[:, :rows] += sky.over(canvas, lights, phase) * unseen
        add_glows(canvas, picture, smoke.at(phase, 0.35 * falling[:, 0, canvas.width // 2] + 0.03))
        return picture

    return paint
