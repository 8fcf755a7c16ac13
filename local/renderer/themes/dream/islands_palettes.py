"""The hours and seasons in which the floating islands can be seen, as colours. Data."""

from dataclasses import dataclass

from local.renderer.themes.dream.island import Stuff


@dataclass(frozen=True)
class Palette:
    """Colours: `air` from zenith to horizon, `cloud` from shade to light, sun or moon (`orb`), what islands are
    made of, a balloon's `cloth`, a `lamp`. How bright `lamps` and `stars` are: 1 by night.
    """

    tags: frozenset[str]
    air: tuple[str, ...]
    cloud: tuple[str, ...]
    orb: str
    stuff: Stuff
    cloth: tuple[str, str]
    lamp: str
    lamps: float
    stars: float


PALETTES = (
    Palette(
        tags=frozenset({"dawn", "pink", "spring"}),
        air=("3f6fb8", "7fa8dc", "c8c4e4", "f8cfd0", "ffe4c4"),
        cloud=("7468b0", "bc9cc8", "f4c4c4", "fff0dc"),
        orb="fff4dc",
        stuff=Stuff(
            rock=("3c3250", "6f5a78", "a88a8a", "e8c4a8"),
            meadow=("3f6a50", "6fa060", "b4d080", "f4f0b0"),
            leaves=("8a4a78", "c8709a", "f0a4bc", "ffe0e0"),
            trunk="4a3038",
        ),
        cloth=("e86a6a", "fff0dc"),
        lamp="ffd890",
        lamps=0.6,
        stars=0.0,
    ),
    Palette(
        tags=frozenset({"day", "blue", "green", "summer"}),
        air=("1f6fc0", "3f94dc", "7fc0ec", "bfe2f2", "eef6ec"),
        cloud=("4f7cb8", "8fb4dc", "d4e6f2", "ffffff"),
        orb="fff8e0",
        stuff=Stuff(
            rock=("2e2a3c", "5c5064", "94806f", "d0b490"),
            meadow=("2f5a3a", "5f9a4a", "a8cf6a", "e4ee9a"),
            leaves=("1c4a3c", "2f7a48", "6fb054", "c8dc78"),
            trunk="4a3428",
        ),
        cloth=("e8604a", "ffd870"),
        lamp="fff0c0",
        lamps=0.35,
        stars=0.0,
    ),
    Palette(
        tags=frozenset({"dusk", "gold", "red", "autumn"}),
        air=("3a3a80", "7a5090", "d07080", "f8a068", "ffd894"),
        cloud=("5a3f78", "a05a80", "f0906c", "ffdca0"),
        orb="ffe8b0",
        stuff=Stuff(
            rock=("2c2038", "5a3c4c", "9a6450", "e8ac70"),
            meadow=("4a4a38", "8a7a40", "d0a850", "ffe090"),
            leaves=("5a2430", "a84a34", "e08a40", "ffd080"),
            trunk="382028",
        ),
        cloth=("c84a58", "ffcf80"),
        lamp="ffcf7a",
        lamps=1.0,
        stars=0.2,
    ),
    Palette(
        tags=frozenset({"night", "blue", "winter"}),
        air=("060a24", "0e1c48", "204078", "4a74a8", "94b4cc"),
        cloud=("14224c", "30508c", "7098c0", "d4e4f0"),
        orb="f4f8ff",
        stuff=Stuff(
            rock=("0c1228", "1c2a4c", "3f5a80", "8cacc8"),
            meadow=("123040", "26585c", "5a9490", "b0d4d0"),
            leaves=("0a2438", "184858", "3c7c84", "98c8c8"),
            trunk="0c1424",
        ),
        cloth=("8a5ab0", "f0c890"),
        lamp="ffc870",
        lamps=1.5,
        stars=1.0,
    ),
    Palette(
        tags=frozenset({"dusk", "violet", "mist", "storm"}),
        air=("241a54", "4c3484", "8858ac", "d08cc0", "f8c8d4"),
        cloud=("4a3a84", "8464b0", "cc98cc", "fbdcec"),
        orb="fff0f4",
        stuff=Stuff(
            rock=("201a40", "443868", "7a6490", "c8a4c4"),
            meadow=("1f4a5c", "3f8484", "84bca0", "d4e8c0"),
            leaves=("2c2a68", "5450a0", "9880cc", "e4c4f0"),
            trunk="241a3c",
        ),
        cloth=("f09ab0", "fff0e0"),
        lamp="ffe0a0",
        lamps=1.0,
        stars=0.6,
    ),
)
