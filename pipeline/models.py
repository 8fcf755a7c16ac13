"""The models that users name, and the ladder of endpoints behind each. Pure data and a lookup.

A ladder is climbed downwards: an endpoint that the provider does not have is noted and the next one is used.
"""

from collections.abc import Collection, Mapping

from pipeline.errors import UnknownModel
from pipeline.model import Model, Parameters

LIGHTNING = Model(
    name="lightning",
    # 12 frames at the endpoints' 8 per second: a clip of 1.5 s, which loops.
    parameters=Parameters(frames=12, steps=4, guidance=3.0, motion_scale=1.2, width=512, height=512, fps=8),
    ladder=(
        "fal-ai/fast-animatediff-lightning",  # wanted first, but in no official list: usually a 404
        "fal-ai/fast-animatediff/turbo/text-to-video",
    ),
)

MODELS: Mapping[str, Model] = {LIGHTNING.name: LIGHTNING}
DEFAULT_MODEL = LIGHTNING.name


def find_model(name: str | None) -> Model:
    """The model of that name, the default one for None. Raises `UnknownModel`, which lists the known ones."""
    try:
        return MODELS[name or DEFAULT_MODEL]
    except KeyError:
        raise UnknownModel(name or "", tuple(MODELS)) from None


def rung(model: Model, missing: Collection[str]) -> str:
    """The first endpoint not known to be missing; the last where all are, so that it is asked again."""
    return next((endpoint for endpoint in model.ladder if endpoint not in missing), model.ladder[-1])
