"""The seasons of the tree: colours, leaves and what falls. Data."""

from dataclasses import dataclass

from local.renderer.themes.nature.heaven import Heaven


@dataclass(frozen=True)
class Palette:
    """A tree in a season. `hills` from the farthest to the nearest, `grass` from its foot to its lit tips, `bark`
    and `leaves` from shaded to lit. `full` is the share of leaves it bears and `falls` that of those that fall.
    """

    heaven: Heaven
    hills: tuple[str, str]
    grass: tuple[str, str]
    bark: tuple[str, str]
    leaves: tuple[str, ...]
    full: float
    falls: float
    tags: frozenset[str]


_CHERRY = Palette(
    heaven=Heaven(
        air=("ffe8dc", "ffd4d0", "f4c8dc", "cfc0e8", "a4b4ec", "7c9ce0"),
        cloud=("b8a4cc", "e4bccc", "ffdcd4", "fff6ec"),
        orb="fff6e4",
        glow="ffd8c0",
    ),
    hills=("a4b8e0", "84bc78"),
    grass=("28481c", "b4d46c"),
    bark=("2a1418", "9a6458"),
    leaves=("8c3a64", "c4608c", "ec8cb0", "fbb8cc", "ffe4e8"),
    full=1.0,
    falls=0.8,
    tags=frozenset({"spring", "pink", "dawn"}),
)
_OAK = Palette(
    heaven=Heaven(
        air=("e8f4f0", "c4e4f0", "90c8ee", "60a8e4", "4490d8", "3478c8"),
        cloud=("a4b8d0", "d4e0ec", "f4f6f8", "ffffff"),
        orb="fffbe8",
        glow="fff4d0",
    ),
    hills=("84b8d8", "5ca85c"),
    grass=("143c0c", "98cc40"),
    bark=("20180c", "84664a"),
    leaves=("0c300c", "1c5c18", "3c8c28", "78b83c", "c8e470"),
    full=1.0,
    falls=0.25,
    tags=frozenset({"summer", "green", "day", "blue"}),
)
_MAPLE = Palette(
    heaven=Heaven(
        air=("ffd890", "ffb070", "ee8868", "b8708c", "786ca4", "4c5c9c"),
        cloud=("6c5484", "b8707c", "f49a6c", "ffd498"),
        orb="fff0c8",
        glow="ffb060",
    ),
    hills=("a87488", "98604c"),
    grass=("301808", "d0a040"),
    bark=("1c0c08", "8c5430"),
    leaves=("5c1010", "9c2414", "d84c18", "f48428", "ffc850"),
    full=1.0,
    falls=0.7,
    tags=frozenset({"autumn", "red", "dusk"}),
)
_GINKGO = Palette(
    heaven=Heaven(
        air=("fff0c4", "f8dca4", "d8d0a8", "9cbcb4", "6ca0ac", "44809c"),
        cloud=("7c94a0", "b4b8a4", "f0dca8", "fff8dc"),
        orb="fff8dc",
        glow="ffdc90",
    ),
    hills=("84a8a8", "8c9c5c"),
    grass=("30300c", "dcc850"),
    bark=("1c140c", "84603e"),
    leaves=("6c4008", "a87010", "e0a41c", "f8cc3c", "fff08c"),
    full=1.0,
    falls=0.7,
    tags=frozenset({"autumn", "gold", "day"}),
)
_FROST = Palette(
    heaven=Heaven(
        air=("fce4d8", "f0d4e0", "ccc8ec", "9cb4e8", "709cdc", "5080c8"),
        cloud=("8c9cc8", "bcc4e4", "f0d8e0", "fff4ec"),
        orb="fff4e4",
        glow="ffd8c4",
    ),
    hills=("a0b4dc", "b8c8e8"),
    grass=("7c94c4", "f0f4fc"),
    bark=("262640", "7c80a4"),
    leaves=("5c70a4", "8ca4d0", "bccff0", "e0eaf8", "fbfcff"),
    full=0.65,
    falls=0.9,
    tags=frozenset({"winter", "mist", "blue"}),
)
_WISTERIA = Palette(
    heaven=Heaven(
        air=("8c9cd0", "6474b8", "445098", "2c3478", "1c2058", "10123c"),
        cloud=("1c2050", "40488c", "8890c8", "c8ccec"),
        orb="fcf6ec",
        glow="a8b0ec",
        stars=1.0,
    ),
    hills=("4c5898", "344878"),
    grass=("080c1c", "486c7c"),
    bark=("080818", "4c4678"),
    leaves=("241c5c", "483c98", "7860cc", "a88cec", "dcc8ff"),
    full=1.0,
    falls=0.6,
    tags=frozenset({"night", "violet"}),
)
PALETTES = (_CHERRY, _OAK, _MAPLE, _GINKGO, _FROST, _WISTERIA)
