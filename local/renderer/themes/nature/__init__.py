"""The `nature` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.nature import meadow, seasons
from local.renderer.words import vocabulary

THEME = Theme(
    name="nature",
    words=vocabulary(
        "nature meadow flower garden spring summer autumn season blossom bloom petal rose tulip daisy poppy "
        "sunflower lavender dandelion grass field butterfly bee ladybird ladybug bird orchard cherry farm sheep "
        "lamb picnic swing countryside breeze"
    ),
    variants={"meadow": meadow.scene, "seasons": seasons.scene},
    leanings={
        "meadow": vocabulary(
            "meadow flower garden rose tulip daisy poppy sunflower lavender dandelion butterfly "
            "bee ladybird ladybug grass field picnic"
        ),
        "seasons": vocabulary("tree season blossom petal orchard cherry swing maple leaf snow"),
    },
)
