"""The `rain` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.rain import pond, window
from local.renderer.words import vocabulary

THEME = Theme(
    name="rain",
    words=vocabulary(
        "rain rainy rainfall raindrop drizzle downpour shower storm stormy thunder thunderstorm lightning "
        "monsoon umbrella raincoat puddle pond lily frog duck willow reed wet soaked damp drip droplet splash "
        "cloudburst gutter"
    ),
    variants={"window": window.scene, "pond": pond.scene},
    leanings={
        "window": vocabulary("window city street car umbrella bus train glass room home"),
        "pond": vocabulary("pond lily frog duck willow reed lake splash fish leaf"),
    },
)
