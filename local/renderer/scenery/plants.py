"""Trees, ferns and grass as bundles of limbs for `limbs.draw`. It draws nothing and knows no colours."""

import numpy as np

from local.renderer.canvas import Field


def tree(
    rng: np.random.Generator,
    *,
    foot: tuple[float, float],
    tall: float,
    girth: float,
    bare: float,
    rich: int,
    forks: int,
) -> Field:
    """A tree on `foot` (x, y), `tall` short sides high: a leaning trunk of half width `girth`, bare up to
    `bare`, then with `rich` branches that fork `forks` times.
    """
    # Close together at the foot, where the trunk flares.
    height = tall * np.linspace(0, 1, 19) ** 1.7
    lean, bow = rng.uniform(-0.08, 0.08), rng.uniform(-0.05, 0.05)
    x = foot[0] + lean * height + bow * np.sin(height * 2.6)
    y = foot[1] - height
    flare = 1 + 0.8 * np.exp(-height / 0.045)
    half = girth * (1 - 0.6 * height / tall) * flare
    trunk = np.column_stack((x[:-1], y[:-1], half[:-1], x[1:], y[1:], half[1:]))
    limbs = [trunk.astype(np.float32)]
    for i in range(rich):
        up = bare + (0.9 * tall - bare) * (i + rng.random()) / rich
        root = (float(np.interp(up, height, x)), foot[1] - up)
        side = 1.0 if (i + int(rng.integers(2))) % 2 else -1.0
        angle = side * rng.uniform(0.75, 1.35)
        length, half_width = girth * rng.uniform(3.5, 8.0), girth * rng.uniform(0.16, 0.34)
        limbs.append(branch(rng, root, angle, length=length, half=half_width, forks=forks))
    return np.concatenate(limbs)


def branch(
    rng: np.random.Generator,
    root: tuple[float, float],
    angle: float,
    *,
    length: float,
    half: float,
    forks: int,
) -> Field:
    """A crooked branch that bends up towards the light; `angle` from straight up, in radians.

    It carries twigs, and those twigs of their own while `forks` lasts.
    """
    steps = 3 + forks
    bends = rng.normal(0, 0.2, steps)
    x, y = root
    rows: list[Field] = []
    for i in range(steps):
        angle = angle * 0.93 + float(bends[i])
        end_x, end_y = x + np.sin(angle) * length / steps, y - np.cos(angle) * length / steps
        thick, thin = half * (1 - i / steps) ** 0.8, half * (1 - (i + 1) / steps) ** 0.8
        rows.append(np.array([[x, y, thick, end_x, end_y, max(thin, half * 0.12)]], np.float32))
        x, y = float(end_x), float(end_y)
        if forks and i:
            side = 1.0 if i % 2 else -1.0
            turned = angle + side * rng.uniform(0.4, 0.9)
            shorter = length * rng.uniform(0.25, 0.45)
            rows.append(branch(rng, (x, y), turned, length=shorter, half=thin * 0.6, forks=forks - 1))
    return np.concatenate(rows)


def fern(rng: np.random.Generator, *, foot: tuple[float, float], tall: float) -> Field:
    """Fronds fanning out of one root, each with leaflets that shorten to its tip."""
    rows = []
    for spread in np.linspace(-1.15, 1.15, 7) + rng.normal(0, 0.12, 7):
        length = tall * rng.uniform(0.75, 1.1)
        steps = 12
        t = np.linspace(0, 1, steps + 1)
        bend = spread * (0.35 + 0.95 * t)
        x = foot[0] + np.concatenate(([0], np.cumsum(np.sin(bend[1:])))) * length / steps
        y = foot[1] - np.concatenate(([0], np.cumsum(np.cos(bend[1:])))) * length / steps
        half = tall * 0.012 * (1 - 0.8 * t)
        rows.append(np.column_stack((x[:-1], y[:-1], half[:-1], x[1:], y[1:], half[1:])))
        leaf = length * 0.26 * np.sin(np.pi * np.clip(t[2:], 0, 0.97)) ** 0.7
        for side in (-1.0, 1.0):
            turn = bend[2:] + side * 1.05
            tips = (x[2:] + np.sin(turn) * leaf, y[2:] - np.cos(turn) * leaf)
            broad = np.full(steps - 1, tall * 0.012)
            rows.append(np.column_stack((x[2:], y[2:], broad, *tips, broad * 0.3)))
    return np.concatenate(rows).astype(np.float32)


def grass(rng: np.random.Generator, *, foot: tuple[float, float], tall: float) -> Field:
    """One tuft of five blades."""
    rows = []
    for _ in range(5):
        bend, length = rng.normal(0, 0.45), tall * rng.uniform(0.5, 1)
        x = foot[0] + rng.normal(0, tall * 0.12) + np.array([0, 0.35 * np.sin(bend), np.sin(bend) * 1.1]) * length
        y = foot[1] - np.array([0, 0.55, 0.55 + 0.4 * np.cos(bend)]) * length
        half = tall * np.array([0.022, 0.016, 0.003])
        rows.append(np.column_stack((x[:-1], y[:-1], half[:-1], x[1:], y[1:], half[1:])))
    return np.concatenate(rows).astype(np.float32)
