"""What a theme is. Pure: a name, the words that call for it, and how its scene is laid out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from local.renderer.canvas import Canvas, Field

Painter: TypeAlias = Callable[[float], Field]
"""Phase of the loop (0 to 1) to planar linear light (3, height, width), a fresh array each time."""


@dataclass(frozen=True)
class Theme:
    """`words` are lower case and singular.

    `scene` draws everything random at once, in an order and number that do not depend on the canvas, so that
    one seed shows one scene at every size.
    """

    name: str
    words: frozenset[str]
    scene: Callable[[Canvas, np.random.Generator], Painter]


def vocabulary(words: str) -> frozenset[str]:
    """The words of a list written out with spaces."""
    return frozenset(words.split())
