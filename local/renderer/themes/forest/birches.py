"""`forest`, variant `birches`: a path through a birch wood towards a low sun, in one of the seasons."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, look_up, plane
from local.renderer.painting.limbs import covered
from local.renderer.painting.noise import fractal
from local.renderer.painting.sprite import Sprite
from local.renderer.scenery.falling import Flurry
from local.renderer.scenery.plants import grass
from local.renderer.scenery.puffs import LEAVES, heap
from local.renderer.theme import Painter
from local.renderer.themes.forest.birch import Wood, grown
from local.renderer.themes.forest.birches_palettes import PALETTES, Palette
from local.renderer.themes.forest.glade import Glade

_ROWS = ((7.5, 4.6, 15), (4.4, 2.9, 10), (2.7, 1.9, 7), (1.5, 1.15, 4))
"""Of the rows of trees from the farthest: between which distances they stand, and how many."""
_SWAY = 0.011  # short sides; how far the nearest row usually moves as the eye sways


@dataclass(frozen=True)
class Row:
    """Trees at about one distance: wood and the growth about its feet, leaves, and how `near` (0 to 1)."""

    stems: Sprite
    crowns: Sprite
    near: float


def _row(
    canvas: Canvas,
    rng: np.random.Generator,
    glade: Glade,
    palette: Palette,
    rough: Field,
    *,
    reach: tuple[float, float, int],
    sway: float,
) -> Row:
    """Trees between two distances, as many as said (`reach`), to be moved `sway` short sides to either side."""
    far, close, count = reach
    wood = Wood(even_ramp(palette.bark), palette.marks, even_ramp(palette.leaves))
    ground, sun = even_ramp(palette.ground), canvas.place(glade.u, 0)[0]
    half, tall = canvas.half_width + sway + 0.01, canvas.half_height + 0.01
    stems, crowns = (Sprite.blank(canvas, (-half, half), (-tall, tall)) for _ in range(2))
    spread = (np.arange(count) + rng.uniform(0.1, 0.9, count)) / count * 1.16 - 0.08
    depth = np.sort(rng.uniform(close, far, count))[::-1]
    for u, z in zip(rng.permutation(spread).tolist(), depth.tolist(), strict=True):
        birch, foot = grown(rng), glade.foot(canvas, u, z)
        birch.paint_wood(canvas, stems, foot, 1 / z, wood, rough, sun)
        _overgrow(canvas, rng, stems, foot, 1 / z, ground, rough)
        birch.paint_leaves(canvas, crowns, foot, 1 / z, wood, rough, sun)
    middle = (far + close) / 2
    for sprite in (stems, crowns):
        _veil(canvas, sprite, glade, 1 - float(np.exp(-0.12 * middle)))
    return Row(stems, crowns, 1 / middle)


def _veil(canvas: Canvas, sprite: Sprite, glade: Glade, share: float) -> None:
    """Put so much of the air's light before the sprite, in place."""
    air = glade.light(canvas, sprite.x(canvas), sprite.y(canvas))
    sprite.veil(air, share)
    sprite.seam()


def _thicket(canvas: Canvas, rng: np.random.Generator, glade: Glade, leaves: Field, rough: Field) -> Sprite:
    """The wood behind the trees, where no stems can be told apart."""
    y0 = canvas.place(0, glade.v)[1]
    half = canvas.half_width + 0.01
    sprite = Sprite.blank(canvas, (-half, half), (y0 - 0.4, y0 + 0.1))
    count = 240
    up = rng.random(count) ** 1.6
    x = canvas.place(1, 0)[0] * rng.uniform(-1.1, 1.1, count)
    y = y0 + 0.025 - 0.2 * up
    balls = np.column_stack(
        (x, y, rng.uniform(0.02, 0.05, count), 0.12 * rng.normal(size=count) - 0.2 + 0.25 * up)
    )
    heap(canvas, sprite, balls[np.argsort(-up)], colours=leaves, sun=(0, -0.6), rough=rough, fluff=LEAVES)
    _veil(canvas, sprite, glade, 0.66)
    return sprite


def _overgrow(
    canvas: Canvas,
    rng: np.random.Generator,
    sprite: Sprite,
    foot: tuple[float, float],
    scale: float,
    ground: Field,
    rough: Field,
) -> None:
    """Low growth about a tree's foot, so that it does not stand on the ground like a pole."""
    count = 14
    x = foot[0] + scale * rng.normal(0, 0.13, count)
    y = foot[1] + scale * rng.uniform(-0.01, 0.05, count)
    balls = np.column_stack((x, y, scale * rng.uniform(0.02, 0.045, count), 0.1 * rng.normal(size=count) - 0.12))
    heap(canvas, sprite, balls[np.argsort(y)], colours=ground, sun=(0, -0.6), rough=rough, fluff=LEAVES)
    for right in rng.normal(0, 0.14, 5).tolist():
        place = (foot[0] + scale * right, foot[1] + scale * 0.05)
        blades = grass(rng, foot=place, tall=scale * float(rng.uniform(0.06, 0.14)))
        cover, columns = covered(canvas, sprite, blades)
        sprite.lay(look_up(ground, np.full((1, 1), rng.uniform(0.3, 0.75), np.float32)), cover, columns=columns)


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Air and ground stand still; the eye sways, crowns stir in the wind, leaves or snow fall."""
    palette = brief.choose(rng, PALETTES)
    rough = fractal(rng, size=256, slope=1.3, lowest=2)
    beams = fractal(rng, size=128, slope=1.3, lowest=3)
    side = float(rng.choice([-1.0, 1.0]))
    glade = Glade(
        u=0.5 + side * float(rng.uniform(0.02, 0.16)),
        v=float(rng.uniform(0.55, 0.6)),
        bend=float(rng.uniform(0.16, 0.32)),
        start=float(rng.random()),
        air=even_ramp(palette.air),
        glow=plane(palette.glow),
        ground=even_ramp(palette.ground),
        trodden=even_ramp(palette.trodden),
    )
    sway = _SWAY * brief.energy
    backdrop = glade.paint(canvas, rough, beams)
    _thicket(canvas, rng, glade, even_ramp(palette.leaves), rough).put(backdrop)
    rows = [_row(canvas, rng, glade, palette, rough, reach=reach, sway=2 * sway) for reach in _ROWS]
    tints = np.array([linear(code) for code in palette.falling])
    flurry = Flurry.blown(
        rng,
        240,
        wind=side * 0.12 * brief.energy,
        fall=palette.fall,
        size=palette.size,
        light=tints[rng.integers(2**16, size=240) % len(tints)],
    ).thinned(min(palette.dense * brief.energy, 1.0))

    def paint(phase: float) -> Field:
        picture = backdrop.copy()
        eye = sway * canvas.short * np.sin(2 * np.pi * phase)
        gust = 0.5 * sway * canvas.short * np.sin(2 * np.pi * (phase + 0.2))
        for row in rows:
            row.stems.put(picture, float(row.near * eye))
            row.crowns.put(picture, float(row.near * (eye + gust)), float(0.4 * row.near * gust))
        flurry.paint(canvas, picture, phase)
        return picture

    return paint
