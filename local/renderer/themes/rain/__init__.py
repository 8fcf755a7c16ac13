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
)
