"""`fire`, variant `volcano`: a mountain of fire over still water, lava on its flanks, its ash lit from below."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import look_up, plane, ramp, smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.painting.noise import fractal, sample
from local.renderer.painting.particles import add_glows
from local.renderer.scenery.mirror import Mirror
from local.renderer.scenery.plants import grass
from local.renderer.theme import Painter
from local.renderer.themes.fire.ash import Ash
from local.renderer.themes.fire.backdrop import air, hills, stars
from local.renderer.themes.fire.bombs import Bombs
from local.renderer.themes.fire.cone import Cone
from local.renderer.themes.fire.flame import Flame

_SHORE = 0.77  # fraction of the height
_GLOW = plane("ff6a24")
_LAVA = ramp((0, "000000"), (0.12, "3a0602"), (0.35, "c22c06"), (0.6, "ff7a18"), (0.85, "ffc050"), (1, "ffe090"))


@dataclass(frozen=True)
class Palette:
    """Colours: `air` from zenith to horizon, `rock`, `ash` in the shade and in the sky's light, the lake where
    it is `deep`. `stars` is their brightness.
    """

    air: tuple[str, ...]
    rock: str
    ash: tuple[str, str]
    deep: str
    stars: float
    tags: frozenset[str]


_PALETTES = (
    Palette(
        ("03060f", "081228", "12244a", "2a4468", "586e84"),
        "0c1018",
        ("10141e", "5a6880"),
        "040a14",
        1.0,
        frozenset({"night", "blue", "winter"}),
    ),
    Palette(
        ("16060e", "3c0c1c", "7e1f26", "c8502c", "f8a252"),
        "14080a",
        ("1c0c10", "a06450"),
        "0c0508",
        0.3,
        frozenset({"dusk", "red", "gold", "summer"}),
    ),
    Palette(
        ("1c2a50", "405088", "7c7cae", "cc98a4", "f8cca4"),
        "1c1a26",
        ("2a2838", "c0a4b0"),
        "141a30",
        0.15,
        frozenset({"dawn", "day", "pink", "spring"}),
    ),
    Palette(
        ("031016", "06242c", "0e4448", "2a7468", "86b890"),
        "08120f",
        ("0c1a1c", "5a887c"),
        "031012",
        0.9,
        frozenset({"night", "green", "mist"}),
    ),
    Palette(
        ("05070c", "0d131c", "1a2430", "33424e", "566468"),
        "0b0d10",
        ("0e1014", "566068"),
        "05080c",
        0.1,
        frozenset({"storm", "night"}),
    ),
    Palette(
        ("100a24", "2a1846", "5c2c62", "a84e68", "f0966c"),
        "120c18",
        ("1c1228", "a06a80"),
        "0a0818",
        0.5,
        frozenset({"dusk", "violet", "autumn"}),
    ),
)


def _sky(canvas: Canvas, rng: np.random.Generator, palette: Palette, soft: Field) -> Field:
    """Air, stars and two far ranges of hills, down to the shore."""
    picture, _ = air(canvas, palette.air, horizon=_SHORE)
    add_glows(canvas, picture, stars(rng, 400, horizon=_SHORE, bright=palette.stars))
    far, near = (0.5 * (1 - dark) * plane(palette.air[-2]) + dark * plane(palette.rock) for dark in (0.35, 0.7))
    hills(canvas, picture, soft, horizon=_SHORE, ranges=((0.10, far), (0.05, near)))
    return picture


def _mountain(picture: Field, canvas: Canvas, cone: Cone, palette: Palette) -> tuple[Field, Field, Field]:
    """Paint the cone and the wooded shore over the picture, in place.

    Returns how far the cone hides the sky, how hot its lava is, and the coordinates on its flanks.
    """
    across, down = cone.flanks(canvas)
    cover = cone.cover(canvas, across, down)
    furrows = cone.gullies(across, down)
    hot, glow = cone.lava(across, down)
    away = np.hypot(canvas.x - np.float32(cone.x), canvas.y - np.float32(cone.y))
    rock = plane(palette.rock) * (0.7 + 0.35 * np.clip(furrows, -1.5, 2))
    rock += 0.05 * plane(palette.air[-2]) * np.clip(0.8 + 0.6 * furrows, 0, 2) * smoothstep(1.0, -1.0, across)
    rock += (0.6 * plane(palette.air[-2]) - rock) * (0.3 * smoothstep(0.45 * cone.tall, cone.tall, down) ** 2)
    fire = 0.32 / (1 + (away / 0.10) ** 2) ** 1.3 + 0.16 * glow
    rock += _GLOW * (fire * np.clip(0.7 + 0.5 * furrows, 0.05, 2))
    picture += (rock - picture) * cover
    up = np.float32(cone.y + cone.tall) - canvas.y
    level = np.zeros_like(canvas.x)
    crowns = (
        0.018
        + 0.007 * sample(cone.rough, canvas.x * 1.6, level)
        + 0.012 * sample(cone.soft, canvas.x * 0.5, level)
    )
    lit = np.exp(-np.abs(canvas.x - np.float32(cone.x)) / 0.25) * smoothstep(0.0, 0.03, up)
    wood = 0.45 * plane(palette.rock) + _GLOW * (0.05 * lit)
    picture += (wood - picture) * np.clip((crowns - up) * np.float32(canvas.short) + 0.5, 0, 1)
    return cover, hot * cover, np.stack((across, down))


def _reeds(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Grass on the near shore, high in the corners: how far it hides the water, (height, width)."""
    cover = np.zeros((canvas.height, canvas.width), np.float32)
    left, foot = -canvas.half_width, canvas.half_height
    for side in rng.choice((0.0, 1.0), 90).tolist():
        u = abs(side - 0.42 * rng.random() ** 2.2)
        tall = (0.05 + 0.16 * abs(2 * u - 1) ** 3) * rng.uniform(0.6, 1.2)
        draw(canvas, cover, grass(rng, foot=(canvas.place(u, 0)[0], foot + 0.015), tall=tall), left)
    return cover


@dataclass(frozen=True)
class Eruption:
    """What comes out of the crater; `share` is how many of the stones fly."""

    cone: Cone
    flame: Flame
    bombs: Bombs
    ash: Ash
    share: float
    shades: tuple[Field, Field]

    def add(self, canvas: Canvas, picture: Field, phase: float, hidden: Field) -> None:
        """Paint it over the picture, in place; `hidden` (height, width) is the mountain before the ash."""
        rows = slice(0, picture.shape[1])
        cover, warm, cool = (layer[rows] * (1 - hidden) for layer in self.ash.paint(canvas, phase))
        picture *= 1 - cover
        picture += self.shades[0] * cover + self.shades[1] * (0.55 * cool) + _GLOW * (1.1 * warm)
        self.flame.add(canvas, picture, phase, np.zeros(picture.shape[1:], np.float32))
        x, y = self.cone.x, self.cone.y
        stones = self.bombs.at(canvas, phase, x=x, y=y, share=self.share, colours=_LAVA)
        add_glows(canvas, picture, stones)


def _eruption(rng: np.random.Generator, cone: Cone, palette: Palette, brief: Brief) -> Eruption:
    strong = brief.energy**0.5
    rough = fractal(rng, size=256, slope=1.5, lowest=2)
    return Eruption(
        cone,
        flame=Flame.kindled(rng, x=cone.x, y=cone.y + 0.012, width=0.035, height=0.13 * strong),
        bombs=Bombs.thrown(rng, 230),
        ash=Ash.thrown(rng, 44, x=cone.x, y=cone.y, lean=float(rng.uniform(-0.45, 0.45)), rough=rough),
        share=0.74 * strong,
        shades=(plane(palette.ash[0]), plane(palette.ash[1])),
    )


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Mountain and shores stand still; fire, ash, the crust on the lava and the water move."""
    palette = brief.choose(rng, _PALETTES)
    rough, soft = fractal(rng, size=256, slope=1.25, lowest=2), fractal(rng, size=128, slope=2.0, lowest=2)
    crust, ruffle = fractal(rng, size=256, slope=1.4, lowest=4), fractal(rng, size=256, slope=1.9, lowest=3)
    x, level = canvas.place(float(rng.uniform(0.38, 0.62)), _SHORE)
    cone = Cone.raised(rng, x=x, level=level, rough=rough, soft=soft)
    eruption = _eruption(rng, cone, palette, brief)
    lake = Mirror(_SHORE, ruffle, plane(palette.deep), 0.8)
    above = slice(0, lake.row(canvas))
    still = _sky(canvas, rng, palette, soft)
    cover, hot, flanks = (layer[..., above, :] for layer in _mountain(still, canvas, cone, palette))
    away = np.hypot(canvas.x - np.float32(x), canvas.y[above] - np.float32(cone.y))
    still = still[:, above]
    halo = _GLOW * (0.25 * np.exp(away * -9))
    reeds, dark = _reeds(canvas, rng), 0.3 * plane(palette.rock)

    def paint(phase: float) -> Field:
        scenery = still.copy()
        # The crust of the lava breaks open and closes as it runs.
        moving = 0.62 + 0.38 * sample(crust, flanks[0] * 0.7, flanks[1] * 2.6 - np.float32(phase))
        molten = np.clip(hot * moving, 0, 1)
        scenery += look_up(_LAVA, molten) * (1.5 * np.sqrt(molten))
        eruption.add(canvas, scenery, phase, cover)
        scenery += halo
        picture = np.concatenate((scenery, lake.paint(canvas, scenery, phase)), axis=1)
        picture += (dark - picture) * reeds
        return picture

    return paint
