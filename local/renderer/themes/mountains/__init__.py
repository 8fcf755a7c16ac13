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
)
