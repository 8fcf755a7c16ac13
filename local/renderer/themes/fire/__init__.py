"""The `fire` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.fire import campfire, volcano
from local.renderer.words import vocabulary

THEME = Theme(
    name="fire",
    words=vocabulary(
        "fire flame campfire bonfire hearth fireplace ember spark blaze burn torch candle ash smoke "
        "volcano lava magma eruption erupt dragon phoenix inferno hell forge blacksmith furnace coal "
        "camp camping scout ignite firefighter"
    ),
    variants={"campfire": campfire.scene, "volcano": volcano.scene},
    leanings={
        "campfire": vocabulary(
            "campfire bonfire hearth fireplace camp camping torch candle scout wood log ember spark"
        ),
        "volcano": vocabulary("volcano lava magma eruption erupt inferno hell ash mountain"),
    },
)
