"""`dream`, variant `silk`: silk waves under a great moon, lights rising."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, look_up, plane, smoothstep
from local.renderer.painting.noise import fractal, orbit, sample
from local.renderer.painting.particles import add_discs, add_glows, add_lamps
from local.renderer.theme import Painter
from local.renderer.themes.dream.lights import Lights, stars

_LAYERS = 7


@dataclass(frozen=True)
class Palette:
    """Colours: `air` from zenith to horizon, `silk` from the farthest wave to the nearest."""

    tags: frozenset[str]
    air: tuple[str, ...]
    silk: tuple[str, ...]
    sheen: str
    moon: str
    lamp: str


_PALETTES = (
    Palette(
        tags=frozenset({"dusk", "violet", "spring"}),
        air=("0b0b2e", "2a1f66", "7a4aa6", "e08fb4", "ffd3b4"),
        silk=("f0b0bd", "a868b8", "5a43a8", "262470"),
        sheen="ffe2dc",
        moon="fff0de",
        lamp="ffcf7a",
    ),
    Palette(
        tags=frozenset({"day", "green", "blue", "summer"}),
        air=("04152e", "0c3a63", "1f7c98", "7fcdbb", "e8f3cf"),
        silk=("9ad8c6", "479eb0", "1f6296", "0d2f63"),
        sheen="e6fff4",
        moon="fafff0",
        lamp="ffdf94",
    ),
    Palette(
        tags=frozenset({"dusk", "red", "gold", "pink"}),
        air=("1a0b2e", "55195e", "b03a78", "f5806e", "ffd08a"),
        silk=("f99d80", "c95283", "7a2c86", "341655"),
        sheen="ffe0c0",
        moon="fff0d0",
        lamp="ffd890",
    ),
    Palette(
        tags=frozenset({"night", "blue", "winter", "storm"}),
        air=("0a1238", "24398c", "5f7fd8", "b0b8f0", "f3dcec"),
        silk=("c0bcf0", "7a8ade", "4355b0", "1c2a70"),
        sheen="f2f0ff",
        moon="fdf6ff",
        lamp="ffe9b8",
    ),
    Palette(
        tags=frozenset({"dawn", "autumn", "mist"}),
        air=("10202c", "2c5560", "6f9aa0", "e0b8a8", "ffe3c0"),
        silk=("e0b4a8", "9a8aa4", "50688e", "1e3a5a"),
        sheen="fff0de",
        moon="fff4e0",
        lamp="ffd98a",
    ),
)


@dataclass(frozen=True)
class Wave:
    """One fold of silk; `base` is a fraction of the height, `near` 0 at the horizon and 1 before the eye.

    Its crest is a sum of sines: `reach` (short sides), `rate` (per short side), `start` (turns). They swing to
    and fro by `swing` turns.
    """

    base: float
    near: float
    reach: Field
    rate: Field
    start: Field
    swing: float
    body: Field
    sheen: Field

    def crest(self, canvas: Canvas, phase: float) -> Field:
        """Short sides below the centre, (1, width)."""
        swing = self.swing * np.sin(2 * np.pi * (self.start + phase))
        angle = 2 * np.pi * (self.rate * canvas.x.T + self.start + swing)
        rise = (self.reach * np.sin(angle + 0.6 * np.sin(angle + 1))).sum(axis=1)
        crest: Field = (canvas.place(0, self.base)[1] - rise).astype(np.float32)[None, :]
        return crest


def _waves(rng: np.random.Generator, palette: Palette, energy: float) -> list[Wave]:
    """The folds from the farthest, at the horizon, to the nearest, at the foot of the frame."""
    tones = even_ramp(palette.silk)
    waves = []
    for near in np.linspace(0, 1, _LAYERS).tolist():
        body = look_up(tones, np.full((1, 1), near, np.float32))
        lighter = look_up(tones, np.full((1, 1), near - 0.4, np.float32))
        reach = np.array([0.055, 0.03, 0.012]) * (0.55 + 0.75 * near) * rng.uniform(0.7, 1.2, 3)
        rate = np.array([0.55, 1.15, 2.3]) * (1.25 - 0.45 * near) * rng.uniform(0.8, 1.2, 3)
        wave = Wave(
            base=0.54 + 0.40 * near**1.15,
            near=near,
            reach=reach.astype(np.float32),
            rate=rate.astype(np.float32),
            start=rng.random(3).astype(np.float32),
            swing=0.035 * energy,
            body=body,
            sheen=(plane(palette.sheen) * (1 - near) + lighter * near) * np.float32(0.8 - 0.2 * near),
        )
        waves.append(wave)
    return waves


def _drape(canvas: Canvas, picture: Field, wave: Wave, phase: float, folds: Field) -> None:
    """Hang the silk from its crest downwards over what is there, in place. Folds run along the crest."""
    crest = wave.crest(canvas, phase)
    top = max(int((float(crest.min()) + canvas.half_height) * canvas.short) - 1, 0)
    if top >= canvas.height:
        return
    below = canvas.y[top:] - crest
    cover = np.clip(below * np.float32(canvas.short) + 0.5, 0, 1)
    depth = np.maximum(below, 0)
    right, down = orbit(phase, 0.012, wave.near)
    along = canvas.x * np.float32(0.16) + depth * np.float32(0.5) + np.float32(wave.near * 2.7) + right
    under = depth * np.float32(1.9 - 0.7 * wave.near) + np.float32(wave.near * 1.7) + down
    fold: Field = np.maximum(sample(folds, along, under), -1)
    fade_out = np.exp(depth * -4.5)
    silk = 0.36 + 0.5 * np.exp(depth * -14) + 0.5 * fade_out + (0.16 + 0.1 * fade_out) * fold
    # Where a fold turns over, the cloth shows a thread of light.
    thread = smoothstep(0.5, 0.0, np.abs(fold - 0.5)) * fade_out * 0.26 + 0.55 * np.exp(depth * -70)
    window = picture[:, top:]
    window += (wave.body * silk + wave.sheen * thread - window) * cover


@dataclass(frozen=True)
class Moon:
    """A disc at (`u`, `v`), `radius` short sides, marked by a noise, in a halo of `haze`."""

    u: float
    v: float
    radius: float
    tint: Field
    haze: Field
    marks: Field

    def rise(self, canvas: Canvas, picture: Field) -> None:
        """Paint it over the sky, in place; its foot melts into the air."""
        x0, y0 = canvas.place(self.u, self.v)
        away = np.sqrt((canvas.x - np.float32(x0)) ** 2 + (canvas.y - np.float32(y0)) ** 2)
        picture += self.haze * (0.42 * np.exp(np.maximum(away - self.radius, 0) * -8))
        marks = smoothstep(-0.6, 1.4, sample(self.marks, canvas.x * 0.8, canvas.y * 0.8))
        disc = smoothstep(1.012, 0.988, away / np.float32(self.radius))
        sunk = smoothstep(-0.3, 1.3, (canvas.y - np.float32(y0)) / np.float32(self.radius))
        picture += (self.tint + (self.haze - self.tint) * (0.3 * marks) - picture) * (disc * (0.95 - 0.75 * sunk))


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Sky, stars and moon stand still and are painted once; clouds, silk and lights move."""
    palette = brief.choose(rng, _PALETTES)
    waves = _waves(rng, palette, brief.energy)
    folds = fractal(rng, size=256, slope=1.9)
    clouds = fractal(rng, size=256, slope=1.8)
    moon = Moon(
        u=float(rng.uniform(0.28, 0.72)),
        v=float(rng.uniform(0.28, 0.4)),
        radius=float(rng.uniform(0.13, 0.21)),
        tint=plane(palette.moon),
        haze=plane(palette.air[3]),
        marks=clouds,
    )
    heaven = stars(rng, 200, palette.sheen)
    lamp = linear(palette.lamp)
    far, near, blurred = (
        Lights.lit(rng, count, light * lamp, radius=radius, span=span, energy=brief.energy)
        for count, light, radius, span in (
            (34, 1.3, (0.0018, 0.004), (0.3, 0.8)),
            (18, 1.6, (0.003, 0.0065), (0.4, 0.95)),
            (9, 0.12, (0.014, 0.04), (0.45, 1.0)),
        )
    )
    backdrop = look_up(even_ramp(palette.air), canvas.v / np.float32(0.62) + 0 * canvas.u)
    add_glows(canvas, backdrop, heaven)
    moon.rise(canvas, backdrop)

    def paint(phase: float) -> Field:
        picture = backdrop.copy()
        right, down = orbit(phase, 0.012, 0.0)
        veil = smoothstep(0.1, 2.4, sample(clouds, canvas.x * 0.3 + right, canvas.y * 0.9 + down))
        picture += (plane(palette.air[3]) - picture) * (veil * smoothstep(0.0, 0.3, canvas.v) * 0.55)
        for i, wave in enumerate(waves):
            if i == 2:
                add_lamps(canvas, picture, far.at(phase))
            _drape(canvas, picture, wave, phase, folds)
        add_lamps(canvas, picture, near.at(phase))
        add_discs(canvas, picture, blurred.at(phase))
        return picture

    return paint
