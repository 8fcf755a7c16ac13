"""The `aurora` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.aurora import fjord, valley
from local.renderer.words import vocabulary

THEME = Theme(
    name="aurora",
    words=vocabulary(
        "aurora borealis polar arctic antarctic north northern lapland greenland iceland norway finland siberia "
        "alaska fjord reindeer sled sledge husky igloo inuit tundra penguin walrus iceberg ice frost santa yeti"
    ),
    variants={"valley": valley.scene, "fjord": fjord.scene},
    leanings={
        "valley": vocabulary("cabin village snow reindeer sled sledge husky santa forest tundra lapland"),
        "fjord": vocabulary(
            "fjord lake water mirror reflection iceberg penguin walrus ship boat norway iceland greenland"
        ),
    },
)
