"""The `abstract` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.abstract import paper, ribbons
from local.renderer.words import vocabulary

THEME = Theme(
    name="abstract",
    words=vocabulary(
        "abstract shape colour color pattern geometry geometric circle square triangle line curve spiral gradient "
        "texture ribbon paper art artist painting design music song melody rhythm dance piano violin math number "
        "idea emotion code algorithm"
    ),
    variants={"ribbons": ribbons.scene, "paper": paper.scene},
    leanings={
        "ribbons": vocabulary(
            "ribbon curve gradient music song melody rhythm dance piano violin emotion silk flow"
        ),
        "paper": vocabulary(
            "paper shape circle square triangle geometry geometric spiral pattern math number code algorithm"
        ),
    },
)
