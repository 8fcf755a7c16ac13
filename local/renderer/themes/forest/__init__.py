"""The `forest` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.forest import birches, mist
from local.renderer.words import vocabulary

THEME = Theme(
    name="forest",
    words=vocabulary(
        "forest wood tree jungle leaf fox deer wolf bear owl rabbit squirrel fairy elf hedgehog mushroom "
        "moss fern firefly branch oak pine grove glade witch cabin trail"
    ),
    variants={"mist": mist.scene, "birches": birches.scene},
    leanings={
        "mist": vocabulary("firefly fairy elf witch owl wolf moss fern mushroom dark magic glade jungle"),
        "birches": vocabulary("trail path birch leaf deer rabbit squirrel fox hedgehog walk child"),
    },
)
