"""The `mountains` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.mountains import ranges, summit
from local.renderer.words import vocabulary

THEME = Theme(
    name="mountains",
    words=vocabulary(
        "mountain peak summit snow snowy winter alp alpine hill highland ridge cliff climb climber hike hiker "
        "glacier avalanche valley eagle goat shepherd ski skier everest himalaya tarn lake crag plateau"
    ),
    variants={"summit": summit.scene, "ranges": ranges.scene},
    leanings={
        "summit": vocabulary(
            "summit peak climb climber snow snowy glacier avalanche everest tarn lake mirror ski skier"
        ),
        "ranges": vocabulary("valley ridge hill highland eagle bird hike hiker shepherd goat horizon"),
    },
)
