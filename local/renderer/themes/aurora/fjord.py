"""`aurora`, variant `fjord`: a corona of rays overhead, steep shores and a hamlet mirrored in still water."""

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import plane, smoothstep
from local.renderer.painting.noise import fractal, sample
from local.renderer.scenery.mirror import Mirror
from local.renderer.theme import Painter
from local.renderer.themes.aurora.cabin import Cabin
from local.renderer.themes.aurora.curtains import Curtains
from local.renderer.themes.aurora.land import Land
from local.renderer.themes.aurora.polar_night import LAMP, PALETTES, Palette, cast, heaven
from local.renderer.themes.aurora.sheets import Sheet, spiral

_SHORES = ((0.15, 0.5, 0.2), (0.32, 0.8, 0.95), (0.4, 1.0, -0.97))
"""Of each range from the back: height and scale in short sides, and how it leans."""


def _curtains(rng: np.random.Generator, palette: Palette, side: float, energy: float) -> Curtains:
    """A sheet that winds around the radiant, so that its rays meet overhead, and one farther out."""
    rays = fractal(rng, size=512, slope=1.2, lowest=2)
    inner = spiral(start=float(rng.uniform(-0.15, 0.15)), turns=side * 1.4, near=0.42, far=2.3)
    outer = spiral(start=side * float(rng.uniform(0.25, 0.4)), turns=-side * 0.75, near=1.6, far=4.5)
    sheets = (Sheet.hung(rng, inner, rays=rays, bright=1.0), Sheet.hung(rng, outer, rays=rays, bright=0.7))
    u, v = 0.5 + side * float(rng.uniform(-0.14, 0.14)), float(rng.uniform(0.14, 0.24))
    return Curtains(sheets, palette.glow, u, v, focal=0.5, reach=1.6, energy=0.8 * energy)


def _hamlet(
    canvas: Canvas,
    rng: np.random.Generator,
    land: Land,
    level: float,
    side: float,
    drifts: Field,
) -> Field:
    """Put a low shore with woods and three cabins on the land; returns the light of their windows."""
    away = 0.5 + side * (canvas.u - np.float32(0.5))
    rise = 0.004 + 0.035 * smoothstep(0.45, 1.0, away) + 0.02 * smoothstep(0.3, 0.0, away)
    bumps = np.float32(0.003) * sample(drifts, canvas.x, np.zeros_like(canvas.x))
    crest = np.float32(canvas.place(0, level)[1]) - rise + bumps
    trees = list(zip(rng.random(90).tolist(), rng.uniform(0.01, 0.035, 90).tolist(), strict=True))
    land.wood(rng, crest, [(u, tall) for u, tall in trees if abs(u - 0.5) > 0.2])
    light = np.zeros_like(land.albedo)
    middle = float(rng.uniform(0.26, 0.32))
    for place, tall in ((0.07, 0.026), (-0.07, 0.034), (0.0, 0.046)):
        u = 0.5 + side * (middle + place + float(rng.uniform(-0.015, 0.015)))
        foot = float(np.interp(u, canvas.u[0], crest[0])) + 0.1 * tall
        cabin = Cabin(canvas.place(u, 0)[0], foot, tall, -side)
        land.house(cabin, "5a1f1a")
        light *= 1 - cabin.walls(canvas)
        light += plane(LAMP) * (1.4 * cabin.panes(canvas) + 0.35 * cabin.spill(canvas))
    land.snowfield(crest, drifts, 0.2)
    return light


def _bank(canvas: Canvas, rng: np.random.Generator, side: float, drifts: Field) -> Land:
    """The near shore, rising to one side under a few spruces."""
    bank = Land.bare(canvas)
    foot = canvas.half_height
    out = 0.5 + side * (canvas.u - np.float32(0.5))
    crest = (
        foot - 0.015 - 0.11 * smoothstep(0.35, 1.05, out) + 0.008 * sample(drifts, canvas.x * 0.4, 0 * canvas.x)
    )
    places = [(0.5 + side * away, tall) for away, tall in ((0.34, 0.13), (0.47, 0.36), (0.41, 0.24), (0.52, 0.44))]
    trees = [(u + float(rng.uniform(-0.015, 0.015)), tall * float(rng.uniform(0.85, 1.1))) for u, tall in places]
    bank.wood(rng, crest, trees)
    bank.snowfield(crest, drifts, 0.6)
    return bank


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Only the lights, the stars and the water move; land shines as the lights over it do."""
    palette = brief.choose(rng, PALETTES)
    side = float(rng.choice([-1.0, 1.0]))
    curtains = _curtains(rng, palette, side, brief.energy)
    ruffle, drifts = fractal(rng, size=256, slope=1.9, lowest=3), fractal(rng, size=128, slope=2.2)
    level = float(rng.uniform(0.7, 0.74))
    mirror = Mirror(level=level, ruffle=ruffle, deep=plane(palette.air[2]), rough=0.8 * brief.energy)
    rows = mirror.row(canvas)
    shores = Land.bare(canvas)
    for tall, scale, lean in _SHORES:
        high = tall * float(rng.uniform(0.9, 1.1))
        # A leaning range stands aside with its high end, so that the middle stays open.
        u = 0.5 - 0.14 * side * round(lean)
        shores.mountains(rng, place=(u, level + 0.005), tall=high, scale=scale, lean=lean * side)
    warm = _hamlet(canvas, rng, shores, level, side, drifts)[:, :rows]
    bank = _bank(canvas, rng, -side, drifts)
    sky = heaven(canvas, rng, palette, curtains, rows=rows, reach=level)
    dim = 0.7 * plane(palette.dim)
    unseen, albedo = 1 - shores.cover[:rows], shores.albedo[:, :rows]

    def paint(phase: float) -> Field:
        lights = sky.lights(phase)
        falling = dim + 1.3 * cast(lights)
        above = sky.over(canvas, lights, phase)
        above *= unseen
        above += albedo * falling
        above += warm
        picture = np.concatenate((above, mirror.paint(canvas, above, phase)), axis=1)
        picture += (bank.albedo * falling - picture) * bank.cover
        return picture

    return paint
