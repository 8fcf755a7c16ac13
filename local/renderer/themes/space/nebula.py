"""`space`, variant `nebula`: a nebula with dust lanes, stars that drift past the eye, and often a planet."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, plane, ramp, smoothstep
from local.renderer.painting.noise import fractal, orbit, sample
from local.renderer.painting.particles import Swarm, add_glows, add_spikes, fade
from local.renderer.theme import Painter
from local.renderer.themes.space.planet import far_side
from local.renderer.themes.space.starfield import stars

_DENSITIES = (0, 0.3, 0.6, 0.85, 1)


@dataclass(frozen=True)
class Palette:
    """Colours of the two gases over `_DENSITIES`, and of the empty sky."""

    tags: frozenset[str]
    one: tuple[str, ...]
    other: tuple[str, ...]
    sky: str


_PALETTES = (
    Palette(
        tags=frozenset({"pink", "violet", "dusk", "spring"}),
        one=("05030e", "3a1457", "b0407f", "ee8f74", "ffd9ae"),
        other=("020510", "0c2f63", "2a7fa8", "7cc9cf", "d3f2e6"),
        sky="03040b",
    ),
    Palette(
        tags=frozenset({"blue", "night", "winter"}),
        one=("030611", "142a6b", "3d6fd6", "86b8f0", "e2eeff"),
        other=("06030d", "43175f", "a5509f", "e79abf", "fbdde0"),
        sky="03050d",
    ),
    Palette(
        tags=frozenset({"red", "gold", "autumn", "day", "summer"}),
        one=("080303", "571a14", "bb5526", "efa64e", "ffe6b0"),
        other=("02070a", "0b3c50", "2f8490", "8cc9b8", "dff3dc"),
        sky="060508",
    ),
    Palette(
        tags=frozenset({"green", "violet", "mist"}),
        one=("02070a", "0b4a55", "1f9a8e", "7fd2ab", "e6f8d4"),
        other=("04030e", "2c1d70", "7a5ad0", "b9a4f2", "eae0ff"),
        sky="02060b",
    ),
    Palette(
        tags=frozenset({"gold", "pink", "dawn"}),
        one=("070408", "5a2440", "d0705f", "f7b87c", "fff0cc"),
        other=("04050e", "2b2f63", "7d7fb8", "d0b4cf", "f8e4e6"),
        sky="05050b",
    ),
    Palette(
        tags=frozenset({"storm", "red", "blue"}),
        one=("070206", "4a0f2a", "a8243f", "e0664f", "ffc79a"),
        other=("02050c", "12284a", "3f6390", "8fb0d0", "e0ecfa"),
        sky="04040a",
    ),
)


@dataclass(frozen=True)
class Nebula:
    """Noise fields of the cloud, and its band: through (`u`, `v`), turned by `angle`, `width` across.

    `stir` scales how far the gas moves.
    """

    cloud: Field
    dust: Field
    warp: tuple[Field, Field]
    u: float
    v: float
    angle: float
    width: float
    stir: float
    gases: tuple[Field, Field]

    def light(self, canvas: Canvas, phase: float, levels: tuple[float, float]) -> Field:
        """Planar light; `levels` are the densities to show as nothing and as brightest."""
        density, dust, hue, band = self._shape(canvas, phase)
        gas = smoothstep(levels[0], levels[1], density)
        other = smoothstep(-0.7, 0.7, hue)
        picture = look_up(self.gases[0], gas)
        picture += (look_up(self.gases[1], gas) - picture) * other
        picture *= 0.25 + 0.85 * gas
        _dim(picture, dust, band)
        return picture

    def levels(self) -> tuple[float, float]:
        """Densities to show as nothing and as brightest, so that no seed is a blank or a glare."""
        density = self._shape(Canvas(96, 96), 0.0)[0]
        dark, bright = np.percentile(density, (35, 95))
        return float(dark - 0.5 * (bright - dark)), float(bright + 0.5 * (bright - dark))

    def _shape(self, canvas: Canvas, phase: float) -> tuple[Field, Field, Field, Field]:
        """Density of the gas, dust noise, which of the two gases, and nearness to the band."""
        u, v = canvas.x * np.float32(0.5), canvas.y * np.float32(0.5)
        right, down = orbit(phase, 0.012 * self.stir, self.u)
        wx, wy = sample(self.warp[0], u + right, v + down), sample(self.warp[1], u - down, v + right)
        right, down = orbit(phase, 0.004 * self.stir, self.v)
        cloud = sample(self.cloud, u + wx * 0.05 + right, v + wy * 0.05 + down)
        dust = sample(self.dust, u * 1.25 + wy * 0.04 - down, v * 1.25 - wx * 0.04 + right)
        x0, y0 = canvas.place(self.u, self.v)
        across = (canvas.y - y0) * np.float32(np.cos(self.angle))
        across = across - (canvas.x - x0) * np.float32(np.sin(self.angle)) + 0.07 * wx + 0.05 * wy
        band = np.exp(-((across / np.float32(self.width)) ** 2)) - np.float32(0.45)
        return cloud + 1.9 * band + 0.25 * wx, dust, 0.9 * wy + 0.35 * dust - 0.3 * cloud, band


def _dim(picture: Field, dust: Field, band: Field) -> None:
    """Dust lanes in front of the gas, in place. They lie where the noise crosses a level; like real dust they
    take blue before red.
    """
    lanes = smoothstep(0.95, 0.0, np.abs(dust + 0.3))
    lanes *= lanes * smoothstep(-0.4, 0.4, band)
    for channel, depth in enumerate((1.4, 1.8, 2.1)):
        picture[channel] *= np.exp(lanes * np.float32(-depth))


def _nebula(rng: np.random.Generator, palette: Palette, stir: float) -> Nebula:
    return Nebula(
        cloud=fractal(rng, size=512, slope=1.75),
        dust=fractal(rng, size=512, slope=1.7, lowest=2),
        warp=(fractal(rng, size=64, slope=2.0), fractal(rng, size=64, slope=2.0)),
        u=float(rng.uniform(0.35, 0.65)),
        v=float(rng.uniform(0.35, 0.65)),
        angle=float(rng.uniform(0, np.pi)),
        width=float(rng.uniform(0.28, 0.45)),
        stir=stir,
        gases=(_over_density(palette.one), _over_density(palette.other)),
    )


def _over_density(colours: tuple[str, ...]) -> Field:
    return ramp(*zip(_DENSITIES, colours, strict=True))


def _drifting(near: Swarm, births: Field, speed: float, phase: float) -> Swarm:
    """The stars as the eye flies slowly towards them: each spreads from the centre, one life a loop."""
    life = (births + np.float32(phase)) % 1
    spread = 1 + np.float32(0.12 * speed) * (life - 0.5)
    return Swarm(
        u=0.5 + (near.u - 0.5) * spread,
        v=0.5 + (near.v - 0.5) * spread,
        radius=near.radius * spread,
        light=near.light * fade(life)[:, None],
    )


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Sky, far stars and planet stand still and are painted once; gas and near stars move."""
    palette = brief.choose(rng, _PALETTES)
    nebula = _nebula(rng, palette, brief.energy)
    far = stars(rng, 900, (0.0007, 0.0015), 1.0)
    near, births = stars(rng, 160, (0.0012, 0.0026), 2.4), rng.random(160).astype(np.float32)
    suns, beats = stars(rng, 5, (0.0028, 0.0042), 3.0), rng.random(5).astype(np.float32)
    planet = far_side(rng)
    levels = nebula.levels()
    backdrop = np.zeros((3, canvas.height, canvas.width), np.float32) + plane(palette.sky)
    add_glows(canvas, backdrop, far)
    behind, globe = planet.paint(canvas)

    def paint(phase: float) -> Field:
        picture = nebula.light(canvas, phase, levels)
        picture += backdrop
        add_glows(canvas, picture, _drifting(near, births, brief.energy, phase))
        add_spikes(canvas, picture, suns.dimmed(0.8 + 0.2 * np.sin(2 * np.pi * (phase + beats))))
        picture *= behind
        picture += globe
        return picture

    return paint
