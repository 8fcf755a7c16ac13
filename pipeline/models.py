"""The models that users name, and the ladder of endpoints behind each. Pure data and a lookup.

A ladder is climbed downwards: an endpoint that the provider does not have is noted and the next one is used.
AnimateDiff and its kin are asked in our words; every other endpoint in its own, and only for what is not its
default anyway or decides what a clip costs. What an endpoint takes and costs stands in its file of facts.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pipeline.errors import GeneratorMissing, UnknownModel
from pipeline.fal.protocol import split_endpoint
from pipeline.model import Model, Parameters
from pipeline.parameters import as_json

_ANIMATEDIFF = "fal-ai/fast-animatediff/text-to-video"
_ANIMATEDIFF_TURBO = "fal-ai/fast-animatediff/turbo/text-to-video"
_SKETCHES = "the first users' settings"
_SCHEMAS = "fal-js commit 3293c7d, generated JSON schemas, 2026-05"

_UNDISTILLED = Parameters(steps=25, guidance=7.5)
"""fal's own defaults for the undistilled endpoint, which makes nothing but fog in four steps."""

_DISTILLED = Parameters(guidance=2.0)
"""fal's own default for Turbo, which was distilled to need little."""

LIGHTNING = Model(
    name="lightning",
    # 12 frames at the endpoints' 8 per second: a clip of 1.5 s, which loops.
    parameters=Parameters(frames=12, steps=4, guidance=3.0, motion_scale=1.2, width=512, height=512, fps=8),
    ladder=(
        "fal-ai/fast-animatediff-lightning",  # wanted first, but in no official list: usually a 404
        _ANIMATEDIFF_TURBO,  # not in the list of the newest client any more; another 404 to reckon with
        _ANIMATEDIFF,
    ),
    overrides={_ANIMATEDIFF: _UNDISTILLED},
    purpose="a short loop, seconds to make",
    source=_SKETCHES,
)

_TABLE = (
    LIGHTNING,
    Model(
        name="balanced",
        parameters=Parameters(frames=12, steps=6, guidance=6.0, width=512, height=512, fps=8),
        ladder=(_ANIMATEDIFF_TURBO, _ANIMATEDIFF),
        overrides={_ANIMATEDIFF: _UNDISTILLED},
        purpose="closer to the text than lightning",
        source=_SKETCHES,
    ),
    Model(
        name="frugal",
        parameters=Parameters(frames=8, steps=4, guidance=5.0, width=512, height=512, fps=8),
        ladder=(_ANIMATEDIFF_TURBO, _ANIMATEDIFF),
        overrides={_ANIMATEDIFF: _UNDISTILLED},
        purpose="one second, as cheap as 512 pixels go",
        source=_SKETCHES,
    ),
    Model(
        name="classic",
        parameters=Parameters(frames=16, steps=8, guidance=7.5, width=512, height=512, fps=8),
        ladder=(_ANIMATEDIFF, _ANIMATEDIFF_TURBO),
        overrides={_ANIMATEDIFF_TURBO: _DISTILLED},
        purpose="AnimateDiff undistilled, two seconds",
        source=_SKETCHES,
    ),
    Model(
        name="preview",
        parameters=Parameters(frames=4, steps=2, guidance=2.0, width=256, height=256, fps=8),
        ladder=(_ANIMATEDIFF_TURBO, _ANIMATEDIFF),
        overrides={_ANIMATEDIFF: _UNDISTILLED},
        purpose="a rough sketch, as fast as it gets",
        source=f"{_SKETCHES}; guidance: {_SCHEMAS}",
    ),
    Model(
        name="turbo",
        parameters=Parameters(frames=16, steps=8, guidance=2.0, width=512, height=512, fps=8),
        ladder=(_ANIMATEDIFF_TURBO, _ANIMATEDIFF),
        overrides={_ANIMATEDIFF: _UNDISTILLED},
        purpose="AnimateDiff Turbo as fal sets it",
        source=_SCHEMAS,
    ),
    Model(
        name="lcm",
        parameters=Parameters(steps=4, guidance=1.0, fps=8, width=512, height=512),
        ladder=("fal-ai/animatediff-sparsectrl-lcm", "fal-ai/fast-svd-lcm/text-to-video"),
        purpose="latent consistency: four steps",
        source=_SCHEMAS,
    ),
    Model(
        name="svd",
        parameters=Parameters(steps=20, fps=10, width=1024, height=576),
        ladder=("fal-ai/fast-svd/text-to-video",),
        purpose="Stable Video Diffusion: one picture that moves",
        source=_SCHEMAS,
    ),
    Model(
        name="svd-lcm",
        parameters=Parameters(steps=4, fps=10, width=1024, height=576),
        ladder=("fal-ai/fast-svd-lcm/text-to-video",),
        purpose="Stable Video Diffusion in four steps",
        source=_SCHEMAS,
    ),
    Model(
        name="wan",
        parameters=Parameters(
            own={"num_frames": 81, "frames_per_second": 16, "num_inference_steps": 30, "resolution": "480p"}
        ),
        ladder=("fal-ai/wan-t2v",),
        purpose="Wan 2.1, five seconds; 720p costs twice as much",
        source=_SCHEMAS,
    ),
    Model(
        name="wan-2.2",
        parameters=Parameters(own={"num_frames": 81, "num_inference_steps": 27, "resolution": "480p"}),
        ladder=("fal-ai/wan/v2.2-a14b/text-to-video",),
        purpose="Wan 2.2, 14 billion weights",
        source=_SCHEMAS,
    ),
    Model(
        name="wan-2.2-turbo",
        parameters=Parameters(own={"resolution": "480p"}),
        ladder=("fal-ai/wan/v2.2-a14b/text-to-video/turbo",),
        purpose="Wan 2.2 distilled, at a quarter of the price",
        source=_SCHEMAS,
    ),
    Model(
        name="wan-fast",
        parameters=Parameters(own={"num_frames": 81, "frames_per_second": 24, "resolution": "720p"}),
        ladder=("fal-ai/wan/v2.2-5b/text-to-video/fast-wan",),
        purpose="Wan 2.2, 5 billion weights, distilled",
        source=_SCHEMAS,
    ),
    Model(
        name="ltx",
        parameters=Parameters(own={"num_inference_steps": 30, "guidance_scale": 3}),
        ladder=("fal-ai/ltx-video",),
        purpose="LTX Video: the cheapest with a published price",
        source=_SCHEMAS,
    ),
    Model(
        name="ltx-13b",
        parameters=Parameters(own={"num_frames": 121, "frame_rate": 24, "resolution": "480p"}),
        ladder=("fal-ai/ltxv-13b-098-distilled",),
        purpose="LTX Video, 13 billion weights, distilled",
        source=_SCHEMAS,
    ),
    Model(
        name="ltx-2.3",
        parameters=Parameters(own={"duration": 6, "resolution": "1080p", "fps": 25, "generate_audio": False}),
        ladder=("fal-ai/ltx-2.3/text-to-video/fast",),
        purpose="LTX 2.3 fast: Full HD, without sound",
        source=_SCHEMAS,
    ),
    Model(
        name="hailuo",
        parameters=Parameters(own={"duration": "6"}),
        ladder=("fal-ai/minimax/hailuo-02/standard/text-to-video",),
        purpose="MiniMax Hailuo 02, six or ten seconds",
        source=_SCHEMAS,
    ),
    Model(
        name="hailuo-pro",
        parameters=Parameters(),
        ladder=("fal-ai/minimax/hailuo-02/pro/text-to-video",),
        purpose="Hailuo 02 Pro: six seconds in Full HD",
        source=_SCHEMAS,
    ),
    Model(
        name="minimax",
        parameters=Parameters(),
        ladder=("fal-ai/minimax/video-01",),
        purpose="MiniMax Video 01; nothing to choose",
        source=_SCHEMAS,
    ),
    Model(
        name="kling",
        # Audio is on at fal unless refused, doubles the price, and no rendition of ours keeps it.
        parameters=Parameters(own={"duration": "5", "aspect_ratio": "16:9", "generate_audio": False}),
        ladder=("fal-ai/kling-video/v2.6/pro/text-to-video",),
        purpose="Kling 2.6 Pro, five or ten seconds, without sound",
        source=_SCHEMAS,
    ),
)

MODELS: Mapping[str, Model] = {model.name: model for model in _TABLE}
DEFAULT_MODEL = LIGHTNING.name
PREVIEW = MODELS["preview"]
"""What comes before the final clip of any other model."""


def find_model(name: str | None) -> Model:
    """The model of that name, the default one for None; an endpoint's id is a model with no parameters.

    Raises `UnknownModel`, which lists the known ones.
    """
    wanted = name or DEFAULT_MODEL
    if wanted in MODELS:
        return MODELS[wanted]
    if not _is_endpoint(wanted):
        raise UnknownModel(wanted, tuple(MODELS))
    return Model(wanted, Parameters(), ladder=(wanted,))


def rung(model: Model, missing: Collection[str]) -> str:
    """The first endpoint not known to be missing; the last where all are, so that it is asked again."""
    return next((endpoint for endpoint in model.ladder if endpoint not in missing), model.ladder[-1])


def parameters_for(model: Model, endpoint: str, wanted: Parameters) -> Parameters:
    """What to ask of an endpoint of the ladder for a take that wants these parameters.

    They are the take's own, but where the endpoint overrides a value that is equal to the model's: a take does
    not tell whether somebody asked for that value or nobody did.
    """
    overridden: dict[str, Any] = {
        word: value
        for word, value in as_json(model.overrides.get(endpoint, Parameters())).items()
        if getattr(wanted, word) == getattr(model.parameters, word)
    }
    return replace(wanted, **overridden)


def _is_endpoint(name: str) -> bool:
    try:
        return bool(split_endpoint(name))
    except GeneratorMissing:
        return False
