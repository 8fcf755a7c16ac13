"""The `dream` theme, for texts that call for nothing else."""

from local.renderer.theme import Theme
from local.renderer.themes.dream import islands, silk

THEME = Theme(
    name="dream",
    words=frozenset(),
    variants={"silk": silk.scene, "islands": islands.scene},
)
