"""The `dream` theme, for texts that call for nothing else."""

from local.renderer.theme import Theme
from local.renderer.themes.dream import islands, silk
from local.renderer.words import vocabulary

THEME = Theme(
    name="dream",
    words=frozenset(),
    variants={"silk": silk.scene, "islands": islands.scene},
    leanings={
        "silk": vocabulary("moon night sleep sea wave silk light"),
        "islands": vocabulary("island cloud balloon sky fly castle float garden tree heaven"),
    },
)
