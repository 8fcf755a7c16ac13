"""What an endpoint is sent: our parameters in fal's words, as far as the endpoint knows them. Pure.

Fields and ranges are read from the endpoint's facts. One without facts gets the prompt, the seed, and what was
asked in its own words.
"""

from collections.abc import Collection, Mapping

from pipeline.fal.facts import EndpointFacts, endpoint_facts
from pipeline.fal.messages import JsonObject
from pipeline.fal.ranges import Range
from pipeline.model import Order, Parameters

NAMES: Mapping[str, str] = {
    "frames": "num_frames",
    "steps": "num_inference_steps",
    "guidance": "guidance_scale",
    "motion_scale": "motion_scale",
    "fps": "fps",
    "width": "video_size",
    "height": "video_size",
}
"""Our words in those of AnimateDiff and its kin; a size is one field of two sides. Some endpoints use our word."""


def arguments(order: Order) -> JsonObject:
    """The JSON input for the order's endpoint."""
    facts = endpoint_facts(order.endpoint)
    told = {"prompt": order.prompt.text, "negative_prompt": order.prompt.negative, "seed": order.seed}
    known = facts.fields if facts else {"prompt", "seed"}
    return {name: value for name, value in told.items() if name in known} | asked(facts, order.parameters)


def asked(facts: EndpointFacts | None, parameters: Parameters) -> JsonObject:
    """The parameters as the endpoint is sent them.

    Ours are moved into its ranges, or left to it where it offers a choice that has no nearest. Its own are sent
    as they are, but for a number it wants as text, or the other way about.
    """
    if facts is None:
        return dict(parameters.own or {})
    known = ranges(facts)
    ours = in_fal_words(parameters, known)
    moved = {name: _moved_into(known[name], value) for name, value in ours.items() if name in known}
    fitting = {name: value for name, value in moved.items() if known[name].admits(value)}
    own = parameters.own or {}
    return {
        **fitting,
        **{name: known[name].spelt(value) if name in known else value for name, value in own.items()},
    }


def complete(facts: EndpointFacts | None, parameters: Parameters) -> JsonObject:
    """What the endpoint makes of the parameters: its defaults filled in, and what nobody can choose there."""
    sent = asked(facts, parameters)
    if facts is None:
        return sent
    fixed = facts.input.get("x-fixed")
    return {**facts.with_defaults(sent), **(fixed if isinstance(fixed, dict) else {})}


def in_fal_words(parameters: Parameters, known: Collection[str]) -> JsonObject:
    """Our words in fal's, as they are, without those left to the endpoint; `known` names its fields."""
    said = {word: getattr(parameters, word) for word in NAMES if getattr(parameters, word) is not None}
    size = {word: said.pop(word) for word in ("width", "height") if word in said}
    named = {word if word in known else NAMES[word]: value for word, value in said.items()}
    return {**named, **({"video_size": size} if size else {})}


def ranges(facts: EndpointFacts) -> Mapping[str, Range]:
    """What each field of the endpoint takes."""
    return Range(facts.input, facts.input.get("$defs", {})).fields  # type: ignore[arg-type]  # a schema's is an object


def _moved_into(field: Range, value: object) -> object:
    if isinstance(value, int | float):
        return field.clamped(value)
    sides = next(choice.fields for choice in field.choices if choice.fields)
    assert isinstance(value, dict), "a size is the only field of ours that is no number"
    return {side: sides[side].clamped(pixels) for side, pixels in value.items()}
