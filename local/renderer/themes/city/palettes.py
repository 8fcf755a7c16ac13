"""The hours at which `city` is seen: one set of colours for all its scenes. It paints nothing but the sky."""

from dataclasses import dataclass

from local.renderer.painting.colour import even_ramp, plane
from local.renderer.scenery.sky import Sky, air_ramp


@dataclass(frozen=True)
class Palette:
    """Colours of a time: `air` from horizon to zenith, `cloud` from shaded to lit, `haze` over the roofs, `far`
    and `near` towers, `walls` and `roofs` of houses, windows `warm` and `cold`. `awake` is the share of windows
    lit, `stars` their brightness.
    """

    tags: frozenset[str]
    air: tuple[str, ...]
    cloud: tuple[str, ...]
    orb: str
    glow: str
    haze: str
    far: str
    near: str
    walls: tuple[str, ...]
    roofs: tuple[str, ...]
    warm: str
    cold: str
    awake: float
    stars: float


_BLUE_HOUR = Palette(
    tags=frozenset({"dusk", "blue", "spring"}),
    air=("ffb27a", "e88a86", "9a73a8", "4f5fa8", "2a4690", "182f6e"),
    cloud=("2a3a78", "5a5a9a", "b87a9a", "f6b08a"),
    orb="fff0d8",
    glow="ff9a6a",
    haze="ff9d78",
    far="5f6aa0",
    near="141c40",
    walls=("5a527e", "6e5a7e", "4a4a78", "7a6480"),
    roofs=("4a2f52", "3a3560", "5e3a52", "2e3058"),
    warm="ffc374",
    cold="cfe0ff",
    awake=0.62,
    stars=0.0,
)
_NIGHT = Palette(
    tags=frozenset({"night", "winter", "blue"}),
    air=("4a6a9a", "2a4a80", "183463", "0e2147", "081532", "050d24"),
    cloud=("0c1730", "22365c", "4f6488", "a8b4cc"),
    orb="f2f5ff",
    glow="8fb0e0",
    haze="5f86b8",
    far="243e6a",
    near="060c1e",
    walls=("26365c", "2e3a5c", "202f54", "35405f"),
    roofs=("8fa6cc", "7f98c4", "9db2d4", "7088b6"),
    warm="ffb868",
    cold="bfe0ff",
    awake=0.72,
    stars=1.0,
)
_AMBER = Palette(
    tags=frozenset({"dusk", "autumn", "gold", "red", "summer"}),
    air=("ffc060", "f5874c", "c9506a", "74387c", "34265f", "191a45"),
    cloud=("2e1f52", "7a3568", "e0645a", "ffb474"),
    orb="ffeab8",
    glow="ff8a3a",
    haze="ff8f4e",
    far="8a4668",
    near="170f2c",
    walls=("7a4a50", "8a584c", "683f50", "94664e"),
    roofs=("5c2a30", "48243a", "70352e", "3a2038"),
    warm="ffcb7a",
    cold="ffe6cf",
    awake=0.5,
    stars=0.0,
)
_VIOLET = Palette(
    tags=frozenset({"night", "violet", "pink"}),
    air=("ff8f86", "cf5f92", "74479e", "3a3588", "1a2464", "0d1440"),
    cloud=("1a1a4c", "42347e", "a0508e", "f09a94"),
    orb="ffe6ee",
    glow="b06ca8",
    haze="b4628a",
    far="54398a",
    near="0d0a28",
    walls=("4a356e", "553a6c", "3c3068", "62426c"),
    roofs=("33224f", "272250", "432850", "1e1c48"),
    warm="ffbf8a",
    cold="8fe4ff",
    awake=0.72,
    stars=0.5,
)
_MORNING = Palette(
    tags=frozenset({"dawn", "day", "mist"}),
    air=("ffe3bf", "ffc9b0", "e6a8bd", "a898cc", "6f8cc8", "4669b0"),
    cloud=("8f86b4", "cda4bc", "f8c4b0", "ffeacd"),
    orb="fff5dc",
    glow="ffcf98",
    haze="ffdcc0",
    far="8f84b4",
    near="2c3462",
    walls=("c8a8a4", "dcc0a8", "b49aa8", "e4cdb8"),
    roofs=("b0685c", "9a5c66", "c07c62", "84586e"),
    warm="ffdf9a",
    cold="fff1dc",
    awake=0.3,
    stars=0.0,
)
_TEAL = Palette(
    tags=frozenset({"storm", "green", "mist", "night"}),
    air=("a4d0b0", "56a094", "266670", "123e4e", "0a2634", "04141f"),
    cloud=("081a24", "1e444e", "68a096", "d0e8c4"),
    orb="f4ffe8",
    glow="b4e6c8",
    haze="84b49a",
    far="255258",
    near="04121a",
    walls=("2a5058", "335a58", "244650", "3e635c"),
    roofs=("173842", "122f3c", "1f443f", "0e2834"),
    warm="ffc46e",
    cold="d0fff0",
    awake=0.72,
    stars=0.2,
)
PALETTES = (_BLUE_HOUR, _NIGHT, _AMBER, _VIOLET, _MORNING, _TEAL)


def sky_at(palette: Palette, *, horizon: float, orb: tuple[float, float], radius: float) -> Sky:
    """The sky over a level `horizon`; `orb` is where sun or moon stand: a fraction of the width, and short sides
    over the horizon.
    """
    return Sky(
        air=air_ramp(palette.air, 1.25),
        cloud=even_ramp(palette.cloud),
        orb=plane(palette.orb),
        glow=plane(palette.glow),
        horizon=horizon,
        orb_u=orb[0],
        orb_up=orb[1],
        orb_radius=radius,
    )
