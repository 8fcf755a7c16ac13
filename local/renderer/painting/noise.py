"""Noise that tiles in space and returns to its start in time. It draws nothing and knows no pixels.

A field is a sum of waves on a square lattice. Each wave turns a whole number of times per loop, so one
inverse FFT per frame gives a picture without seams in x, in y, and from the last frame to the first.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from local.renderer.canvas import Field


@dataclass(frozen=True)
class Noise:
    """Waves of a periodic field: complex amplitudes (n, n/2 + 1) as `irfft2` takes them, and whole turns
    per loop of each wave, same shape.
    """

    spectrum: NDArray[np.complex64]
    turns: NDArray[np.int32]

    @property
    def size(self) -> int:
        """Samples along one side of the tile."""
        return len(self.spectrum)

    def at(self, phase: float) -> Field:
        """The field at `phase` of the loop (0 to 1): (size, size), mean 0, spread about 1."""
        turned = self.spectrum * self._rotors(phase)
        return np.fft.irfft2(turned, s=(self.size, self.size), norm="forward").astype(np.float32, copy=False)

    def _rotors(self, phase: float) -> NDArray[np.complex64]:
        table = np.exp(2j * np.pi * phase * np.arange(-self._most, self._most + 1)).astype(np.complex64)
        rotors: NDArray[np.complex64] = table[self.turns + self._most]
        return rotors

    @cached_property
    def _most(self) -> int:
        return int(np.abs(self.turns).max(initial=0))

    def slopes(self) -> "tuple[Noise, Noise]":
        """The derivatives along x and along y (per tile side), as noises of their own."""
        ky, kx = lattice(self.size)
        along_x = (self.spectrum * (2j * np.pi * kx)).astype(np.complex64)
        along_y = (self.spectrum * (2j * np.pi * ky)).astype(np.complex64)
        return Noise(along_x, self.turns), Noise(along_y, self.turns)

    def coarser(self, size: int) -> "Noise":
        """The same field with only the waves a lattice of `size` can hold: what a far look still resolves."""
        half = size // 2
        rows = np.r_[0:half, self.size - half : self.size]
        return Noise(self.spectrum[rows, : half + 1], self.turns[rows, : half + 1])

    @property
    def variance(self) -> float:
        """Mean square of the field."""
        return float(2 * np.sum(np.abs(self.spectrum) ** 2))


def lattice(size: int) -> tuple[Field, Field]:
    """Wave numbers (waves per tile side) down and across, shapes (size, 1) and (1, size/2 + 1)."""
    down = np.fft.fftfreq(size, 1 / size).astype(np.float32)[:, None]
    across = np.fft.rfftfreq(size, 1 / size).astype(np.float32)[None, :]
    return down, across


def unit(spectrum: NDArray[np.complexfloating]) -> NDArray[np.complex64]:
    """The same waves, scaled so that their field spreads by 1."""
    size = len(spectrum)
    spread = np.fft.irfft2(spectrum, s=(size, size), norm="forward").std()
    scaled: NDArray[np.complex64] = (spectrum / spread).astype(np.complex64)
    return scaled


def fractal(rng: np.random.Generator, *, size: int, slope: float, lowest: float = 1.0) -> Field:
    """Cloud-like noise that tiles, (size, size), mean 0, spread 1.

    Amplitude falls as wave number to the power `-slope`, from `lowest` waves per tile up: 2.5 is smooth as
    silk, 1.7 like clouds, 1.2 rough as foliage. It stands still; sample it along an `orbit` to make it live.
    """
    ky, kx = lattice(size)
    wave = np.hypot(ky, kx)
    amplitude = np.where(wave >= lowest, np.maximum(wave, 1) ** -slope, 0)
    # The outermost waves would show the lattice once interpolated.
    amplitude = amplitude * np.exp(-((wave / (0.42 * size)) ** 4))
    waves = unit(amplitude * np.exp(2j * np.pi * rng.random(wave.shape)))
    return Noise(waves, np.zeros(wave.shape, np.int32)).at(0.0)


def orbit(phase: float, radius: float, start: float) -> tuple[np.float32, np.float32]:
    """A point on a circle about 0 that closes with the loop; `start` in turns.

    Layers whose samples move on circles of different size and start shear past each other: a calm drift,
    as slow as wanted, where whole turns of waves would boil.
    """
    angle = 2 * np.pi * (phase + start)
    return np.float32(radius * np.cos(angle)), np.float32(radius * np.sin(angle))


def sample(field: Field, u: Field, v: Field) -> Field:
    """The field between its samples (bilinear, wrapping): `u` and `v` in tiles, any shapes that broadcast.

    The field's side must be a power of two, which makes wrapping a bit mask.
    """
    size = field.shape[0]
    left, right, across = _neighbours(u, size)
    above, below, down = _neighbours(v, size)
    flat = field.ravel()
    above *= size
    below *= size
    top = flat[above + left]
    top += (flat[above + right] - top) * across
    bottom = flat[below + left]
    bottom += (flat[below + right] - bottom) * across
    bottom -= top
    bottom *= down
    bottom += top
    between: Field = bottom
    return between


def _neighbours(position: Field, size: int) -> tuple[NDArray[np.int32], NDArray[np.int32], Field]:
    scaled = position * np.float32(size)
    floor = np.floor(scaled)
    first = floor.astype(np.int32)
    second = (first + 1) & (size - 1)
    first &= size - 1
    scaled -= floor
    return first, second, scaled
