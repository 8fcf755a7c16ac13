"""What a theme is. Pure: a name, the words that call for it, and the scenes it can show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from local.renderer.brief import Brief
from local.renderer.canvas import Canvas, Field

Painter: TypeAlias = Callable[[float], Field]
"""Phase of the loop (0 to 1) to planar linear light (3, height, width), a fresh array each time."""

Scene: TypeAlias = Callable[[Canvas, np.random.Generator, Brief], Painter]
"""Lays a scene out. It draws everything random at once, in an order and number that depend neither on the
canvas nor on the brief, so that one seed shows one scene at every size and in every mood.
"""


@dataclass(frozen=True)
class Theme:
    """`words` are lower case and singular; `variants` are its scenes by name, in the order of a contact sheet.

    `leanings` are words that call for one of the scenes, once the theme is chosen.
    """

    name: str
    words: frozenset[str]
    variants: Mapping[str, Scene]
    leanings: Mapping[str, frozenset[str]]
