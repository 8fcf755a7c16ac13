"""The `ocean` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.ocean import open_sea, reef
from local.renderer.words import vocabulary

THEME = Theme(
    name="ocean",
    words=vocabulary(
        "ocean sea wave whale fish dolphin shark swim sail ship boat island beach surf coral reef tide "
        "sailor mermaid octopus underwater harbour harbor lighthouse pirate coast shore captain water"
    ),
    variants={"open_sea": open_sea.scene, "reef": reef.scene},
    leanings={
        "open_sea": vocabulary(
            "ship boat sail sailor captain pirate lighthouse island beach coast shore surf harbour harbor storm"
        ),
        "reef": vocabulary(
            "reef coral fish octopus mermaid underwater dolphin shark whale turtle dive diver swim deep"
        ),
    },
)
