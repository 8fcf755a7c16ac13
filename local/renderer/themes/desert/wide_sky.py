"""What hangs in the sky over a wide valley: the Milky Way, and thin clouds. It knows no land."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Canvas, Field
from local.renderer.painting.colour import plane, smoothstep
from local.renderer.painting.noise import orbit, sample
from local.renderer.scenery.sky import FOCAL


def milky_way(canvas: Canvas, rng: np.random.Generator, soft: Field) -> Field:
    """Its light (3, height, width): a steep band, brightest and warmest along the middle, dust before that."""
    steep, side = rng.uniform(0.9, 1.25), rng.choice((-1.0, 1.0))
    x0, y0 = canvas.place(float(rng.uniform(0.4, 0.6)), 0.35)
    right, down = canvas.x - np.float32(x0), canvas.y - np.float32(y0)
    along = np.float32(np.cos(steep)) * right + np.float32(side * np.sin(steep)) * down
    across = np.float32(side * np.sin(steep)) * right - np.float32(np.cos(steep)) * down
    bent = 0.05 * sample(soft, along * 0.5, across * 0.5)
    across = across + bent
    cloud = sample(soft, along * 0.8 + 0.3, across * 1.2) + 0.4 * sample(soft, along * 2.1, across * 2.8)
    lanes = sample(soft, along * 0.7 + 0.6, across * 2.2) + 0.5 * sample(soft, along * 1.9 + 0.1, across * 4.5)
    band = 0.3 * np.exp(-((across / 0.22) ** 2)) * np.clip(0.8 + 0.5 * cloud, 0, 2)
    core = np.exp(-((across / 0.10) ** 2) - ((along - 0.1) / 0.75) ** 2)
    dust = smoothstep(0.0, 1.6, lanes + 1.0) * np.exp(-(((across - 0.4 * bent) / 0.07) ** 2))
    glow = (band + 0.75 * core * np.clip(0.9 + 0.4 * cloud, 0, 2)) * (1 - 0.8 * dust)
    cold, warm = plane("7a86c8"), plane("ffd8b8")
    light: Field = (cold + (warm - cold) * (0.9 * core)) * (0.34 * glow)
    return light


@dataclass(frozen=True)
class Clouds:
    """Thin clouds over the valley, `shade` to `lit` (3, 1, 1); `soft` is a noise field."""

    level: float
    shade: Field
    lit: Field
    cloudy: float
    soft: Field

    def drift(self, canvas: Canvas, picture: Field, phase: float) -> None:
        """Lay them over the sky, in place. They hang on a plane overhead and crowd towards the horizon."""
        up = np.maximum(np.float32(self.level) - canvas.y, 0) * np.float32(1 / FOCAL)
        over = 1 / (up + np.float32(0.16))
        right = canvas.x * np.float32(1 / FOCAL) * over
        aside, away = orbit(phase, 0.02, 0.0)
        cover = sample(self.soft, right * 0.2 + aside, over * 0.3 + away)
        cover += 0.35 * sample(self.soft, right * 0.65 + aside, over * 0.9 - away) + np.float32(self.cloudy)
        thick = 0.8 * smoothstep(0.2, 2.0, cover) * smoothstep(0.0, 0.07, up)
        shine = np.clip(0.75 - 0.35 * thick - 0.2 * cover + 0.3 * (1 - up) ** 4, 0, 1)
        picture += (self.shade + (self.lit - self.shade) * shine - picture) * thick
