"""What an endpoint is sent: our parameters in fal's words, as far as the endpoint knows them. Pure.

Fields and ranges are read from the endpoint's facts. One without facts gets the prompt, the seed, and what was
asked in its own words.
"""

from collections.abc import Collection, Mapping

from pipeline.fal import reckoning
from pipeline.fal.facts import EndpointFacts, endpoint_facts
from pipeline.fal.messages import JsonObject
from pipeline.fal.ranges import Range
from pipeline.model import Order, Parameters
from pipeline.parameters import as_json

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

_SIDES = frozenset({"width", "height"})
_WORDS = {name: word for word, name in NAMES.items() if word not in _SIDES}
_SOUND = "generate_audio"


def arguments(order: Order) -> JsonObject:
    """The JSON input for the order's endpoint."""
    facts = endpoint_facts(order.endpoint)
    told = {"prompt": order.prompt.text, "negative_prompt": order.prompt.negative, "seed": order.seed}
    known = facts.fields if facts else {"prompt", "seed"}
    return {name: value for name, value in told.items() if name in known} | sent(facts, order.parameters)


def sent(facts: EndpointFacts | None, parameters: Parameters) -> JsonObject:
    """The parameters as the endpoint is sent them.

    Ours are moved into its ranges, or left to it where it offers a choice that has no nearest. Its own are sent
    as they are, but for a number it wants as text, or the other way about.
    """
    own = dict(parameters.own or {})
    if facts is None:
        return own
    known = ranges(facts)
    ours = in_fal_words(parameters, known)
    moved = {name: _moved_into(known[name], value) for name, value in ours.items() if name in known}
    fitting = {name: value for name, value in moved.items() if known[name].admits(value)}
    return {
        **fitting,
        **{name: known[name].spelt(value) if name in known else value for name, value in own.items()},
    }


def effective(facts: EndpointFacts | None, parameters: Parameters) -> JsonObject:
    """What the endpoint makes of the parameters: its defaults filled in, and what nobody can choose there.

    A null leaves the choice to the endpoint, and its default is the best guess at what that is.
    """
    if facts is None:
        return sent(facts, parameters)
    chosen = {name: value for name, value in sent(facts, parameters).items() if value is not None}
    fixed = facts.input.get("x-fixed")
    return {**facts.with_defaults(chosen), **(fixed if isinstance(fixed, dict) else {})}


def normalised(facts: EndpointFacts | None, model: Parameters, given: Mapping[str, object]) -> JsonObject:
    """What was given beside a model's own parameters, in the one form that all its spellings have.

    Values are spelt as the endpoint wants them, and named by our words where the model uses these. Sound, which
    no rendition keeps, is refused where it can be and nobody asked for it: it may cost as much as the pictures.
    """
    known = ranges(facts) if facts else {}
    used = as_json(model)
    unasked = {_SOUND: False} if _SOUND in known and _SOUND not in (model.own or {}) else {}
    named: JsonObject = {}
    # Our words first, so that the endpoint's own word for the same thing decides, in whatever order they came.
    for name, value in sorted({**unasked, **given}.items(), key=lambda item: item[0] not in NAMES):
        field = range_of(name, used, known)
        named |= _in_our_words(name, field.spelt(value) if field else value, used)
    return named


def range_of(name: str, used: Collection[str], known: Mapping[str, Range]) -> Range | None:
    """What a parameter of that name takes, be the name the endpoint's or a word that the model has used."""
    word = _WORDS.get(name, name)
    if word not in used or word not in NAMES:
        return known.get(name)
    if word in _SIDES and "video_size" in known:
        return _sides(known["video_size"])[word]
    return known.get(word, known.get(NAMES[word]))


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
    assert isinstance(value, dict), "a size is the only field of ours that is no number"
    sides = _sides(field)
    return {side: sides[side].clamped(pixels) for side, pixels in value.items()}


def _sides(size: Range) -> Mapping[str, Range]:
    return next(choice.fields for choice in size.choices if choice.fields)


def _in_our_words(name: str, value: object, used: Collection[str]) -> JsonObject:
    """The value by our word or words where the model has used them, else as it is."""
    if name == "video_size" and _SIDES.issubset(used) and _is_size(value):
        size = reckoning.size({name: value})
        assert size is not None, "it is a name or has sides"
        return {"width": size[0], "height": size[1]}
    word = _WORDS.get(name, name)
    return {word if word in used else name: value}


def _is_size(value: object) -> bool:
    """Whether the value says nothing more than two sides or a name for them."""
    if isinstance(value, str):
        return value in reckoning.SIZES
    return isinstance(value, Mapping) and set(value) <= _SIDES
