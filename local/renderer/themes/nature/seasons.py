"""`nature`, variant `seasons`: an old tree on a hill, a swing under it, in one of the seasons."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, look_up, plane
from local.renderer.painting.limbs import draw
from local.renderer.painting.noise import fractal
from local.renderer.scenery.falling import Flurry
from local.renderer.scenery.sky import night
from local.renderer.theme import Painter
from local.renderer.themes.nature.crown import Tree
from local.renderer.themes.nature.hills import Hill
from local.renderer.themes.nature.knoll import Knoll, Place
from local.renderer.themes.nature.layer import Layer
from local.renderer.themes.nature.seasons_palettes import PALETTES, Palette
from local.renderer.themes.nature.wind import Swaying

_FALLING = 150


@dataclass(frozen=True)
class Swing:
    """A seat on two ropes under `limb`, `long` short sides down; it swings once a loop by `reach` radians."""

    limb: tuple[float, float]
    long: float
    reach: float
    light: Field

    @classmethod
    def under(cls, tree: Tree, place: Place, light: Field, reach: float) -> Self:
        """Hung from the limb that is best to sit under: towards the sun, clear of the trunk."""
        ends = tree.limbs[:, [3, 4]]
        wanted = np.array([place.foot[0] - 0.24 * place.side * place.tall, place.foot[1] - 0.5 * place.tall])
        x, y = ends[int(np.argmin(((ends - wanted) ** 2).sum(axis=1)))].tolist()
        return cls((x, y), place.foot[1] - 0.075 * place.tall - y, reach, light)

    def paint(self, canvas: Canvas, picture: Field, phase: float) -> None:
        """Lay it over the picture, in place."""
        turn = self.reach * np.sin(2 * np.pi * phase)
        half = 0.13 * self.long
        along, aside = np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])
        seat = np.array(self.limb) + self.long * along
        rope = np.float32(0.0011)
        hung = [(self.limb[0] + end, self.limb[1], rope, *(seat + end * aside), rope) for end in (-half, half)]
        plank = (*(seat - 1.25 * half * aside), 0.0032, *(seat + 1.25 * half * aside), 0.0032)
        wide = 0.5 * self.long
        first = max(int((self.limb[0] - wide) * canvas.short + canvas.width / 2), 0)
        last = min(int((self.limb[0] + wide) * canvas.short + canvas.width / 2), canvas.width)
        if first >= last:
            return
        cover = np.zeros((canvas.height, last - first), np.float32)
        draw(canvas, cover, np.array([*hung, plank], np.float32), (first - canvas.width / 2) / canvas.short)
        window = picture[:, :, first:last]
        window += (self.light - window) * cover


def _land(canvas: Canvas, rng: np.random.Generator, place: Place, palette: Palette, rough: Field) -> Layer:
    """Two hills in the distance."""
    land = Layer.blank(canvas, 0)
    far = ((0.07, 0.04, 0.5, 0.012, 0.35), (0.015, 0.03, 0.65, 0.022, 0.14))
    for (rise, tall, rate, wood, misty), body in zip(far, palette.hills, strict=True):
        hill = Hill(
            level=place.level - rise,
            tall=tall,
            rate=rate,
            start=rng.random(3),
            wood=wood,
            body=plane(body),
            mist=plane(palette.heaven.air[0]),
            misty=misty,
        )
        hill.paint(land, rough, place.sun[0])
    return land


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Land and tree are painted once; the crown and the grass bend, leaves fall, the swing swings."""
    palette = brief.choose(rng, PALETTES)
    place, sky = Place.chosen(canvas, rng, palette)
    clouds = fractal(rng, size=256, slope=1.8)
    rough = fractal(rng, size=256, slope=1.2, lowest=2)
    stars = night(rng, 260, horizon=sky.horizon, light=linear("dfe9ff") * palette.heaven.stars)
    land = _land(canvas, rng, place, palette, rough)
    leaves = even_ramp(palette.leaves)
    tree = Tree.grown(rng).moved((place.foot[0], place.foot[1] + 0.015), place.tall)
    back, front = Layer.blank(canvas, 0.04), Layer.blank(canvas, 0.04)
    tree.paint_leaves(back, leaves, place.sun, full=palette.full, near=(0, 0.5))
    tree.paint_limbs(back, (plane(palette.bark[0]), plane(palette.bark[1])), place.sun[0])
    tree.paint_leaves(front, leaves, place.sun, full=palette.full, near=(0.5, 1))
    knoll = Knoll(place, (linear(palette.grass[0]), linear(palette.grass[1])))
    ground = Layer.blank(canvas, 0)
    knoll.paint(ground, rough)
    starts = rng.random((3, 2))
    root = min(round((place.foot[1] + 0.03) * canvas.short + canvas.height / 2), canvas.height)
    behind = Swaying.standing(back, root, 0.011 * brief.energy, starts[0])
    before = Swaying.standing(front, root, 0.015 * brief.energy, starts[1])
    grass = Swaying.standing(knoll.grown(canvas, rng, leaves), canvas.height, 0.006 * brief.energy, starts[2])
    swing = Swing.under(tree, place, plane(palette.bark[0]), 0.09 * brief.energy)
    tints = look_up(leaves, rng.uniform(0.45, 0.95, _FALLING).astype(np.float32)).T
    flurry = Flurry.blown(rng, _FALLING, wind=0.22 * place.side, fall=0.3, size=0.009, light=tints)
    flurry = flurry.thinned(min(1.0, palette.falls * brief.energy))
    right, up = sky.rays(canvas, slice(0, canvas.height))
    bloom = sky.glow * (0.11 * sky.nearness(canvas, right, up, spread=0.17))

    def paint(phase: float) -> Field:
        picture = np.empty((3, canvas.height, canvas.width), np.float32)
        picture[:, : sky.row(canvas)] = sky.paint(canvas, clouds, stars, phase)
        picture[:, sky.row(canvas) :] = 0
        land.put(picture)
        behind.paint(picture, phase)
        swing.paint(canvas, picture, phase)
        before.paint(picture, phase)
        picture += bloom
        ground.put(picture)
        grass.paint(picture, phase)
        flurry.paint(canvas, picture, phase)
        return picture

    return paint
