"""The `desert` theme."""

from local.renderer.theme import Theme
from local.renderer.themes.desert import dunes, mesa
from local.renderer.words import vocabulary

THEME = Theme(
    name="desert",
    words=vocabulary(
        "desert dune sand camel caravan cactus oasis sahara canyon mesa nomad bedouin pyramid egypt egyptian "
        "pharaoh sphinx mummy scorpion mirage cowboy arizona savanna savannah arid drought wasteland"
    ),
    variants={"dunes": dunes.scene, "mesa": mesa.scene},
    leanings={
        "dunes": vocabulary(
            "dune sand camel caravan oasis sahara nomad bedouin pyramid egypt egyptian pharaoh sphinx mummy mirage"
        ),
        "mesa": vocabulary("mesa canyon cactus cowboy arizona rock coyote western milky"),
    },
)
