"""Colours of a sky, and the sky made of them, as both scenes of `nature` hang it."""

from dataclasses import dataclass

from local.renderer.painting.colour import even_ramp, plane
from local.renderer.scenery.sky import Sky, air_ramp


@dataclass(frozen=True)
class Heaven:
    """Colours of a sky: `air` from horizon to zenith, `cloud` from shaded to lit, sun or moon and its glow.

    `stars` is their brightness.
    """

    air: tuple[str, ...]
    cloud: tuple[str, ...]
    orb: str
    glow: str
    stars: float = 0.0

    def sky(self, *, horizon: float, orb_u: float, orb_up: float, orb_radius: float) -> Sky:
        """The sky of these colours; places and sizes as `Sky` has them."""
        return Sky(
            air=air_ramp(self.air, 1.3),
            cloud=even_ramp(self.cloud),
            orb=plane(self.orb),
            glow=plane(self.glow),
            horizon=horizon,
            orb_u=orb_u,
            orb_up=orb_up,
            orb_radius=orb_radius,
        )
