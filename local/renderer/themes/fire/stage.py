"""A still picture under two lights, the sky's and a fire's, kept apart so that the fire alone can flicker."""

from dataclasses import dataclass

import numpy as np

from local.renderer.canvas import Field


@dataclass(frozen=True)
class Stage:
    """What the sky lights and what the fire lights, planar light (3, height, width) both; painted on in place."""

    cool: Field
    warm: Field

    def lay(self, cover: Field, cool: Field, warm: Field) -> None:
        """Put a thing before all that is there: `cover` (height, width), 0 to 1, and its light in both parts."""
        self.cool[:] += (cool - self.cool) * cover
        self.warm[:] += (warm - self.warm) * cover

    def window(self, rows: slice, columns: slice) -> "Stage":
        """A part of the picture; what is laid there is laid here."""
        return Stage(self.cool[:, rows, columns], self.warm[:, rows, columns])

    def at(self, phase: float) -> Field:
        """The picture at `phase`, a fresh array: the fire flickers a little, in whole turns of two speeds."""
        flicker = 1 + 0.055 * np.sin(6 * np.pi * phase) + 0.035 * np.sin(10 * np.pi * phase + 1.9)
        lit = self.warm * np.float32(flicker)
        lit += self.cool
        return lit


def falloff(away: Field, reach: float) -> Field:
    """Light at a distance from a fire: 1 in it, a third at `reach`, then falling faster, as a low fire's does."""
    return 1 / (1 + (away * np.float32(1 / reach)) ** 2) ** 1.5
