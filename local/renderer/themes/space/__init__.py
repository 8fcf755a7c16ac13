"""The `space` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.space import low_orbit, nebula
from local.renderer.words import vocabulary

THEME = Theme(
    name="space",
    words=vocabulary(
        "space star galaxy planet moon cosmos cosmic universe astronaut rocket nebula comet asteroid orbit "
        "spaceship alien meteor constellation mars saturn jupiter interstellar starship satellite"
    ),
    variants={"nebula": nebula.scene, "low_orbit": low_orbit.scene},
    leanings={
        "nebula": vocabulary("nebula galaxy constellation cosmos cosmic universe comet interstellar meteor"),
        "low_orbit": vocabulary(
            "earth orbit astronaut rocket satellite station spaceship starship moon planet mars"
        ),
    },
)
