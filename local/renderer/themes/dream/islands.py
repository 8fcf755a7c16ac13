"""`dream`, variant `islands`: floating islands over a sea of clouds, balloons and lanterns among them."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, look_up, plane, smoothstep
from local.renderer.painting.noise import fractal, orbit, sample
from local.renderer.painting.particles import add_glows, add_lamps
from local.renderer.painting.sprite import Sprite
from local.renderer.theme import Painter
from local.renderer.themes.dream.balloon import Balloon
from local.renderer.themes.dream.cumulus import Bank
from local.renderer.themes.dream.island import Island, grown
from local.renderer.themes.dream.islands_palettes import PALETTES, Palette
from local.renderer.themes.dream.lights import Lights, stars
from local.renderer.themes.dream.waterfall import Fall

_BANKS = (
    Bank(v=0.61, swell=0.035, near=0.0),
    Bank(v=0.69, swell=0.045, near=0.33),
    Bank(v=0.8, swell=0.06, near=0.67),
    Bank(v=0.96, swell=0.08, near=1.0),
)
_BOB = 0.008  # short sides; how far islands usually rise and sink


@dataclass(frozen=True)
class Orb:
    """Sun or moon at (`u`, `v`), fractions of the frame, `radius` short sides large."""

    u: float
    v: float
    radius: float
    tint: Field
    halo: Field

    def rise(self, canvas: Canvas, picture: Field) -> None:
        """Add its disc and the glow of the air about it, in place."""
        x0, y0 = canvas.place(self.u, self.v)
        away = np.sqrt((canvas.x - np.float32(x0)) ** 2 + (canvas.y - np.float32(y0)) ** 2)
        disc = smoothstep(1.03, 0.97, away / np.float32(self.radius))
        glow = 0.36 * np.exp((away - self.radius) * np.float32(-9)) + 0.12 * np.exp(away * -2.5)
        picture += self.halo * glow
        picture += (1.7 * self.tint - picture) * (0.92 * disc)


def _islands(rng: np.random.Generator, side: float) -> list[Island]:
    """The great island on `side` of the middle, others about it, from the farthest to the nearest."""
    places = (
        (0.5 + side * rng.uniform(0.28, 0.42), rng.uniform(0.2, 0.3), rng.uniform(0.035, 0.05)),
        (0.5 - side * rng.uniform(0.02, 0.12), rng.uniform(0.3, 0.4), rng.uniform(0.04, 0.06)),
        (0.5 - side * rng.uniform(0.24, 0.36), rng.uniform(0.4, 0.5), rng.uniform(0.085, 0.115)),
        (0.5 + side * rng.uniform(0.1, 0.2), rng.uniform(0.42, 0.48), rng.uniform(0.185, 0.225)),
    )
    return [grown(rng, u=float(u), v=float(v), half=float(half)) for u, v, half in places]


@dataclass(frozen=True)
class Adrift:
    """A sprite that goes round once a loop, `across` and `down` pixels to either side; `start` in turns."""

    sprite: Sprite
    across: float
    down: float
    start: float

    def moved(self, phase: float) -> tuple[float, float]:
        """How far it has gone to the right and down, in pixels."""
        right, down = orbit(phase, 1.0, self.start)
        return self.across * float(right), self.down * float(down)

    def put(self, picture: Field, phase: float) -> None:
        """Cover the picture with it, in place."""
        self.sprite.put(picture, *self.moved(phase))


def _balloons(
    canvas: Canvas, rng: np.random.Generator, palette: Palette, side: float, haze: Field
) -> list[Sprite]:
    """A balloon far off and one near, across from the great island."""
    places = (
        ((0.3, 0.42), (0.28, 0.34), (0.018, 0.024), 0.4),
        ((0.1, 0.26), (0.14, 0.24), (0.05, 0.07), 0.1),
    )
    return [
        Balloon(
            u=0.5 - side * float(rng.uniform(*across)),
            v=float(rng.uniform(*high)),
            radius=float(rng.uniform(*size)),
            gores=4 + int(rng.integers(3)),
            cloth=(plane(palette.cloth[0]), plane(palette.cloth[1])),
            glow=plane(palette.lamp) * np.float32(0.35 * palette.lamps),
        ).paint(canvas, sun=(-0.6 * side, -0.5), haze=(haze, share))
        for across, high, size, share in places
    ]


def _lamps(rng: np.random.Generator, palette: Palette, energy: float) -> tuple[Lights, Lights]:
    """Lanterns behind the great island, and those before it."""
    lamp = linear(palette.lamp) * np.float32(palette.lamps)
    far = Lights.lit(rng, 30, 1.2 * lamp, radius=(0.0018, 0.0035), span=(0.3, 0.75), energy=energy)
    near = Lights.lit(rng, 16, 1.5 * lamp, radius=(0.003, 0.006), span=(0.4, 1.0), energy=energy)
    return far, near


def _sky(canvas: Canvas, rng: np.random.Generator, palette: Palette, side: float, haze: Field) -> Field:
    """Air, stars, sun or moon: planar light."""
    picture = look_up(even_ramp(palette.air), canvas.v / np.float32(0.64) + 0 * canvas.u)
    add_glows(canvas, picture, stars(rng, 220, "f0f4ff").dimmed(np.full(220, palette.stars)))
    orb = Orb(
        u=0.5 - side * float(rng.uniform(0.02, 0.15)),
        v=float(rng.uniform(0.42, 0.54)),
        radius=float(rng.uniform(0.05, 0.08)),
        tint=plane(palette.orb),
        halo=haze,
    )
    orb.rise(canvas, picture)
    return picture


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Sky stands still; islands bob, banks of cloud sway by their nearness, balloons circle, lanterns rise."""
    palette = brief.choose(rng, PALETTES)
    rough = fractal(rng, size=256, slope=1.3, lowest=2)
    veils = fractal(rng, size=256, slope=1.8)
    side = float(rng.choice([-1.0, 1.0]))
    haze, white = plane(palette.air[-1]) * 0.9, even_ramp(palette.cloud)
    bob = _BOB * brief.energy * canvas.short
    banks, islands = [], []
    for bank in _BANKS:
        colours = white + (haze[:, 0] - white) * np.float32(0.6 * (1 - bank.near) ** 1.4)
        sprite, reach = bank.paint(canvas, rng, colours, -side, veils), bob * (0.3 + 1.5 * bank.near)
        banks.append(Adrift(sprite, reach, 0.25 * reach, float(rng.random())))
    forms = _islands(rng, side)
    for form, share in zip(forms, (0.6, 0.5, 0.28, 0.08), strict=True):
        sprite = form.paint(canvas, palette.stuff, sun=-side, rough=rough, smooth=veils, haze=(haze, share))
        islands.append(Adrift(sprite, 0.0, bob, float(rng.random())))
    far_balloon, balloon = (
        Adrift(sprite, 1.6 * bob, 1.6 * bob, float(rng.random()))
        for sprite in _balloons(canvas, rng, palette, side, haze)
    )
    falls = {depth: Fall.over(rng, canvas, forms[depth], veils, plane(palette.cloud[-1])) for depth in (2, 3)}
    far_lamps, lamps = _lamps(rng, palette, brief.energy)
    backdrop = _sky(canvas, rng, palette, side, haze)

    def paint(phase: float) -> Field:
        picture = backdrop.copy()
        right, down = orbit(phase, 0.012, 0.0)
        veil = smoothstep(0.2, 2.4, sample(veils, canvas.x * 0.25 + right, canvas.y * 0.8 + down))
        picture += (plane(palette.cloud[-1]) - picture) * (veil * 0.3)
        far_balloon.put(picture, phase)
        for depth, (island, bank) in enumerate(zip(islands, banks, strict=True)):
            island.put(picture, phase)
            if depth in falls:
                falls[depth].pour(canvas, picture, veils, island.moved(phase)[1], phase)
            if depth == 1:
                add_lamps(canvas, picture, far_lamps.at(phase))
                balloon.put(picture, phase)
            bank.put(picture, phase)
        add_lamps(canvas, picture, lamps.at(phase))
        return picture

    return paint
