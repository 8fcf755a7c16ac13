"""`desert`, variant `mesa`: red buttes across a wide valley, saguaros before the eye, at night the Milky Way."""

from dataclasses import dataclass

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import even_ramp, linear, look_up, plane, smoothstep
from local.renderer.painting.limbs import draw
from local.renderer.painting.noise import fractal, orbit, sample
from local.renderer.painting.particles import add_glows
from local.renderer.painting.rims import turned_to
from local.renderer.scenery.plants import grass
from local.renderer.scenery.sky import far_stars
from local.renderer.theme import Painter
from local.renderer.themes.desert.butte import Butte
from local.renderer.themes.desert.plain import Plain, saguaro
from local.renderer.themes.desert.wide_sky import Clouds, milky_way

_HORIZON = 0.68  # fraction of the height


@dataclass(frozen=True)
class Palette:
    """Colours: `air` from zenith to horizon, `cloud` in the shade and lit, `rock` and `ground`, the low `light`
    and the `shade` it leaves. `stars` is the brightness of these and of the Milky Way, `cloudy` 1 an overcast sky.
    """

    air: tuple[str, ...]
    cloud: tuple[str, str]
    rock: str
    ground: str
    light: str
    shade: str
    stars: float
    cloudy: float
    tags: frozenset[str]


_PALETTES = (
    Palette(
        ("02040e", "060d24", "0e2046", "24477c", "5a84a8"),
        ("101c38", "6a88ac"),
        "b07854",
        "8a7460",
        "6a8ab8",
        "283658",
        1.0,
        -0.3,
        frozenset({"night", "blue", "winter"}),
    ),
    Palette(
        ("0a0822", "1e1644", "4a2a68", "a04c72", "f49a6c"),
        ("3a2054", "f08a70"),
        "b86844",
        "92685a",
        "f08a5c",
        "3c2a58",
        0.75,
        -0.15,
        frozenset({"dusk", "night", "violet"}),
    ),
    Palette(
        ("3a2a5c", "7c4468", "c8645c", "f09850", "ffcf80"),
        ("7a3c5c", "ffb070"),
        "b8582c",
        "a07050",
        "ffa860",
        "5a3c5c",
        0.0,
        0.1,
        frozenset({"dusk", "gold", "red"}),
    ),
    Palette(
        ("1c4c94", "3a7cc0", "74aedc", "b4d4e4", "ecead8"),
        ("b4c4d4", "fffaf0"),
        "b8603c",
        "b08660",
        "ffe8c4",
        "6a7090",
        0.0,
        0.0,
        frozenset({"day", "blue", "summer"}),
    ),
    Palette(
        ("22386c", "5468a4", "9890bc", "dca8ac", "fbd4b0"),
        ("8c84ac", "ffd8c4"),
        "b0644c",
        "a08070",
        "ffc09c",
        "565a8c",
        0.15,
        0.1,
        frozenset({"dawn", "pink", "spring"}),
    ),
    Palette(
        ("1c222c", "343e4a", "56606a", "948c80", "e0bc88"),
        ("2a303a", "a89c90"),
        "9c5838",
        "8c6c54",
        "f0b878",
        "3c4654",
        0.0,
        0.8,
        frozenset({"storm", "mist", "autumn"}),
    ),
)


def _sky(canvas: Canvas, rng: np.random.Generator, palette: Palette, soft: Field, sun: float) -> Field:
    """Air, stars, Milky Way and the glow from where the sun stands, outside the frame."""
    height = np.broadcast_to(canvas.v / np.float32(_HORIZON), (canvas.height, canvas.width))
    picture = look_up(even_ramp(palette.air), height)
    x0, level = canvas.place(0.5 + 0.55 * sun, _HORIZON)
    away = (canvas.x - np.float32(x0)) ** 2 + (1.6 * (canvas.y - np.float32(level))) ** 2
    picture += plane(palette.light) * (0.25 * np.exp(away * np.float32(-1 / 0.12)))
    picture += milky_way(canvas, rng, soft) * (np.float32(palette.stars**2) * smoothstep(1.0, 0.6, height))
    stars = far_stars(
        rng,
        900,
        horizon=_HORIZON,
        radius=(0.0006, 0.0013),
        rare=7,
        light=linear("e4ecff"),
        bright=2.4 * palette.stars,
    )
    add_glows(canvas, picture, stars)
    return picture


def _buttes(canvas: Canvas, rng: np.random.Generator, side: float) -> list[Butte]:
    """From the farthest to the nearest: the greatest, a needle beside it, on one side, most others opposite."""
    level = canvas.place(0, _HORIZON)[1]
    rocks = (
        (side * rng.uniform(0.02, 0.4), rng.uniform(0.35, 0.6), rng.uniform(0.06, 0.09), 0.0),
        (-side * rng.uniform(0.05, 0.16), rng.uniform(0.12, 0.2), rng.uniform(0.11, 0.15), 0.2),
        (-side * rng.uniform(0.28, 0.4), rng.uniform(0.16, 0.24), rng.uniform(0.17, 0.24), 0.5),
        (side * rng.uniform(0.04, 0.09), rng.uniform(0.03, 0.045), rng.uniform(0.20, 0.26), 0.8),
        (side * rng.uniform(0.22, 0.32), rng.uniform(0.2, 0.28), rng.uniform(0.29, 0.36), 1.0),
    )
    return [
        Butte(
            x=canvas.place(0.5 + float(beside), 0)[0],
            y=level + 0.004 + 0.022 * near,
            wide=wide,
            tall=tall,
            skirt=float(rng.uniform(0.34, 0.46)),
            place=float(rng.random()),
            near=near,
        )
        for beside, wide, tall, near in rocks
    ]


def _land(
    canvas: Canvas, rng: np.random.Generator, palette: Palette, plain: Plain, buttes: list[Butte]
) -> tuple[Field, Field]:
    """Valley and buttes: their light (3, height, width), and where they hide the sky."""
    cliff = fractal(rng, size=512, slope=1.55, lowest=3)
    shadows = np.zeros((canvas.height, canvas.width), np.float32)
    shrubs = plain.sagebrush(rng, shadows)
    for butte in buttes:
        np.maximum(shadows, butte.shadow(canvas, plain.sun), out=shadows)
    picture = plain.paint(shadows)
    hidden = np.clip((canvas.y - np.float32(plain.level)) * np.float32(canvas.short) + 0.5, 0, 1) + 0 * canvas.x
    far = 0.6 * plane(palette.air[-1]) + 0.2 * plane(palette.air[-2])
    for butte in buttes:
        cover, lit, pale = butte.paint(canvas, cliff, plain.sun)
        rock = plane(palette.rock) * pale * (0.8 * plain.shade + 0.95 * plain.light * lit)
        haze = 0.12 + 0.62 * (1 - butte.near) ** 1.2 + 0.2 * smoothstep(0.12, 0.0, np.float32(butte.y) - canvas.y)
        rock += (far - rock) * haze
        picture += (rock - picture) * cover
        np.maximum(hidden, cover, out=hidden)
    plain.plant(picture, shrubs)
    return picture, hidden


def _foreground(canvas: Canvas, rng: np.random.Generator, plain: Plain, side: float) -> Field:
    """Saguaros, the tallest away from the greatest butte, and grass at the foot of the frame: (height, width)."""
    cover = np.zeros((canvas.height, canvas.width), np.float32)
    left = -canvas.half_width
    for beside, low, high in ((-0.36 * side, 0.34, 0.42), (-0.2 * side, 0.16, 0.22), (0.36 * side, 0.12, 0.16)):
        tall = float(rng.uniform(low, high))
        x = canvas.place(0.5 + beside + rng.uniform(-0.06, 0.06), 0)[0]
        draw(canvas, cover, saguaro(rng, foot=(x, plain.foot - 0.16 + 0.28 * tall), tall=tall), left)
    for _ in range(80):
        u = rng.random()
        tall = (0.05 + 0.06 * abs(2 * u - 1)) * rng.uniform(0.6, 1.2)
        draw(canvas, cover, grass(rng, foot=(canvas.place(u, 0)[0], plain.foot + 0.01), tall=tall), left)
    return cover


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """All but clouds, mist and the dust that runs over the plain is painted once."""
    palette = brief.choose(rng, _PALETTES)
    sun, side = rng.choice((-1.0, 1.0), 2).tolist()
    rough, soft = fractal(rng, size=256, slope=1.35, lowest=2), fractal(rng, size=256, slope=1.8)
    level = canvas.place(0, _HORIZON)[1]
    light, air = plane(palette.light), plane(palette.air[-1])
    plain = Plain(canvas, level, sun, plane(palette.ground), light, plane(palette.shade), air, rough)
    sky = _sky(canvas, rng, palette, soft, sun)
    land, hidden = _land(canvas, rng, palette, plain, _buttes(canvas, rng, side))
    near = _foreground(canvas, rng, plain, side)
    skin = plain.cactus_light(turned_to(canvas, near, 3 * sun, 0.012))
    clouds = Clouds(level, plane(palette.cloud[0]), plane(palette.cloud[1]), palette.cloudy, soft)
    right, ahead = plain.places()
    low = canvas.y - np.float32(level)
    veil = 0.4 * smoothstep(-0.16, -0.01, low) * smoothstep(0.16, 0.02, low)
    open_ground = smoothstep(6.0, 1.0, ahead) * smoothstep(0.0, 0.01, low)
    strong = np.float32(0.25 * brief.energy**0.7)

    def paint(phase: float) -> Field:
        picture = sky.copy()
        clouds.drift(canvas, picture, phase)
        picture += (land - picture) * hidden
        running = sample(soft, right * 2.4 + np.float32(sun * phase), ahead * 3)
        picture *= 1 + strong * (open_ground * np.clip(running, -1.4, 2.5))
        aside, down = orbit(phase, 0.03, 0.2)
        mist = smoothstep(-0.6, 2.2, sample(soft, canvas.x * 0.4 + aside, low * 1.6 + down))
        picture += (0.8 * air - picture) * (veil * mist)
        picture += (skin - picture) * near
        return picture

    return paint
