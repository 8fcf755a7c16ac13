"""`city`, variant `skyline`: towers across the water, their windows mirrored in it; a bridge, cars, a boat."""

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field
from local.renderer.painting.blur import bloom, smeared
from local.renderer.painting.colour import linear, plane
from local.renderer.painting.noise import fractal
from local.renderer.painting.overlay import lay, put
from local.renderer.painting.particles import add_glows, add_lamps, fade
from local.renderer.scenery.sky import night
from local.renderer.scenery.swell import Swell
from local.renderer.scenery.water import Water
from local.renderer.theme import Painter
from local.renderer.themes.city.boat import Boat
from local.renderer.themes.city.bridge import Bridge
from local.renderer.themes.city.downtown import Downtown, quay
from local.renderer.themes.city.palettes import PALETTES, Palette, sky_at


def _shore(canvas: Canvas, rows: int, city: Downtown, bridge: Bridge, palette: Palette) -> Field:
    """All that stands on the far shore, as an overlay (4, rows, width)."""
    shore = city.painted(canvas, rows, palette)
    add_lamps(canvas, shore[:3], quay(canvas, rows, 1.5 * linear(palette.warm)))
    lay(shore, plane(palette.near), bridge.cover(canvas, rows))
    add_glows(canvas, shore[:3], bridge.lamps(canvas, rows, 1.6 * linear(palette.warm)))
    shore[:3] += 0.9 * bloom(canvas, shore[:3], over=0.22, reach=0.007)
    return shore


def scene(canvas: Canvas, rng: np.random.Generator, brief: Brief) -> Painter:
    """Walls and most windows stand still; water, clouds, a boat, cars, beacons and a few windows move."""
    palette = brief.choose(rng, PALETTES)
    sky = sky_at(
        palette,
        horizon=float(rng.uniform(0.58, 0.66)),
        orb=(float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.2, 0.42))),
        radius=float(rng.uniform(0.03, 0.055)),
    )
    clouds = fractal(rng, size=256, slope=1.7)
    stars = night(rng, 160, horizon=sky.horizon, light=linear("dfe9ff") * palette.stars)
    city = Downtown.grown(rng)
    # The bridge comes in from the side where the city is low; the boat lies on the same, emptier side.
    side = -1.0 if city.focus > 0.5 else 1.0
    bridge, boat = Bridge.built(rng, side), Boat.moored(rng, side)
    wind = float(-np.pi / 2 + rng.uniform(-0.7, 0.7))
    swells = (
        Swell.blown(rng, size=128, side=5.0, steep=0.035 * brief.energy, wind=wind),
        Swell.blown(rng, size=128, side=1.1, steep=0.03 * brief.energy, wind=wind + 0.5),
    )
    rows = sky.row(canvas)
    shore = _shore(canvas, rows, city, bridge, palette)
    view = sky.paint(canvas, clouds, stars, 0.0)
    put(shore, view)
    # Ripples too fine to draw blur what they mirror, up and down most.
    blurred = smeared(smeared(view, 0.014 * canvas.short).transpose(0, 2, 1), 0.002 * canvas.short)
    water = Water(canvas, swells, blurred.transpose(0, 2, 1))
    clear = 0.55 + 0.4 * np.exp(water.up * np.float32(5))
    deep = plane(palette.near) * 0.4
    beacons = city.beacons(canvas, rows, 1.5 * linear("ff3a2a"))
    windows = city.windows(canvas, rows, linear(palette.warm))
    heads = linear(palette.cold) * 2.0, linear("ff4a2a") * 1.6
    tints = linear(palette.near) * 0.3, linear(palette.warm)

    def paint(phase: float) -> Field:
        heaven = sky.paint(canvas, clouds, stars, phase)
        put(shore, heaven)
        add_lamps(canvas, heaven, beacons.dimmed(0.15 + 0.85 * fade(phase + city.beats[: len(beacons.u)])))
        add_glows(canvas, heaven, windows.dimmed(fade(phase + city.waking[2])))
        add_lamps(canvas, heaven, bridge.cars(canvas, rows, phase, heads))
        slopes = water.waves(phase)
        sea = water.reflection(slopes) * clear + deep
        boat.mirrored(canvas, sea, slopes[1], tints[1])
        picture = np.concatenate((heaven, sea), axis=1)
        boat.paint(canvas, picture, rows, boat.sway(phase, brief.energy), tints)
        return picture

    return paint
