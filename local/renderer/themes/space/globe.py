"""The ground of an inhabited planet for `space`: seas, land, clouds with storms, towns by night.

It knows fields of noise and where on them a pixel looks; where the planet hangs and what lights it is said by
the scene.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Field
from local.renderer.painting.colour import look_up, plane, ramp, smoothstep
from local.renderer.painting.noise import fractal, lattice, orbit, sample

_TILE = 1.5  # radians of the planet that one tile of noise covers
_HEIGHTS = (0, 0.42, 0.5, 0.528, 0.545, 0.7, 1)


@dataclass(frozen=True)
class Soil:
    """Colours: `heights` from the deep sea over the shore (the fourth) to the peaks, `cloud`, `town`."""

    heights: tuple[str, ...]
    cloud: str
    town: str


@dataclass(frozen=True)
class Light:
    """What falls on each pixel, (3, ...) or (...): `sun`, `dark` (1 in full night), `haze` (the air's cover)
    and `air` its light, `glint` the mirrored sun.
    """

    sun: Field
    dark: Field
    haze: Field
    air: Field
    glint: Field


@dataclass(frozen=True)
class Globe:
    """Fields of noise that tile; `storms` are rows of (u, v, radius, turn), where the clouds are wound up."""

    land: Field
    fine: Field
    cloud: Field
    relief: Field
    towns: Field
    storms: Field
    heights: Field
    white: Field
    lamp: Field
    cover: float
    drift: float

    @classmethod
    def made(cls, rng: np.random.Generator, soil: Soil, *, cover: float, drift: float) -> Self:
        """A planet with clouds over about `cover` of it that move `drift` of a radian in a loop."""
        land = fractal(rng, size=512, slope=1.6, lowest=1.5)
        cloud = fractal(rng, size=512, slope=1.55, lowest=1.5)
        storms = np.column_stack(
            (
                rng.uniform(-0.35, 0.35, 3),
                rng.uniform(0.13, 0.42, 3),
                rng.uniform(0.06, 0.13, 3),
                rng.choice([-1.0, 1.0], 3) * rng.uniform(1.5, 2.9, 3),
            )
        )
        return cls(
            land=land,
            fine=fractal(rng, size=256, slope=1.2, lowest=6),
            cloud=cloud,
            # light comes over the horizon: what rises towards it is lit
            relief=cloud - np.roll(cloud, 5, axis=0),
            towns=_towns(rng, land),
            storms=storms.astype(np.float32),
            heights=ramp(*zip(_HEIGHTS, soil.heights, strict=True)),
            white=plane(soil.cloud),
            lamp=plane(soil.town),
            cover=cover,
            drift=drift,
        )

    def wound(self, u: Field, v: Field) -> tuple[Field, Field]:
        """Where on the tile the clouds over (`u`, `v`), in tiles, come from: turned about each storm's eye."""
        for eye_u, eye_v, radius, turn in self.storms.tolist():
            right, down = u - np.float32(eye_u), v - np.float32(eye_v)
            angle = np.float32(turn) * np.exp((right * right + down * down) * np.float32(-1 / radius**2))
            cos, sin = np.cos(angle), np.sin(angle)
            u, v = right * cos - down * sin + np.float32(eye_u), right * sin + down * cos + np.float32(eye_v)
        return u, v

    def paint(self, at: tuple[Field, Field], clouds: tuple[Field, Field], light: Light, phase: float) -> Field:
        """Planar light of the ground `at` these tile coordinates, under clouds that come from `clouds`."""
        right, down = orbit(phase, self.drift / _TILE, 0.0)
        u, v = at[0] + np.float32(0.4) * right, at[1] + down
        land = sample(self.land, u, v) + np.float32(0.11) * sample(self.fine, u * 3, v * 3)
        height = np.float32(0.47) + np.float32(0.12) * land
        picture = look_up(self.heights, height)
        over, along = orbit(phase, 1.35 * self.drift / _TILE, 0.06)
        u, v = clouds[0] + np.float32(0.4) * over, clouds[1] + along
        thick = sample(self.cloud, u, v) + np.float32(0.32) * sample(self.fine, u * 2, v * 2)
        thick = smoothstep(1.25 - 2.2 * self.cover, 3.1 - 2.2 * self.cover, thick)
        bright = 0.78 + 0.3 * sample(self.relief, u, v)
        sea = smoothstep(0.54, 0.5, height) * (1 - thick)
        picture += (self.white * bright - picture) * thick
        picture *= light.sun
        picture += light.glint * sea
        lit = sample(self.towns, at[0] + np.float32(0.4) * right, at[1] + down)
        picture += self.lamp * (lit * light.dark * (1 - 0.85 * thick))
        picture += (light.air - picture) * light.haze
        return picture


def on_tile(across: Field, along: Field) -> tuple[Field, Field]:
    """Tile coordinates of a place `across` and `along` radians from the middle of the limb."""
    return across * np.float32(1 / _TILE), along * np.float32(1 / _TILE)


def _towns(rng: np.random.Generator, land: Field) -> Field:
    """Lamps of towns on land, (1024, 1024), with the glow of the larger ones."""
    size, count = 1024, 30000
    places = rng.random((2, count))
    crowd = sample(fractal(rng, size=256, slope=1.1, lowest=3), *places.astype(np.float32))
    dwelt = smoothstep(0.4, 0.9, sample(land, *places[::-1].astype(np.float32)))
    power = rng.random(count) ** 5 * np.exp(1.3 * crowd - 1.2) * dwelt
    lamps = np.zeros((size, size), np.float32)
    row, column = (places[::-1] * size).astype(int)
    np.add.at(lamps, (row, column), power.astype(np.float32))
    return 6.5 * _blurred(lamps, 0.62) + 16.0 * _blurred(lamps, 6.0)


def _blurred(field: Field, spread: float) -> Field:
    """The field under a gaussian of `spread` samples, wrapping."""
    size = len(field)
    down, across = lattice(size)
    pass_band = np.exp((down * down + across * across) * (-2 * (np.pi * spread / size) ** 2))
    return np.fft.irfft2(np.fft.rfft2(field) * pass_band, s=field.shape).astype(np.float32)
