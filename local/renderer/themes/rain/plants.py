"""Plants of a pond: lily pads and flowers on the water, willow and reeds before the eye. No colours here."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.painting.overlay import lay
from local.renderer.scenery.plants import grass

_FLAT = 0.34  # height of a pad against its width, as the eye looks down on it


@dataclass(frozen=True)
class Pad:
    """A leaf on the water at (`u`, `v`), fractions of the frame, `wide` short sides; `notch` is where it is cut,
    in radians. `bloom` above 0 puts a flower of that size on it.
    """

    u: float
    v: float
    wide: float
    notch: float
    tone: float
    bloom: float


def pads(rng: np.random.Generator, *, u: float, level: float) -> list[Pad]:
    """Groups of pads about `u` on water that begins at `level`, from the farthest to the nearest."""
    found = []
    for group, (deep, count) in enumerate(((0.16, 7), (0.36, 8), (0.66, 7))):
        middle = u + (0.16, -0.12, 0.1)[group] * rng.uniform(0.5, 1.4)
        for i in range(count):
            depth = deep + rng.normal(0, 0.05)
            near = 0.25 + 0.9 * depth
            pad = Pad(
                u=float(middle + rng.normal(0, 0.13) * near),
                v=float(level + (1 - level) * depth),
                wide=float(0.07 * near * (1.1 if i == 3 else rng.uniform(0.6, 1.25))),
                notch=float(rng.uniform(0, 2 * np.pi)),
                tone=float(rng.uniform(0.7, 1.25)),
                bloom=float(0.05 * near) if i == 3 else 0.0,
            )
            found.append(pad)
    return sorted(found, key=lambda pad: pad.v)


def lay_pad(canvas: Canvas, layer: Field, pad: Pad, body: Field, sky: Field) -> None:
    """Lay the pad on the overlay `layer` (4, height, width), in place.

    `body` (3, 1, 1) is its own colour, `sky` that of what it mirrors.
    """
    x0, y0 = canvas.place(pad.u, pad.v)
    x, y = (
        (canvas.x - np.float32(x0)) / np.float32(pad.wide),
        (canvas.y - np.float32(y0)) / np.float32(pad.wide * _FLAT),
    )
    rows, columns = np.flatnonzero(np.abs(y[:, 0]) < 1.4), np.flatnonzero(np.abs(x[0]) < 1.2)
    if not rows.size or not columns.size:
        return
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    x, y = x[:, box[1]], y[box[0]]
    away, angle = np.sqrt(x * x + y * y), np.arctan2(y, x)
    pixels = np.float32(pad.wide * canvas.short)
    turned = np.abs((angle - np.float32(pad.notch) + np.pi) % (2 * np.pi) - np.pi)
    uneven = 1 + 0.03 * np.sin(5 * angle + pad.notch)
    soft = pixels * np.float32(_FLAT**0.5)
    inside = np.clip((uneven - away) * soft + 0.5, 0, 1)
    inside = inside * np.clip((turned - 0.22) * away * soft + 0.5, 0, 1)
    veins = 0.5 + 0.5 * np.cos(angle * 11)
    light = body * (pad.tone * (0.75 + 0.35 * away + 0.12 * veins * away))
    # Wet leaves mirror the sky most where they are seen flattest: at the far edge.
    light = light + sky * (0.10 + 0.22 * np.clip(-y, 0, 1) * away + 0.25 * np.exp(-(((away - 0.97) / 0.05) ** 2)))
    shade = np.clip(1.25 - np.sqrt(x * x + (y - 0.16) ** 2), 0, 0.25) * 1.6
    window = layer[:, box[0], box[1]]
    lay(window, np.zeros_like(light), shade)
    lay(window, light, inside)


def lay_flower(canvas: Canvas, layer: Field, pad: Pad, petal: Field, heart: Field) -> None:
    """Lay a water lily on its pad, in place: three rings of petals about a golden heart; colours (3, 1, 1)."""
    x0, y0 = canvas.place(pad.u, pad.v)
    left = -canvas.half_width
    foot = np.array([x0, y0 - 0.05 * pad.bloom])
    for turn, long, rise, tone in ((0.0, 0.62, 0.05, 0.62), (0.3, 0.56, 0.3, 0.85), (0.0, 0.42, 0.55, 1.05)):
        for angle in sorted((np.arange(9) + turn) * 2 * np.pi / 9, key=np.sin):
            lift = rise * pad.bloom
            tip = foot + np.array([np.cos(angle) * long, np.sin(angle) * long * 0.45]) * pad.bloom - (0, lift)
            belly = foot + (tip - foot) * 0.55 + (0, 0.1 * lift)
            fat = 0.13 * pad.bloom
            limbs = np.array([[*foot, 0.4 * fat, *belly, fat], [*belly, fat, *tip, 0.1 * fat]], np.float32)
            cover = np.zeros((canvas.height, canvas.width), np.float32)
            draw(canvas, cover, limbs, left)
            rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
            if not rows.size:
                continue
            box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            out = (canvas.x[:, box[1]] - foot[0]) ** 2 + (canvas.y[box[0]] - foot[1]) ** 2
            shade = tone * (0.55 + 0.6 * np.sqrt(out) / (long * pad.bloom)) * (1 - 0.18 * np.sin(angle))
            lay(layer[:, box[0], box[1]], petal * shade.astype(np.float32) + heart * 0.12, cover[box])
    x, y = canvas.x - np.float32(foot[0]), canvas.y - np.float32(foot[1] - 0.26 * pad.bloom)
    layer[:3] += heart * (0.7 * np.exp((x * x + 2 * y * y) * np.float32(-1 / (0.1 * pad.bloom) ** 2)))


def _willow(canvas: Canvas, rng: np.random.Generator, side: float) -> Field:
    """Limbs of twigs that hang from the top into the frame's left (`side` -1) or right half."""
    top = -canvas.half_height
    rows: list[Field] = []
    for _ in range(34):
        in_from_edge = rng.random() ** 1.7 * 0.5
        x = canvas.place(0.5 + side * (0.53 - in_from_edge), 0)[0]
        long = (0.5 - 0.72 * in_from_edge) * rng.uniform(0.45, 1.05) * (canvas.height / canvas.short) ** 0.7
        t = np.linspace(0, 1, 15)
        bow, wave = rng.normal(0, 0.03) - side * 0.03, rng.random()
        xs = x + bow * t**2 + 0.006 * np.sin(2 * np.pi * (t * 1.4 + wave))
        ys = top - 0.03 + long * t
        half = 0.0016 * (1 - 0.75 * t)
        rows.append(np.column_stack((xs[:-1], ys[:-1], half[:-1], xs[1:], ys[1:], half[1:])))
        at = np.linspace(0.12, 1, 26)
        px, py = np.interp(at, t, xs), np.interp(at, t, ys)
        turn = np.where(np.arange(26) % 2, 1.0, -1.0) * rng.uniform(0.25, 0.75, 26)
        leaf = rng.uniform(0.018, 0.034, 26) * (1.1 - 0.4 * at)
        mx, my = px + np.sin(turn) * leaf * 0.5, py + np.cos(turn) * leaf * 0.5
        ex, ey = px + np.sin(turn * 0.8) * leaf, py + np.cos(turn * 0.8) * leaf
        fat = leaf * 0.085
        rows.append(np.column_stack((px, py, fat * 0.3, mx, my, fat)))
        rows.append(np.column_stack((mx, my, fat, ex, ey, fat * 0.1)))
    return np.concatenate(rows).astype(np.float32)


def _reeds(canvas: Canvas, rng: np.random.Generator, side: float) -> Field:
    """Limbs of reeds and bulrushes that stand at the foot of the frame, on the left (`side` -1) or the right."""
    floor = canvas.half_height + 0.03
    rows: list[Field] = []
    for _ in range(30):
        inwards = rng.random() ** 1.5 * 0.42
        x = canvas.place(0.5 + side * (0.54 - inwards), 0)[0]
        tall = (0.46 - 0.75 * inwards) * rng.uniform(0.5, 1.05)
        rows.append(grass(rng, foot=(x, floor), tall=tall * 0.7) * (1, 1, 0.5, 1, 1, 0.5))
        lean, rush = rng.normal(0, 0.05), rng.random() < 0.4
        t = np.linspace(0, 1, 9)
        xs, ys = x + (lean * t + 0.04 * t**3 * np.sign(lean)) * tall * 2, floor - tall * t
        half = 0.0026 * (1 - 0.7 * t)
        rows.append(np.column_stack((xs[:-1], ys[:-1], half[:-1], xs[1:], ys[1:], half[1:])))
        if rush:
            ends = xs[6], ys[6], 0.0062, xs[7] + 0.3 * (xs[8] - xs[7]), ys[7] + 0.3 * (ys[8] - ys[7]), 0.0058
            rows.append(np.array([ends]))
    return np.concatenate(rows).astype(np.float32)


@dataclass(frozen=True)
class Foreground:
    """Willow and reeds before the eye, painted once: `cover` (height, width) of each pixel."""

    cover: Field

    @classmethod
    def grown(cls, canvas: Canvas, rng: np.random.Generator, side: float) -> Self:
        """The willow on the left (`side` -1) or the right, the reeds across from it."""
        limbs = np.concatenate((_willow(canvas, rng, side), _reeds(canvas, rng, -side)))
        cover = np.zeros((canvas.height, canvas.width), np.float32)
        draw(canvas, cover, limbs, -canvas.half_width)
        return cls(cover)

    def swayed(self, canvas: Canvas, phase: float, reach: float) -> Field:
        """The plants bent by the wind, up to `reach` short sides: what is far from its root swings most."""
        # Willow hangs from the top and reeds stand on the foot.
        free = smoothstep(-0.05, 0.55, canvas.v) * smoothstep(1.05, 0.55, canvas.v)
        swing = free * np.sin(2 * np.pi * (phase + 0.35 * canvas.v)) * (reach * canvas.short)
        width = canvas.width
        place = np.clip(np.arange(width, dtype=np.float32) - swing.astype(np.float32), 0, width - 1.001)
        left = place.astype(np.int32)
        place -= left
        left += (np.arange(canvas.height, dtype=np.int32) * width)[:, None]
        flat = self.cover.ravel()
        bent: Field = flat[left] * (1 - place) + flat[left + 1] * place
        return bent
