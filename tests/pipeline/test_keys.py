"""Keys tell apart whatever would give another clip, and never change by accident."""

import dataclasses
import json
import math
import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.keys import original_path, rendition_key, rendition_path, take_key
from pipeline.model import Parameters, Prompt

PARAMETERS = Parameters(frames=16, steps=4, guidance=1.0, motion_scale=1.3, width=512, height=512, fps=8)
PROMPT = Prompt(text="a whale", negative="blurry")
DIGEST = "0123456789abcdef" * 4

numbers = st.floats(allow_nan=False, allow_infinity=False)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
parameters = st.builds(
    Parameters,
    frames=st.integers(),
    steps=st.integers(),
    guidance=numbers,
    motion_scale=numbers,
    width=st.integers(),
    height=st.integers(),
    fps=st.none() | st.integers(),
    own=st.none() | st.dictionaries(st.text(), json_values, min_size=1),
)
prompts = st.builds(Prompt, text=st.text(), negative=st.text())
takes = st.fixed_dictionaries(
    {
        "model": st.text(),
        "parameters": parameters,
        "prompt": prompts,
        "seed": st.integers(),
        "emulated": st.booleans(),
    }
)


def a_take_key(
    *,
    model: str = "lightning",
    parameters: Parameters = PARAMETERS,
    prompt: Prompt = PROMPT,
    seed: int = 7,
    emulated: bool = False,
) -> str:
    return take_key(model=model, parameters=parameters, prompt=prompt, seed=seed, emulated=emulated)


def test_golden_values() -> None:
    """These values stand in users' databases: if one changes, every clip is bought again."""
    assert a_take_key() == "782008e38276de5f02b97554457bfc575778650b0f4a155cd268adf55f914259"
    assert a_take_key(emulated=True) == "661a5ea5d3359d24e8c45a712fbd081ecdf2c33e2940eb6d7845d97b4b909ecb"
    assert (
        rendition_key(original_sha256=DIGEST, recipe="2")
        == "886a2a5ddc0510806acd8c7a67d58f2029396252ec4c1b4f8a7f19148adfa965"
    )


@given(takes, takes)
def test_different_takes_have_different_keys(one: dict[str, object], other: dict[str, object]) -> None:
    """Two takes share a key only if they are equal in everything."""
    assume(one != other)

    assert take_key(**one) != take_key(**other)  # type: ignore[arg-type]  # drawn by name


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Parameters)])
def test_every_parameter_takes_part(field: str) -> None:
    """Asking for another value of any parameter asks for another clip."""
    changed = dataclasses.replace(PARAMETERS, **{field: {"x": 99} if field == "own" else 99})  # type: ignore[arg-type]

    assert a_take_key(parameters=changed) != a_take_key()


def test_everything_else_takes_part() -> None:
    """Model, both halves of the prompt, seed, and whether money flowed."""
    keys = {
        a_take_key(),
        a_take_key(model="other"),
        a_take_key(prompt=Prompt(text="a whalE", negative="blurry")),
        a_take_key(prompt=Prompt(text="a whale", negative="")),
        a_take_key(prompt=Prompt(text="blurry", negative="a whale")),
        a_take_key(seed=8),
        a_take_key(emulated=True),
    }

    assert len(keys) == 7


@given(st.integers(-(2**53), 2**53))
def test_equal_numbers_have_equal_keys(number: int) -> None:
    """3 and 3.0 ask for the same clip."""
    whole = dataclasses.replace(PARAMETERS, guidance=number)
    real = dataclasses.replace(PARAMETERS, guidance=float(number))

    assert a_take_key(parameters=whole) == a_take_key(parameters=real)


@given(json_values, json_values)
def test_another_value_of_its_own_is_another_clip(one: object, other: object) -> None:
    """What is sent in an endpoint's own words takes part; numbers that are equal are equal, and true is no 1."""
    assume(json.dumps(one) != json.dumps(other) and one != other)
    keys = {a_take_key(parameters=dataclasses.replace(PARAMETERS, own={"x": value})) for value in (one, other)}

    assert len(keys) == 2
    assert a_take_key() not in keys


def test_true_is_no_number() -> None:
    """Python takes true for 1; a provider does not."""
    keys = {
        a_take_key(parameters=dataclasses.replace(PARAMETERS, own={"x": value}))
        for value in (True, 1, "1", [1], [True])
    }

    assert len(keys) == 5


def test_the_order_of_names_does_not_matter() -> None:
    """A JSON object has none."""
    one, other = {"a": 1, "b": {"c": 2.0, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1.0}

    assert a_take_key(parameters=dataclasses.replace(PARAMETERS, own=one)) == a_take_key(
        parameters=dataclasses.replace(PARAMETERS, own=other)
    )


def test_zero_has_no_sign() -> None:
    """0.0 and -0.0 ask for the same clip."""
    plus, minus = (dataclasses.replace(PARAMETERS, guidance=zero) for zero in (0.0, -0.0))

    assert a_take_key(parameters=plus) == a_take_key(parameters=minus)


def test_an_optional_parameter_can_be_added_later() -> None:
    """A parameter left at None does not take part, so that new ones leave old keys alone."""

    @dataclasses.dataclass(frozen=True)
    class Later(Parameters):
        shutter: int | None = None

    later = Later(**dataclasses.asdict(PARAMETERS))

    assert a_take_key(parameters=later) == a_take_key()
    assert a_take_key(parameters=dataclasses.replace(later, shutter=1)) != a_take_key()


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_no_key_of_what_is_no_number(number: float) -> None:
    """NaN is unequal to itself and could never be found again."""
    with pytest.raises(ValueError, match="JSON"):
        a_take_key(parameters=dataclasses.replace(PARAMETERS, guidance=number))


digests = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(st.tuples(digests, st.text()), st.tuples(digests, st.text()))
def test_renditions_depend_on_original_and_recipe(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Another original or another recipe is another set of renditions."""
    keys = [rendition_key(original_sha256=original, recipe=recipe) for original, recipe in (one, other)]

    assert (keys[0] == keys[1]) == (one == other)


def test_paths_fan_out() -> None:
    """Two levels of folders, then the whole digest."""
    assert original_path(DIGEST) == f"originals/01/23/{DIGEST}.mp4"
    assert rendition_path(DIGEST, "poster", ".webp") == f"renditions/01/23/{DIGEST}/poster.webp"


@given(digests, digests)
def test_paths_are_as_different_as_digests(one: str, other: str) -> None:
    """No two originals share a path, and every path is safe in a URL."""
    assert (original_path(one) == original_path(other)) == (one == other)
    assert re.fullmatch(r"[a-z0-9/.]+", original_path(one))


@pytest.mark.parametrize("digest", ["", "ab", "../" * 21 + "x", DIGEST.upper(), DIGEST + "\n", DIGEST[:-1]])
def test_only_a_digest_makes_a_path(digest: str) -> None:
    """Nothing but a SHA-256 in lower-case hex becomes part of a path."""
    for build in (original_path, lambda text: rendition_path(text, "video", ".mp4")):
        with pytest.raises(ValueError, match="does not match"):
            build(digest)


@pytest.mark.parametrize(
    ("kind", "suffix"), [("../video", ".mp4"), ("", ".mp4"), ("video", "mp4"), ("video", "./x")]
)
def test_kind_and_suffix_cannot_leave_the_folder(kind: str, suffix: str) -> None:
    """A rendition's path stays below its own key."""
    with pytest.raises(ValueError, match="does not match"):
        rendition_path(DIGEST, kind, suffix)
