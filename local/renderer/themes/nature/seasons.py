"""`nature`, variant `seasons`: an old tree on a hill, a swing under it, in one of the seasons."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from local.renderer.branches import draw
from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.colour import even_ramp, linear, look_up, plane
from local.renderer.crown import Tree
from local.renderer.falling import Flurry
from local.renderer.flowers import Blade, Touch
from local.renderer.hills import Hill
from local.renderer.layer import Layer, edge
from local.renderer.noise import fractal, sample
from local.renderer.sky import Sky, night
from local.renderer.theme import Painter
from local.renderer.themes.nature.year import SEASONS, Season
from local.renderer.wind import Swaying

_BLADES = 2600
_GRASS = 0.86  # the share of them that are blades and not fallen leaves
_FALLING = 150
_WIDE = 1.2  # short sides to both sides of the middle; grass grows so far


@dataclass(frozen=True)
class Place:
    """Where things stand, in short sides about the middle of the frame: the tree's foot and height, the sun, the
    horizon. `side` is 1 for a tree on the right, with the sun on the left, and -1 for the reverse.
    """

    side: int
    foot: tuple[float, float]
    tall: float
    sun: tuple[float, float]
    level: float

    @classmethod
    def chosen(cls, canvas: Canvas, rng: np.random.Generator, season: Season) -> tuple[Self, Sky]:
        """The tree a little off the middle, the sun low on its other side."""
        side = int(rng.choice([-1, 1]))
        tree_u, foot_v = 0.5 + side * float(rng.uniform(0.04, 0.11)), float(rng.uniform(0.8, 0.85))
        sky = season.heaven.sky(
            horizon=float(rng.uniform(0.7, 0.75)),
            orb_u=0.5 - side * float(rng.uniform(0.16, 0.28)),
            orb_up=float(rng.uniform(0.1, 0.24)),
            orb_radius=float(rng.uniform(0.048, 0.066)),
        )
        sun_x, level = canvas.place(sky.orb_u, sky.horizon)
        tall = min(0.86 * foot_v * canvas.height, 0.8 * canvas.width) / canvas.short
        return cls(side, canvas.place(tree_u, foot_v), tall, (sun_x, level - sky.orb_up), level), sky


@dataclass(frozen=True)
class Knoll:
    """The hill the tree stands on; `grass` is its light from the foot of a blade to a lit tip, (3,) each."""

    place: Place
    grass: tuple[Field, Field]

    def crest(self, x: Field) -> Field:
        """Where it ends above."""
        away = x - np.float32(self.place.foot[0])
        dome = 0.16 * (np.sqrt(away * away + 0.09) - 0.3) + 0.006 * np.sin(9 * x)
        crest: Field = np.float32(self.place.foot[1] - 0.012) + dome.astype(np.float32)
        return crest

    def tone(self, depth: Field) -> Field:
        """How light the ground is, from foot to tip of its grass, `depth` under the crest."""
        lit: Field = 0.1 + 0.7 * np.exp(depth * -7)
        return lit

    def paint(self, layer: Layer, rough: Field) -> None:
        """The ground, and the tree's shadow on it, away from the sun."""
        x, pixel = layer.x, 1 / layer.canvas.short
        below = layer.canvas.y - self.crest(x)
        depth = np.maximum(below, 0)
        dark, light = (colour[:, None, None] for colour in self.grass)
        glow = 0.5 * np.exp(np.abs(x - np.float32(self.place.sun[0])) * -2) * np.exp(depth * -12)
        tone = 0.9 + 0.12 * sample(rough, x * 0.5, depth * 2) + glow
        cover = edge(below, pixel)
        layer.lay(cover, (dark + (light - dark) * self.tone(depth)) * tone)
        aside = (x - np.float32(self.place.foot[0] + 0.07 * self.place.side) - self.place.side * depth) / 0.24
        layer.lay(cover * (0.5 * np.exp(-(aside**2) - ((depth - 0.035) / 0.035) ** 2)), 0.7 * dark)

    def grown(self, canvas: Canvas, rng: np.random.Generator, fallen: Field) -> Layer:
        """Its grass, and in it what fell from the tree, its colours the ramp `fallen`."""
        layer = Layer.blank(canvas, 0.03)
        below = canvas.height / canvas.short / 2 - self.place.foot[1]
        # The nearest stand below the frame. In upright frames the ground runs on towards the eye, and so grows.
        near = np.sort(rng.random(_BLADES) ** 1.4)
        depth = 1.5 * below * near
        x = rng.uniform(-_WIDE, _WIDE, _BLADES)
        size = (0.25 + 1.4 * near) * min(max(below / 0.18, 1), 1.8)
        tufts = zip(x, self.crest(x) + depth, size, near, self.tone(depth), rng.random((_BLADES, 4)), strict=True)
        for at_x, at_y, scale, nearness, tone, chances in tufts:
            if abs(at_x) < canvas.width / canvas.short / 2 + 0.1:
                self._plant(layer, (at_x, at_y), (scale, nearness, tone), chances.tolist(), fallen)
        return layer

    def _plant(
        self,
        layer: Layer,
        at: tuple[float, float],
        ground: tuple[float, float, float],
        chances: list[float],
        fallen: Field,
    ) -> None:
        """One blade or leaf on the `ground`, given by its scale, nearness and tone there; `chances` are those of
        its height, lean, shade and kind.
        """
        (scale, near, tone), (high, lean, shade, kind) = ground, chances
        dark, light = self.grass
        if kind < _GRASS:
            glow = 0.35 + 0.75 * np.exp(-3 * near) * (0.5 + np.exp(-2 * abs(at[0] - self.place.sun[0])))
            blade = Blade(
                tall=0.05 * scale * (0.5 + high),
                lean=0.05 * scale * (0.5 + high) * (lean - 0.45),
                half=0.0028 * scale,
                taper=0.9,
                foot=(dark + (light - dark) * np.float32(tone)) * np.float32(0.7 + 0.3 * shade),
                tip=dark + (light - dark) * np.float32(glow * (0.4 + 0.6 * shade)),
            )
            blade.stamp(layer, at, 0.02 * max(near - 0.75, 0))
        elif abs(at[0] - self.place.foot[0]) < 0.3 + 0.5 * high:
            leaf = look_up(fallen, np.array([0.3 + 0.65 * shade], np.float32))[:, 0]
            lying = (at[0], at[1] - 0.02 * scale)
            Touch(leaf, squash=0.5).stamp(layer, lying, size=0.006 * scale, chance=0, lit=1, soft=0)


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


def _land(canvas: Canvas, rng: np.random.Generator, place: Place, season: Season, rough: Field) -> Layer:
    """Two hills in the distance."""
    land = Layer.blank(canvas, 0)
    far = ((0.07, 0.04, 0.5, 0.012, 0.35), (0.015, 0.03, 0.65, 0.022, 0.14))
    for (rise, tall, rate, wood, misty), body in zip(far, season.hills, strict=True):
        hill = Hill(
            level=place.level - rise,
            tall=tall,
            rate=rate,
            start=rng.random(3),
            wood=wood,
            body=plane(body),
            mist=plane(season.heaven.air[0]),
            misty=misty,
        )
        hill.paint(land, rough, place.sun[0])
    return land


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Land and tree are painted once; the crown and the grass bend, leaves fall, the swing swings."""
    season = brief.choose(rng, SEASONS)
    place, sky = Place.chosen(canvas, rng, season)
    clouds = fractal(rng, size=256, slope=1.8)
    rough = fractal(rng, size=256, slope=1.2, lowest=2)
    stars = night(rng, 260, horizon=sky.horizon, light=linear("dfe9ff") * season.heaven.stars)
    land = _land(canvas, rng, place, season, rough)
    leaves = even_ramp(season.leaves)
    tree = Tree.grown(rng).moved((place.foot[0], place.foot[1] + 0.015), place.tall)
    back, front = Layer.blank(canvas, 0.04), Layer.blank(canvas, 0.04)
    tree.paint_leaves(back, leaves, place.sun, full=season.full, near=(0, 0.5))
    tree.paint_limbs(back, (plane(season.bark[0]), plane(season.bark[1])), place.sun[0])
    tree.paint_leaves(front, leaves, place.sun, full=season.full, near=(0.5, 1))
    knoll = Knoll(place, (linear(season.grass[0]), linear(season.grass[1])))
    ground = Layer.blank(canvas, 0)
    knoll.paint(ground, rough)
    starts = rng.random((3, 2))
    root = min(round((place.foot[1] + 0.03) * canvas.short + canvas.height / 2), canvas.height)
    behind = Swaying.standing(back, root, 0.011 * brief.energy, starts[0])
    before = Swaying.standing(front, root, 0.015 * brief.energy, starts[1])
    grass = Swaying.standing(knoll.grown(canvas, rng, leaves), canvas.height, 0.006 * brief.energy, starts[2])
    swing = Swing.under(tree, place, plane(season.bark[0]), 0.09 * brief.energy)
    tints = look_up(leaves, rng.uniform(0.45, 0.95, _FALLING).astype(np.float32)).T
    flurry = Flurry.blown(rng, _FALLING, wind=0.22 * place.side, fall=0.3, size=0.009, light=tints)
    flurry = flurry.thinned(min(1.0, season.falls * brief.energy))
    right, up = sky.rays(canvas, slice(0, canvas.height))
    bloom = sky.glow * (0.11 * sky.nearness(canvas, right, up, spread=0.17))

    def paint(phase: float) -> Field:
        picture = np.empty((3, canvas.height, canvas.width), np.float32)
        picture[:, : sky.row(canvas)] = sky.paint(canvas, clouds, stars, phase)
        picture[:, sky.row(canvas) :] = 0
        land.still(picture)
        behind.paint(picture, phase)
        swing.paint(canvas, picture, phase)
        before.paint(picture, phase)
        picture += bloom
        ground.still(picture)
        grass.paint(picture, phase)
        flurry.paint(canvas, picture, phase)
        return picture

    return paint
