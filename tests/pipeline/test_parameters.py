"""What callers may give beside a model: an object that JSON, a database and a provider can carry, and no more."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadParameters
from pipeline.keys import take_key
from pipeline.model import Parameters, Prompt
from pipeline.models import LIGHTNING, MODELS
from pipeline.parameters import MAX_BYTES, MAX_DEPTH, OURS, as_json, merged, read_given

names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def nested(depth: int) -> object:
    """That many lists within each other."""
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def key_of(parameters: Parameters) -> str:
    return take_key(model="m", parameters=parameters, prompt=Prompt("x", ""), seed=1, emulated=False)


def test_nothing_given_is_nothing() -> None:
    """Neither None nor an empty object asks for anything."""
    assert read_given(None) == read_given({}) == {}
    assert merged(LIGHTNING.parameters, {}) == LIGHTNING.parameters


@pytest.mark.parametrize("given", ["duration=5", 5, True, [], [["duration", 5]], ({},)])
def test_only_an_object_is_taken(given: object) -> None:
    """With an example of one."""
    with pytest.raises(BadParameters, match=r'\{"duration": 5\}'):
        read_given(given)


@pytest.mark.parametrize("name", ["prompt", "seed", "sync_mode", "Seed", "PROMPT", "sync-mode", "input"])
def test_what_is_decided_elsewhere_cannot_be_given(name: str) -> None:
    """The sentence says where."""
    with pytest.raises(BadParameters, match=f"^{name} cannot be given"):
        read_given({name: "x"})


@pytest.mark.parametrize(
    "name", ["webhook_url", "webhookUrl", "fal_webhook", "webhook", "WEBHOOK-URL", "callback_url", "callbackUrl"]
)
def test_a_callback_cannot_be_given(name: str) -> None:
    """Providers ignore it among the inputs, and its sender waits for ever."""
    with pytest.raises(BadParameters, match="where to call back"):
        read_given({name: "https://app.example/hook"})


@pytest.mark.parametrize("name", ["", " ", "a b", "1st", "a\n", "ä", "x" * 65, "a=b", "\0"])
def test_a_name_is_a_word(name: str) -> None:
    """Of letters, digits, dots, dashes and underscores."""
    with pytest.raises(BadParameters, match="cannot be the name"):
        read_given({name: 1})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "number"),
        (float("inf"), "number"),
        (2**53 + 1, "number"),
        (-(10**4000), "number"),
        (1e300, "number"),
        (5e-324, "number"),
        ("a\0b", "not text"),
        ({"a\0": 1}, "not text"),
        ([{"x": "\ud800"}], "not text"),
        (object(), "object"),
        (b"x", "bytes"),
        (nested(MAX_DEPTH), "nested"),
        (nested(500), "nested"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_json_or_the_database_cannot_carry_is_refused(value: object, said: str) -> None:
    """By name, wherever it stands in the value."""
    with pytest.raises(BadParameters, match=said) as refused:
        read_given({"camera": value})

    assert "camera" in str(refused.value)
    assert len(str(refused.value)) < 200


def test_as_deep_and_as_long_as_allowed() -> None:
    """The limits themselves are still fine."""
    deep = {"camera": nested(MAX_DEPTH - 1)}
    room = MAX_BYTES - len('{"negative_prompt":""}')

    assert read_given(deep) == deep
    assert read_given({"negative_prompt": "x" * room})
    with pytest.raises(BadParameters, match=str(MAX_BYTES)):
        read_given({"negative_prompt": "x" * (room + 1)})
    with pytest.raises(BadParameters, match=str(MAX_BYTES)):
        read_given({"negative_prompt": "文" * (room // 2)})


@given(given=st.dictionaries(names, json_values, max_size=4), model=st.sampled_from([*MODELS.values()]))
def test_what_is_let_through_can_be_sent_stored_and_named(given: dict[str, Any], model: Any) -> None:
    """As JSON, with a key, and read back it is the same; anything else is refused with a sentence."""
    try:
        parameters = merged(model.parameters, read_given(given))
    except BadParameters:
        return

    stored = json.loads(json.dumps(as_json(parameters), allow_nan=False))
    assert Parameters(**stored) == parameters
    assert len(key_of(parameters)) == 64


@given(given=st.dictionaries(names, json_values, max_size=4))
def test_what_is_given_is_kept_or_refused(given: dict[str, Any]) -> None:
    """Nothing is dropped on the way and nothing is changed."""
    try:
        passed = read_given(given)
    except BadParameters:
        return

    assert passed == given
    assert merged(Parameters(), passed).own == (given or None)


def test_a_word_of_ours_replaces_the_models_value() -> None:
    """Where the model uses it; equal to what it was, it is the same take."""
    changed = merged(LIGHTNING.parameters, {"frames": 8.0, "guidance": 2})

    assert (changed.frames, changed.guidance, changed.steps, changed.own) == (8, 2, 4, None)
    assert key_of(merged(LIGHTNING.parameters, {"frames": 12})) == key_of(LIGHTNING.parameters)
    assert key_of(changed) != key_of(LIGHTNING.parameters)


def test_a_word_of_ours_is_an_endpoints_own_where_the_model_does_not_use_it() -> None:
    """An endpoint may mean something else by it."""
    assert merged(Parameters(), {"fps": "auto", "width": None}).own == {"fps": "auto", "width": None}


def test_given_values_go_over_the_models_own() -> None:
    """One by one; the model's table is not touched."""
    wan = MODELS["wan"].parameters
    changed = merged(wan, {"resolution": "720p", "turbo_mode": True})

    assert changed.own == {**(wan.own or {}), "resolution": "720p", "turbo_mode": True}
    assert (wan.own or {})["resolution"] == "480p"


@pytest.mark.parametrize("word", OURS)
@pytest.mark.parametrize("value", ["8", None, True, [], {}])
def test_a_word_of_ours_is_a_number(word: str, value: object) -> None:
    """Anything else is refused by name."""
    with pytest.raises(BadParameters, match=f"^{word} must be a number"):
        merged(LIGHTNING.parameters, {word: value})


@pytest.mark.parametrize("word", ["frames", "steps", "width", "height", "fps"])
def test_what_is_counted_is_whole(word: str) -> None:
    """There is no half a frame."""
    with pytest.raises(BadParameters, match=f"^{word} must be a whole number"):
        merged(LIGHTNING.parameters, {word: 7.5})
