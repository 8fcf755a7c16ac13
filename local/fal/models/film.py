"""From a checked input of any model to what a renderer must draw. Pure; knows fields by name, no model.

Lengths follow `num_frames`, or else `duration` and the frame rate. A clip longer than a second or two is drawn
as a shorter loop and repeated: it costs the time of the loop, and still has the frames and seconds asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from local.fal.models.catalogue import Model
from local.fal.models.media import Medium
from local.fal.models.numerals import positive
from local.fal.models.sizes import asked_size, drawable
from local.fal.outcomes import JsonObject

StillFormat = Literal["png", "jpeg"]

USUAL_FPS = 24.0
USUAL_SECONDS = 5.0
"""Of models that let nobody choose and whose facts do not say."""

SLOWEST_FPS, FASTEST_FPS = 0.1, 120.0
"""The frame rates that the renderer writes."""

MOST_FRAMES = 3600
"""A clip is cut there: over twice the longest that a listed model makes (1441, LTX-Video 13B)."""

LONGEST_LOOP = 48
SHORTEST_LOOP = 24
"""Frames drawn of a clip that is longer than the first; the second is where it would look hectic."""

MOST_IMAGES = 16
"""Of one request; fal's models give up to 8."""

_RATE_FIELDS = ("fps", "frames_per_second", "frame_rate")
_FORMAT_FIELDS = ("output_format", "format")
_TEXT_FIELDS = ("prompt", "text", "image_url")


@dataclass(frozen=True)
class ClipRequest:
    """A clip to draw: sizes in pixels, `fps` in frames per second.

    The first `loop_frames` of its `frames` make a seamless loop, which the others repeat.
    """

    content_type: ClassVar[str] = "video/mp4"
    suffix: ClassVar[str] = ".mp4"

    text: str
    seed: int
    width: int
    height: int
    frames: int
    fps: float
    loop_frames: int

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return self.frames / self.fps


@dataclass(frozen=True)
class StillRequest:
    """One image to draw: sizes in pixels."""

    text: str
    seed: int
    width: int
    height: int
    format: StillFormat

    @property
    def content_type(self) -> str:
        """The media type of its file."""
        return f"image/{self.format}"

    @property
    def suffix(self) -> str:
        """How the name of its file ends."""
        return f".{self.format}"


Drawing = ClipRequest | StillRequest


def drawings_for(model: Model, given: JsonObject, *, fallback_seed: int) -> Sequence[Drawing]:
    """What to draw for an input that `model.check` passed: one clip, or at least one still.

    `fallback_seed` is used where the caller gave none; stills after the first have the seeds that follow.
    """
    known = known_values(model, given)
    asked = known.get("seed")
    seed = asked if isinstance(asked, int) else fallback_seed
    text = next((str(known[name]) for name in _TEXT_FIELDS if name in known), "")
    size = drawable(asked_size(known, model.medium))
    if model.medium is Medium.IMAGE:
        count, format_ = _count(known), _format(known)
        return [StillRequest(text, seed + nth, *size, format_) for nth in range(count)]
    fps = _fps(known)
    frames = _frames(known, fps)
    return [ClipRequest(text, seed, *size, frames, fps, _loop_frames(frames))]


def known_values(model: Model, given: Mapping[str, object]) -> Mapping[str, object]:
    """What is settled about a request: what its schema says is fixed, and all of the input that is not null."""
    return {**model.fixed, **{name: value for name, value in given.items() if value is not None}}


def _count(known: Mapping[str, object]) -> int:
    return min(max(1, round(positive(known.get("num_images")) or 1)), MOST_IMAGES)


def _format(known: Mapping[str, object]) -> StillFormat:
    return "png" if any(known.get(name) == "png" for name in _FORMAT_FIELDS) else "jpeg"


def _fps(known: Mapping[str, object]) -> float:
    asked = next((rate for name in _RATE_FIELDS if (rate := positive(known.get(name)))), USUAL_FPS)
    return min(max(asked, SLOWEST_FPS), FASTEST_FPS)


def _frames(known: Mapping[str, object], fps: float) -> int:
    asked = positive(known.get("num_frames")) or (positive(known.get("duration")) or USUAL_SECONDS) * fps
    return min(max(1, round(asked)), MOST_FRAMES)


def _loop_frames(frames: int) -> int:
    """The longest loop of those that end nearest to where the clip does, so that the clip itself has no seam."""
    if frames <= LONGEST_LOOP:
        return frames
    return min(
        range(LONGEST_LOOP, SHORTEST_LOOP - 1, -1), key=lambda loop: min(frames % loop, loop - frames % loop)
    )
