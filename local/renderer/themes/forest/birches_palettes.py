"""The seasons and hours a birch wood can be seen in: colours, and what falls from trees or sky. Data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours from shade to light: `air` from the horizon up, `bark` and its `marks`, `leaves`, `ground`, the
    `trodden` path, and the sun's `glow`; what is `falling`, its `size` and how far it falls in a loop (short
    sides), and how `dense` (0 to 1).
    """

    tags: frozenset[str]
    air: tuple[str, ...]
    glow: str
    bark: tuple[str, ...]
    marks: str
    leaves: tuple[str, ...]
    ground: tuple[str, ...]
    trodden: tuple[str, ...]
    falling: tuple[str, ...]
    size: float
    fall: float
    dense: float


PALETTES = (
    Palette(
        tags=frozenset({"autumn", "gold", "red", "day"}),
        air=("ffe6b0", "f8cc90", "e8b888", "b8a8a0"),
        glow="ffd890",
        bark=("4a3c48", "94847c", "dccab0", "fff4dc"),
        marks="33242c",
        leaves=("6a2c1c", "c05a20", "f0a030", "ffdc70"),
        ground=("4a2418", "98501f", "d08a38", "f4c870"),
        trodden=("5a3c30", "94704e", "d0ac7c", "f8e0ac"),
        falling=("f0a030", "e07028", "ffd060"),
        size=0.012,
        fall=0.5,
        dense=0.3,
    ),
    Palette(
        tags=frozenset({"summer", "green", "day"}),
        air=("f4fad0", "d4ecb0", "a8d8b0", "88c0c8"),
        glow="fff4b8",
        bark=("3c4a48", "84988c", "d4dcc8", "fffdf0"),
        marks="26302c",
        leaves=("1c4c24", "3f8c30", "90c844", "e8f488"),
        ground=("1c4420", "3f7a2c", "84b044", "d0e080"),
        trodden=("4c4428", "847850", "c0b47c", "f4ecb8"),
        falling=("d8f090", "fff8c0"),
        size=0.005,
        fall=0.2,
        dense=0.25,
    ),
    Palette(
        tags=frozenset({"spring", "pink", "dawn"}),
        air=("fff0dc", "f8dcd8", "e0cce4", "b0b8e0"),
        glow="ffe4c0",
        bark=("4c4058", "94889c", "dcd0d8", "fffaf8"),
        marks="382c3c",
        leaves=("8c4468", "d07c9c", "f8b4c4", "fff0ec"),
        ground=("2c5438", "5c9050", "a0c474", "f0ecb4"),
        trodden=("604c50", "a08480", "dcbcb0", "fff0e0"),
        falling=("ffc8d4", "fff0f0", "f8a8bc"),
        size=0.009,
        fall=0.4,
        dense=0.35,
    ),
    Palette(
        tags=frozenset({"winter", "blue", "mist"}),
        air=("ecc4ac", "b4b0d0", "6c8cc4", "305ca4"),
        glow="f0c4a0",
        bark=("2c3858", "74809c", "c4cce0", "fff8f0"),
        marks="1c2438",
        leaves=("3c5490", "6c8cc4", "b8ccec", "ffffff"),
        ground=("6078b4", "a8bee4", "dce8f8", "fffaf0"),
        trodden=("5068a8", "8ca0d0", "c4d0ea", "f8f0f0"),
        falling=("ffffff", "e8f0ff"),
        size=0.005,
        fall=0.45,
        dense=0.6,
    ),
    Palette(
        tags=frozenset({"night", "violet", "blue"}),
        air=("a8c8e0", "6c94c4", "3c5c98", "1c2c60"),
        glow="c8e0f8",
        bark=("1c2448", "445480", "8ca0c4", "e0ecfc"),
        marks="10142c",
        leaves=("0c2440", "1f4868", "4c84a0", "b0dce0"),
        ground=("0c1c38", "1c3c5c", "447498", "a0ccd8"),
        trodden=("18244c", "3c4c7c", "7488b4", "c8d8f0"),
        falling=("90c8e0", "d0ecff"),
        size=0.008,
        fall=0.35,
        dense=0.15,
    ),
    Palette(
        tags=frozenset({"dusk", "storm", "red", "autumn"}),
        air=("ffb878", "e08478", "8c6488", "3c3c68"),
        glow="ffa860",
        bark=("2c2038", "6c5464", "b8948c", "fcdcb8"),
        marks="1c1424",
        leaves=("3c1828", "8c3430", "d0643c", "ffb464"),
        ground=("2c1828", "643434", "a8603c", "f0a860"),
        trodden=("382838", "745460", "b48c7c", "f4d0a0"),
        falling=("e0743c", "c0482c", "ffb464"),
        size=0.012,
        fall=0.6,
        dense=0.35,
    ),
)
