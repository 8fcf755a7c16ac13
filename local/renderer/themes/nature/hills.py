"""Rolling hills one behind the other, with woods on their crests and mist between them. They stand still."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Field
from local.renderer.painting.noise import sample
from local.renderer.themes.nature.layer import Layer, edge


@dataclass(frozen=True)
class Hill:
    """Its crest, short sides below the middle of the frame: `level`, waved by `tall` at `rate` (waves per short
    side) from `start` (3,) turns. Woods on it are up to `wood` high. `body` is its light, and `mist` (3, 1, 1)
    the air at its foot, which hides it by the share `misty`.
    """

    level: float
    tall: float
    rate: float
    start: Field
    wood: float
    body: Field
    mist: Field
    misty: float

    def crest(self, x: Field) -> Field:
        """Where the ground ends above, for positions `x` (1, width)."""
        turn = 2 * np.pi * np.float32(self.rate) * x
        wave = np.sin(turn + 2 * np.pi * self.start[0]) + 0.4 * np.sin(2.3 * turn + 2 * np.pi * self.start[1])
        crest: Field = np.float32(self.level) - np.float32(0.7 * self.tall) * wave.astype(np.float32)
        return crest

    def paint(self, layer: Layer, rough: Field, sun: float) -> None:
        """Paint it over the layer; it is lit about `sun`, short sides right of the middle."""
        canvas, x, pixel = layer.canvas, layer.x, 1 / layer.canvas.short
        below = canvas.y - self.crest(x)
        depth = np.maximum(below, 0)
        lit = np.exp(np.abs(x - np.float32(sun)) * -1.5)
        layer.lay(edge(below + self._trees(x, rough), pixel), self.body * (0.5 + 0.12 * lit))
        fields = sample(rough, x * 0.3 + np.float32(self.start[2]), depth * 2.5)
        tone = 0.74 + 0.1 * fields + lit * (0.4 * np.exp(depth * -9) + 0.35 * np.exp(depth * -60))
        cover = edge(below, pixel)
        layer.lay(cover, self.body * tone)
        layer.lay(cover * np.minimum(depth * 8, self.misty), self.mist * (0.75 + 0.4 * lit))

    def _trees(self, x: Field, rough: Field) -> Field:
        """How far their crowns rise over the ground."""
        row = np.full_like(x, self.start[2])
        woods = np.clip(sample(rough, x * 0.4 + np.float32(self.start[0]), row) * 0.9 - 0.3, 0, 1)
        crowns = np.sqrt(np.maximum(0.6 + 0.4 * sample(rough, x * 1.9, row), 0.05))
        trees: Field = np.float32(self.wood) * np.sqrt(woods) * crowns
        return trees
