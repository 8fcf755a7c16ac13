"""The door: refuses parameters that fal is known to refuse, or whose clip could not be used, before they cost.

Reads the endpoints' facts; what they do not know passes. Pure.
"""

from collections.abc import Mapping
from math import prod

from pipeline.errors import BadParameters, UnsuitableModel
from pipeline.fal import asked as wanted
from pipeline.fal.facts import EndpointFacts, endpoint_facts
from pipeline.fal.inputs import asked, complete, in_fal_words, ranges
from pipeline.fal.ranges import Range
from pipeline.ffmpeg import gate
from pipeline.model import Model, Parameters
from pipeline.parameters import OURS, joined, shown, worded

_GIVEN_BY_US = frozenset({"prompt", "negative_prompt", "seed"})


def check(model: Model, given: Mapping[str, object]) -> None:
    """Raise unless every endpoint of the model may be sent what was given beside it; see `Generator.check`."""
    given_alone, together = worded(model.parameters, given), joined(model.parameters, given)
    for endpoint in model.ladder:
        facts = endpoint_facts(endpoint)
        if facts is not None:
            _check_output(facts)
            _check_values(facts, given_alone)
            _check_whole(facts, together)


def _check_output(facts: EndpointFacts) -> None:
    made = facts.output.get("properties")
    if not isinstance(made, dict) or "video" not in made:
        raise UnsuitableModel(f"{facts.id} ({facts.title}) makes no video")


def _check_values(facts: EndpointFacts, given: Parameters) -> None:
    known = ranges(facts)
    for name in given.own or {}:
        if name in OURS and name not in known:
            takes = ", ".join(field for field in known if field not in _GIVEN_BY_US)
            raise BadParameters(f"{facts.id} has no {name}; it takes {takes or 'no parameters'}")
    for name, value in {**in_fal_words(given, known), **(given.own or {})}.items():
        if name in known and not _fits(known[name], value):
            raise BadParameters(f"{name} of {facts.id} must be {known[name].described()}, not {shown(value)}")


def _fits(field: Range, value: object) -> bool:
    return field.admits(field.spelt(value))


def _check_whole(facts: EndpointFacts, parameters: Parameters) -> None:
    sent = asked(facts, parameters)
    required = facts.input.get("required")
    for name in required if isinstance(required, list) else []:
        if name not in sent and name not in _GIVEN_BY_US:
            raise BadParameters(f"{facts.id} needs {name}, which was not given")
    _check_usable(facts, complete(facts, parameters))


def _check_usable(facts: EndpointFacts, given: Mapping[str, object]) -> None:
    """Whether the clip would come through the gate that every clip has to pass (pipeline.ffmpeg.gate)."""
    sides = wanted.size(given) or ()
    limits = [
        ("seconds", wanted.video_seconds(given), gate.MIN_SPAN, gate.MAX_SPAN),
        ("frames", wanted.frames(given), gate.MIN_FRAMES, gate.MAX_FRAMES),
        ("pixels on a side", min(sides, default=None), gate.MIN_SIDE, gate.MAX_SIDE),
        ("pixels on a side", max(sides, default=None), gate.MIN_SIDE, gate.MAX_SIDE),
        ("pixels", prod(sides) if sides else None, gate.MIN_SIDE**2, gate.MAX_PIXELS),
    ]
    for what, amount, least, most in limits:
        if amount is not None and not least <= float(amount) <= most:
            raise BadParameters(
                f"{facts.id} would make a clip of {float(amount):g} {what}; "
                f"only from {least:g} to {most:g} can be prepared for playing"
            )
