"""The door: what a model is asked for, unless fal is known to refuse it or its clip could not be used.

Reads the endpoints' facts; what they do not know passes. Pure.
"""

from collections.abc import Mapping
from math import prod

from pipeline.errors import BadParameters, UnsuitableModel
from pipeline.fal import reckoning
from pipeline.fal.facts import EndpointFacts, endpoint_facts
from pipeline.fal.inputs import effective, normalised, range_of, ranges
from pipeline.ffmpeg import gate
from pipeline.model import Model, Parameters
from pipeline.parameters import OURS, as_json, merged, shown

_GIVEN_BY_US = frozenset({"prompt", "negative_prompt", "seed"})


def check(model: Model, given: Mapping[str, object]) -> Parameters:
    """What the model is asked for with what was given beside it; see `Generator.check`.

    The form is that of the first endpoint of the ladder with facts, so that it is one wherever the clip is made.
    """
    on_file = [facts for endpoint in model.ladder if (facts := endpoint_facts(endpoint)) is not None]
    for facts in on_file:
        _check_purpose(facts)
        _check_values(model, facts, given)
    wanted = merged(model.parameters, normalised(on_file[0] if on_file else None, model.parameters, given))
    for facts in on_file:
        _check_usable(model, effective(facts, wanted))
    return wanted


def _check_purpose(facts: EndpointFacts) -> None:
    made = facts.output.get("properties")
    if not isinstance(made, dict) or "video" not in made:
        raise UnsuitableModel(f"{facts.id} ({facts.title}) makes no video")
    if "prompt" not in facts.fields:
        raise UnsuitableModel(f"{facts.id} ({facts.title}) takes no text, so it makes no video of a story")


def _check_values(model: Model, facts: EndpointFacts, given: Mapping[str, object]) -> None:
    known, used = ranges(facts), as_json(model.parameters)
    for name, value in given.items():
        field = range_of(name, used, known)
        if field is None and name in OURS and name not in used:
            takes = ", ".join(each for each in known if each not in _GIVEN_BY_US)
            raise BadParameters(f"{model.name} has no {name}; it takes {takes or 'no parameters'}")
        if field is not None and not field.admits(field.spelt(value)):
            raise BadParameters(f"{name} of {model.name} must be {field.described()}, not {shown(value)}")


def _check_usable(model: Model, given: Mapping[str, object]) -> None:
    """Whether the clip would come through the gate that every clip has to pass (pipeline.ffmpeg.gate)."""
    sides = reckoning.size(given) or ()
    limits = [
        ("seconds", reckoning.played_seconds(given), gate.MIN_SPAN, gate.MAX_SPAN),
        ("frames", reckoning.frames(given), gate.MIN_FRAMES, gate.MAX_FRAMES),
        ("frames per second", reckoning.rate(given), 0, gate.MAX_FPS),
        ("pixels on a side", min(sides, default=None), gate.MIN_SIDE, gate.MAX_SIDE),
        ("pixels on a side", max(sides, default=None), gate.MIN_SIDE, gate.MAX_SIDE),
        ("pixels", prod(sides) if sides else None, gate.MIN_SIDE**2, gate.MAX_PIXELS),
    ]
    for what, amount, least, most in limits:
        if amount is not None and not least <= float(amount) <= most:
            raise BadParameters(
                f"{model.name} would make a clip of {float(amount):g} {what}; "
                f"only from {least:g} to {most:g} can be prepared for playing"
            )
