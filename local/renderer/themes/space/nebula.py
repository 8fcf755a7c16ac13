"""`space`, variant `nebula`: a nebula with dust lanes, stars that drift past the eye, and often a planet."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.colour import linear, look_up, plane, ramp, smoothstep
from local.renderer.noise import fractal, orbit, sample
from local.renderer.particles import Swarm, add_glows, add_spikes, fade
from local.renderer.planet import far_side
from local.renderer.theme import Painter

# Two gases each, over density: the one, the other, and the empty sky.
_PALETTES = (
    (
        ((0, "05030e"), (0.3, "3a1457"), (0.6, "b0407f"), (0.85, "ee8f74"), (1, "ffd9ae")),
        ((0, "020510"), (0.3, "0c2f63"), (0.6, "2a7fa8"), (0.85, "7cc9cf"), (1, "d3f2e6")),
        "03040b",
    ),
    (
        ((0, "030611"), (0.3, "142a6b"), (0.6, "3d6fd6"), (0.85, "86b8f0"), (1, "e2eeff")),
        ((0, "06030d"), (0.3, "43175f"), (0.6, "a5509f"), (0.85, "e79abf"), (1, "fbdde0")),
        "03050d",
    ),
    (
        ((0, "080303"), (0.3, "571a14"), (0.6, "bb5526"), (0.85, "efa64e"), (1, "ffe6b0")),
        ((0, "02070a"), (0.3, "0b3c50"), (0.6, "2f8490"), (0.85, "8cc9b8"), (1, "dff3dc")),
        "060508",
    ),
    (
        ((0, "02070a"), (0.3, "0b4a55"), (0.6, "1f9a8e"), (0.85, "7fd2ab"), (1, "e6f8d4")),
        ((0, "04030e"), (0.3, "2c1d70"), (0.6, "7a5ad0"), (0.85, "b9a4f2"), (1, "eae0ff")),
        "02060b",
    ),
)
_STARLIGHT = ("9bb8ff", "c9d8ff", "f4f3ff", "fff1da", "ffd6a6", "ffb98a")


@dataclass(frozen=True)
class Nebula:
    """Noise fields of the cloud, and its band: through (`u`, `v`), turned by `angle`, `width` across."""

    cloud: Field
    dust: Field
    warp: tuple[Field, Field]
    u: float
    v: float
    angle: float
    width: float
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
        right, down = orbit(phase, 0.012, self.u)
        wx, wy = sample(self.warp[0], u + right, v + down), sample(self.warp[1], u - down, v + right)
        right, down = orbit(phase, 0.004, self.v)
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


def _nebula(rng: np.random.Generator) -> tuple[Nebula, str]:
    one, other, sky = _PALETTES[int(rng.integers(len(_PALETTES)))]
    nebula = Nebula(
        cloud=fractal(rng, size=512, slope=1.75),
        dust=fractal(rng, size=512, slope=1.7, lowest=2),
        warp=(fractal(rng, size=64, slope=2.0), fractal(rng, size=64, slope=2.0)),
        u=float(rng.uniform(0.35, 0.65)),
        v=float(rng.uniform(0.35, 0.65)),
        angle=float(rng.uniform(0, np.pi)),
        width=float(rng.uniform(0.28, 0.45)),
        gases=(ramp(*one), ramp(*other)),
    )
    return nebula, sky


def _stars(rng: np.random.Generator, count: int, radius: tuple[float, float], glare: float) -> Swarm:
    """Stars all over the frame and a margin around it; most are small and dim, a few large and bright."""
    size = rng.random(count) ** 4
    tints = np.array([linear(code) for code in _STARLIGHT])
    light = tints[rng.integers(len(tints), size=count)] * (glare * (0.12 + 0.88 * size))[:, None]
    return Swarm(
        u=rng.uniform(-0.1, 1.1, count).astype(np.float32),
        v=rng.uniform(-0.1, 1.1, count).astype(np.float32),
        radius=(radius[0] + (radius[1] - radius[0]) * size).astype(np.float32),
        light=light.astype(np.float32),
    )


def _drifting(stars: Swarm, births: Field, phase: float) -> Swarm:
    """The stars as the eye flies slowly towards them: each spreads from the centre, one life a loop."""
    life = (births + np.float32(phase)) % 1
    spread = 0.94 + 0.12 * life
    return Swarm(
        u=0.5 + (stars.u - 0.5) * spread,
        v=0.5 + (stars.v - 0.5) * spread,
        radius=stars.radius * spread,
        light=stars.light * fade(life)[:, None],
    )


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:  # noqa: ARG001
    """Sky, far stars and planet stand still and are painted once; gas and near stars move."""
    nebula, sky = _nebula(rng)
    far = _stars(rng, 900, (0.0007, 0.0015), 1.0)
    near, births = _stars(rng, 160, (0.0012, 0.0026), 2.4), rng.random(160).astype(np.float32)
    suns, beats = _stars(rng, 5, (0.0028, 0.0042), 3.0), rng.random(5).astype(np.float32)
    planet = far_side(rng)
    levels = nebula.levels()
    backdrop = np.zeros((3, canvas.height, canvas.width), np.float32) + plane(sky)
    add_glows(canvas, backdrop, far)
    behind, globe = planet.paint(canvas)

    def paint(phase: float) -> Field:
        picture = nebula.light(canvas, phase, levels)
        picture += backdrop
        add_glows(canvas, picture, _drifting(near, births, phase))
        add_spikes(canvas, picture, suns.dimmed(0.8 + 0.2 * np.sin(2 * np.pi * (phase + beats))))
        picture *= behind
        picture += globe
        return picture

    return paint
