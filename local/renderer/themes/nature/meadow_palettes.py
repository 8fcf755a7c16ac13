"""The hours of the meadow: colours and flowers. Data."""

from dataclasses import dataclass

from local.renderer.painting.colour import linear
from local.renderer.themes.nature.flowers import Clock, Cup, Flower, Head, Spike
from local.renderer.themes.nature.heaven import Heaven


@dataclass(frozen=True)
class Palette:
    """A meadow at an hour. `hills` from the farthest to its own ground, `grass` from its foot to its lit tips;
    `flowers` from the commonest to the rarest; `mote` is the light of what drifts, `wing` that of
    butterflies.
    """

    heaven: Heaven
    hills: tuple[str, str, str, str]
    grass: tuple[str, str]
    flowers: tuple[Flower, ...]
    mote: str
    wing: str
    tags: frozenset[str]


def _daisy(petal: str, heart: str) -> Head:
    return Head(petals=15, notch=0.3, core=0.3, petal=linear(petal), heart=linear(heart))


def _buttercup(petal: str, heart: str) -> Head:
    return Head(petals=5, notch=0.24, core=0.28, petal=linear(petal), heart=linear(heart), wide=0.75)


def _aster(petal: str, heart: str) -> Head:
    return Head(petals=9, notch=0.55, core=0.24, petal=linear(petal), heart=linear(heart), wide=0.95)


def _poppy(petal: str, heart: str) -> Cup:
    return Cup(linear(petal), linear(heart))


def _lupin(petal: str, tip: str) -> Spike:
    return Spike(linear(petal), linear(tip))


_GOLDEN = Palette(
    heaven=Heaven(
        air=("ffe2a0", "ffc88a", "f4b48c", "c9a9b0", "8fa3c4", "6d8fc0"),
        cloud=("b08fa0", "e0a890", "ffd0a0", "fff0cc"),
        orb="fff4d0",
        glow="ffc070",
    ),
    hills=("d9b79a", "b8a46c", "8f9a48", "6f8a34"),
    grass=("16240c", "c6c84a"),
    flowers=(
        _poppy("f0301c", "2a0a0a"),
        _daisy("fff2dc", "f0a818"),
        _poppy("f4481e", "2a0a0a"),
        _aster("6a6ad8", "3a2a6a"),
        Clock(linear("fff0cc")),
    ),
    mote="ffe8b0",
    wing="ffb43c",
    tags=frozenset({"dusk", "gold", "summer", "red"}),
)
_BRIGHT = Palette(
    heaven=Heaven(
        air=("e4f0f4", "c0e0f2", "8cc4ec", "5ba4e0", "3f88d2", "2f70c0"),
        cloud=("9fb4d0", "d0dcea", "f2f4f6", "ffffff"),
        orb="fffbe8",
        glow="fff0c0",
    ),
    hills=("a0bcd0", "7faa90", "6aa458", "5c9c3a"),
    grass=("143008", "a4d04a"),
    flowers=(
        _daisy("ffffff", "ffc020"),
        _poppy("f0302a", "200808"),
        _buttercup("ffd81e", "e09a10"),
        _aster("4a7af0", "2a3a90"),
        _daisy("ffd4e4", "ffc020"),
    ),
    mote="ffffff",
    wing="fff4b0",
    tags=frozenset({"day", "blue", "green", "spring", "summer"}),
)
_ROSY = Palette(
    heaven=Heaven(
        air=("ffe0d0", "ffcccc", "f2bcd0", "cdb4dc", "a4aae0", "8098d4"),
        cloud=("b09cc4", "dcb0c4", "ffd0c4", "fff0e0"),
        orb="fff6e4",
        glow="ffd0b0",
    ),
    hills=("d4bcd0", "b0a8b0", "8ea880", "74985c"),
    grass=("1a2c1c", "b0cc80"),
    flowers=(
        _aster("f07cb0", "ffd060"),
        _daisy("fff0f4", "f4b840"),
        _poppy("f08aa8", "7a2a50"),
        _lupin("c068c8", "f0c0e8"),
        _buttercup("fff09a", "e0a840"),
    ),
    mote="fff0e8",
    wing="9cc4ff",
    tags=frozenset({"dawn", "pink", "spring"}),
)
_LAVENDER = Palette(
    heaven=Heaven(
        air=("ffb080", "f08888", "c46c9c", "8458a4", "4c4490", "2c3070"),
        cloud=("4a3a78", "8a5090", "e07c8c", "ffbc94"),
        orb="ffe8c0",
        glow="ff8a60",
        stars=0.35,
    ),
    hills=("a4709c", "805e90", "6a527e", "66547c"),
    grass=("0c1024", "6a9a80"),
    flowers=(
        _lupin("7a58e0", "c8a0ff"),
        _lupin("a050d0", "f0a8e0"),
        _aster("b878f0", "ffd080"),
        _poppy("e84a6a", "30081c"),
        _daisy("f4dcec", "f0b040"),
    ),
    mote="ffd0a0",
    wing="ffc060",
    tags=frozenset({"dusk", "violet", "summer"}),
)
_MOONLIT = Palette(
    heaven=Heaven(
        air=("6a94b0", "3f6c98", "28507f", "183664", "0e2248", "081432"),
        cloud=("16284a", "2f4c74", "6f90b4", "b8cce0"),
        orb="f0f6ff",
        glow="80a8d8",
        stars=1.0,
    ),
    hills=("3c6484", "2a4c68", "1c3c48", "16323a"),
    grass=("03090e", "3c6c68"),
    flowers=(
        _daisy("d4e4f4", "c8b070"),
        _aster("7a94e8", "c8c0f0"),
        _lupin("5a68c8", "a8b8f4"),
        _daisy("b8d0f0", "b0a070"),
        Clock(linear("d0e0f4")),
    ),
    mote="e8ffa0",
    wing="9ab4e8",
    tags=frozenset({"night", "blue"}),
)
_HARVEST = Palette(
    heaven=Heaven(
        air=("f8e4bc", "f0cc94", "d8b898", "a8acb0", "7c9cb4", "5c84a8"),
        cloud=("8c8890", "c8ac94", "f0d0a0", "fff0d0"),
        orb="fff6dc",
        glow="ffd088",
    ),
    hills=("c4a88c", "b08a58", "a0742c", "8c6424"),
    grass=("241408", "d8a848"),
    flowers=(
        _aster("8a4ab0", "f0c040"),
        _daisy("f0c030", "5a2c10"),
        _poppy("d8481c", "30100a"),
        _aster("c03c58", "f0c040"),
        Clock(linear("fff0d8")),
    ),
    mote="fff0c8",
    wing="ff8a3c",
    tags=frozenset({"autumn", "gold"}),
)
PALETTES = (_GOLDEN, _BRIGHT, _ROSY, _LAVENDER, _MOONLIT, _HARVEST)
