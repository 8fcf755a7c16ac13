"""The endpoints that exist here, with the inputs fal documents for them. Pure data and its validation.

Field names, defaults and ranges: fal's generated JSON schemas. fal's own apps validate with pydantic, so
using it here gives the same error types and the same leniency ("16" is a number; unknown fields are ignored).
An id that is not in the table does not exist; fal-ai/fast-animatediff-lightning is one that fal never had.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from local.fal.outcomes import JsonObject

SizeName = Literal["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"]
Motion = Literal["zoom-out", "zoom-in", "pan-left", "pan-right", "tilt-up", "tilt-down"]
Side = Annotated[int, Field(ge=1, le=14142)]

SIZES: Mapping[SizeName, tuple[int, int]] = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
"""Width and height in pixels of fal's named sizes."""


@dataclass(frozen=True)
class ClipRequest:
    """What a renderer is asked for: sizes in pixels, `fps` in frames per second."""

    text: str
    seed: int
    width: int
    height: int
    frames: int
    fps: float


class Size(BaseModel):
    """A size that has no name."""

    width: Side = 512
    height: Side = 512


class AnimateDiffTurbo(BaseModel):
    """Input of fal-ai/fast-animatediff/turbo/text-to-video."""

    prompt: str
    negative_prompt: str = "(bad quality, worst quality:1.2), ugly faces, bad anime"
    num_frames: Annotated[int, Field(ge=1, le=32)] = 16
    num_inference_steps: Annotated[int, Field(ge=1, le=50)] = 8
    guidance_scale: Annotated[float, Field(ge=0, le=20)] = 2.0
    seed: int | None = None
    fps: Annotated[int, Field(ge=1, le=16)] = 8
    video_size: Size | SizeName = "square"

    def clip(self, *, fallback_seed: int) -> ClipRequest:
        """The clip to render; `fallback_seed` is used where the caller gave none."""
        size = self.video_size
        width, height = (size.width, size.height) if isinstance(size, Size) else SIZES[size]
        seed = fallback_seed if self.seed is None else self.seed
        return ClipRequest(self.prompt, seed, width, height, self.num_frames, float(self.fps))


class AnimateDiff(AnimateDiffTurbo):
    """Input of fal-ai/fast-animatediff/text-to-video."""

    num_inference_steps: Annotated[int, Field(ge=1, le=50)] = 25
    guidance_scale: Annotated[float, Field(ge=0, le=20)] = 7.5
    motions: list[Motion] | None = None


ENDPOINTS: Mapping[str, type[AnimateDiffTurbo]] = {
    "fal-ai/fast-animatediff/text-to-video": AnimateDiff,
    "fal-ai/fast-animatediff/turbo/text-to-video": AnimateDiffTurbo,
}
"""Endpoint id to its input. Submitting to any other id is a 404."""


def read_input(endpoint: str, body: JsonObject) -> AnimateDiffTurbo | list[JsonObject]:
    """The checked input, or fal's `detail` list: one entry of loc, msg, type, url, input, ctx per mistake."""
    try:
        return ENDPOINTS[endpoint].model_validate(body)
    except ValidationError as error:
        return [
            {**item, "loc": ["body", *item["loc"]], "url": f"https://docs.fal.ai/errors#{item['type']}"}
            for item in error.errors(include_url=False)
        ]
