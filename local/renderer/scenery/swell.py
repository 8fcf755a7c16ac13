"""Waves on open water as fields of slopes, seen in perspective. It lights nothing: themes do."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Field
from local.renderer.painting.noise import Noise, lattice, sample, unit


@dataclass(frozen=True)
class Swell:
    """The slopes of one train of waves on a tile `side` eye-heights wide, and `steep`, their spread."""

    slopes: tuple[Noise, Noise]
    side: float
    steep: float

    @classmethod
    def blown(cls, rng: np.random.Generator, *, size: int, side: float, steep: float, wind: float) -> Self:
        """Waves running within a fan about `wind` (radians; 0 is to the right, pi/2 towards the eye).

        Deep water: a wave's frequency goes with the root of its wave number, rounded here to whole turns.
        """
        ky, kx = lattice(size)
        wave = np.maximum(np.hypot(ky, kx), 1)
        along_wind = np.cos(np.arctan2(ky, kx) - wind)
        amplitude = np.where((wave >= 2) & (wave < 0.45 * size), wave**-2.3 * (0.08 + along_wind**4), 0)
        spectrum = amplitude * np.exp(2j * np.pi * rng.random(wave.shape))
        turns = -np.clip(np.rint(0.3 * np.sqrt(wave)), 1, 3) * np.sign(along_wind)
        along, down = Noise(unit(spectrum), turns.astype(np.int32)).slopes()
        scale = np.float32(steep / np.sqrt(along.variance + down.variance))
        scaled = (Noise(along.spectrum * scale, along.turns), Noise(down.spectrum * scale, down.turns))
        return cls(scaled, side, steep)

    def add(self, phase: float, x: Field, z: Field, footprint: Field, out: tuple[Field, Field]) -> Field:
        """Add the slopes at (`x`, `z`) to `out` and return the variance lost per row.

        `footprint` (rows, 1) is how much of the water one pixel sees: finer waves are left out there, for
        they would only flicker, and their slopes come back as roughness of the glitter.
        """
        lost = np.zeros_like(footprint)
        finest = self.slopes[0].size
        wanted = self.side / (1.6 * footprint)
        level = np.floor(np.log2(np.clip(wanted[:, 0], 8, finest))).astype(int)
        gain = np.clip(wanted / 8, 0, 1) ** 2
        for power in np.unique(level):
            rows = np.flatnonzero(level == power)
            band = slice(int(rows[0]), int(rows[-1]) + 1)
            kept = 0.0
            for slope, total in zip(self.slopes, out, strict=True):
                coarse = slope.coarser(2 ** int(power)) if 2**power < finest else slope
                field = sample(coarse.at(phase), x[band] / self.side, z[band] / self.side)
                total[band] += field * gain[band]
                kept += coarse.variance
            lost[band] = np.maximum(self.steep**2 - kept * gain[band] ** 2, 0)
        return lost
