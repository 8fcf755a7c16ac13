"""What a text asks of a scene beside its theme: hour, season, weather, colours, and how much moves. Pure.

A scene offers what it can be (palettes, mostly), each with tags; a brief chooses among them. Chance is drawn
alike whatever the text says, so that the same seed keeps its composition when a word changes only the mood.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, TypeVar

import numpy as np

from local.renderer.words import forms, vocabulary

CALM, USUAL, WILD = 0.6, 1.0, 1.8
"""Energies: how far and how fast things move, against what is usual for the scene."""

_TAGS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "dawn": vocabulary("dawn sunrise morning daybreak"),
        "day": vocabulary("day noon midday daylight sunny sunlight sunshine afternoon"),
        "dusk": vocabulary("dusk sunset evening twilight"),
        "night": vocabulary("night midnight moonlight moonlit starlight starry nightfall dark darkness"),
        "spring": vocabulary("spring april blossom bloom"),
        "summer": vocabulary("summer july heat hot"),
        "autumn": vocabulary("autumn fall october harvest"),
        "winter": vocabulary("winter snow snowy ice icy frost frozen cold december christmas"),
        "storm": vocabulary("storm stormy thunder lightning tempest hurricane blizzard gale"),
        "mist": vocabulary("mist misty fog foggy haze hazy"),
        "red": vocabulary("red crimson scarlet ruby"),
        "gold": vocabulary("gold golden yellow amber orange"),
        "green": vocabulary("green emerald jade"),
        "blue": vocabulary("blue azure sapphire turquoise teal"),
        "violet": vocabulary("violet purple lilac lavender magenta"),
        "pink": vocabulary("pink rose rosy"),
    }
)
TAGS = frozenset(_TAGS)
"""All tags there are; a scene's options carry no others."""

_CALMING = vocabulary("calm quiet gentle gently silent peaceful peace slow slowly sleep soft")
_STIRRING = vocabulary(
    "storm stormy thunder lightning tempest hurricane tornado blizzard gale wild wildly raging rage fierce "
    "furious fury roar crash chase explode explosion battle rush"
)


class Tagged(Protocol):
    """One thing a scene can be."""

    @property
    def tags(self) -> frozenset[str]:
        """Which of `TAGS` it shows."""


Option = TypeVar("Option", bound=Tagged)


@dataclass(frozen=True)
class Brief:
    """`tags`: those of `TAGS` that the text names. `energy`: `CALM` to `WILD`."""

    tags: frozenset[str] = frozenset()
    energy: float = USUAL

    def choose(self, rng: np.random.Generator, options: Sequence[Option]) -> Option:
        """Chance decides among the options that share most tags with the text: all of them where none do."""
        draw = rng.random()  # always exactly one, so that what a scene draws next does not depend on the text
        most = max(len(option.tags & self.tags) for option in options)
        fitting = [option for option in options if len(option.tags & self.tags) == most]
        return fitting[int(draw * len(fitting))]


def brief_for(text: str) -> Brief:
    """What the words of the text ask for. A stirring word outweighs all calming ones."""
    words = frozenset[str]().union(*forms(text))
    tags = frozenset(tag for tag, names in _TAGS.items() if not names.isdisjoint(words))
    if not words.isdisjoint(_STIRRING):
        return Brief(tags, WILD)
    return Brief(tags, CALM if not words.isdisjoint(_CALMING) else USUAL)
