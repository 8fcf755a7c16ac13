"""Dark ground before the mountains, as covers: a wooded far shore, a near bank, a hillside. No colours here."""

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.painting.noise import sample
from local.renderer.scenery.plants import grass
from local.renderer.scenery.spruces import grove


def far_shore(canvas: Canvas, rng: np.random.Generator, level: float, rough: Field) -> Field:
    """A low shore that ends at `level`, a fraction of the height; its woods are tall at the sides of the frame."""
    shore = canvas.place(0, level)[1]
    u = rng.uniform(-0.02, 1.02, 200)
    tall = rng.uniform(0.012, 0.034, 200) * (0.3 + 1.4 * np.abs(2 * u - 1) ** 1.2)
    rise = 0.003 + 0.02 * np.abs(2 * canvas.u - 1) ** 2
    rise += 0.004 * sample(rough, canvas.x * 0.5, np.zeros_like(canvas.x))
    trees = grove(canvas, rng, np.full_like(rise, shore - 0.004), zip(u.tolist(), tall.tolist(), strict=True))
    return _planted(canvas, shore - rise, trees)


def near_bank(canvas: Canvas, rng: np.random.Generator, side: float, rough: Field) -> Field:
    """Grassy ground at the foot of the frame, rising to one side (1 right, -1 left) under a few tall spruces."""
    out = 0.5 + side * (canvas.u - np.float32(0.5))
    rise = 0.018 + 0.13 * smoothstep(0.4, 1.05, out)
    crest = _crest(canvas, rise, rough)
    places = [
        (0.5 + side * (away + float(rng.uniform(-0.015, 0.015))), tall * float(rng.uniform(0.85, 1.1)))
        for away, tall in ((0.43, 0.56), (0.5, 0.74), (0.355, 0.30), (0.465, 0.40), (0.395, 0.17))
    ]
    plants = grove(canvas, rng, crest, places)
    for u, tall in zip(rng.random(80).tolist(), rng.uniform(0.012, 0.036, 80).tolist(), strict=True):
        foot = float(np.interp(u, canvas.u[0], crest[0])) + 0.004
        plants.append(grass(rng, foot=(canvas.place(u, 0)[0], foot), tall=tall))
    return _planted(canvas, crest, plants)


def hillside(canvas: Canvas, rng: np.random.Generator, side: float, rough: Field) -> Field:
    """A slope from one side of the frame down to the other, spruces thick and tall where it is high."""
    out = 0.5 + side * (canvas.u - np.float32(0.5))
    rise = 0.035 + 0.2 * smoothstep(0.3, 1.1, out) + 0.03 * smoothstep(0.35, 0.0, out)
    crest = _crest(canvas, rise, rough)
    away = rng.beta(0.9, 1.6, 70)
    tall = (0.05 + 0.2 * (1 - away) ** 2.5) * rng.uniform(0.45, 1.15, 70)
    u = 0.5 + side * (0.52 - 1.04 * away)
    return _planted(canvas, crest, grove(canvas, rng, crest, zip(u.tolist(), tall.tolist(), strict=True)))


def _crest(canvas: Canvas, rise: Field, rough: Field) -> Field:
    """Short sides below the middle, (1, width), of ground that rises so far over the foot of the frame."""
    bumps = np.float32(0.007) * sample(rough, canvas.x * 0.6, np.zeros_like(canvas.x))
    crest: Field = (canvas.half_height - rise - bumps).astype(np.float32)
    return crest


def _planted(canvas: Canvas, crest: Field, plants: list[Field]) -> Field:
    cover: Field = np.clip((canvas.y - crest) * np.float32(canvas.short) + 0.5, 0, 1).astype(np.float32)
    for limbs in plants:
        draw(canvas, cover, limbs, -canvas.half_width)
    return cover
