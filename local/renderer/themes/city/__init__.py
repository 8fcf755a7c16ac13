"""The `city` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.city import rooftops, skyline
from local.renderer.words import vocabulary

THEME = Theme(
    name="city",
    words=vocabulary(
        "city street town neon skyline skyscraper tower building rooftop roof house window bridge traffic car "
        "taxi train subway metro bus downtown avenue urban village lamp lantern cafe shop market apartment chimney"
    ),
    variants={"skyline": skyline.scene, "rooftops": rooftops.scene},
    leanings={
        "skyline": vocabulary(
            "skyline skyscraper tower bridge downtown neon harbour harbor river boat metro subway"
        ),
        "rooftops": vocabulary(
            "rooftop roof village town house cat lamp lantern chimney market church lane cafe apartment window"
        ),
    },
)
