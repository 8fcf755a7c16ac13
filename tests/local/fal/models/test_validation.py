"""Promises of the check of inputs: what pydantic behind FastAPI would say of the model the schema came from."""

import json
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, Field, ValidationError

from local.fal.models.schema import BadSchema
from local.fal.models.validation import Checker
from tests.local.fal.models.samples import schema


class ImageSize(BaseModel):
    width: Annotated[int, Field(gt=0, le=14142)] = 512
    height: Annotated[int, Field(gt=0, le=14142)] = 512


class Lora(BaseModel):
    path: str
    scale: Annotated[float, Field(ge=0, le=4)] = 1.0


class Input(BaseModel):
    """One of every kind of field that fal's models have."""

    prompt: Annotated[str, Field(min_length=1, max_length=20)]
    num_frames: Annotated[int, Field(ge=1, le=32)] = 16
    guidance_scale: Annotated[float, Field(gt=1, lt=10)] = 3.0
    sides: Annotated[int, Field(multiple_of=8)] = 8
    seed: int | None = None
    format: Literal["png", "jpeg"] = "jpeg"
    duration: Literal[6, 8] = 6
    version: Literal["v1"] = "v1"
    enable_safety_checker: bool = True
    image_size: ImageSize | Literal["square", "landscape_16_9"] | None = "square"
    motions: Annotated[list[Literal["zoom-in", "zoom-out"]], Field(max_length=2)] | None = None
    loras: list[Lora] = []
    image_url: AnyUrl | None = None
    color: Annotated[str, Field(pattern="^#[0-9a-f]{6}$")] | None = None
    strength: Annotated[float, Field(ge=0)] | Annotated[str, Field(max_length=3)] = 1.0
    extra: dict[str, int] = {}
    anything: Any = None
    validate_: Annotated[bool, Field(alias="validate")] = False


CHECKER = Checker(Input.model_json_schema(), name="Input")


def said_by_pydantic(body: dict[str, Any]) -> dict[str, Any] | list[dict[str, Any]]:
    """What the model says of the body when FastAPI calls it, in the form of `detail`."""
    try:
        return Input.model_validate(body, from_attributes=True).model_dump(mode="json", by_alias=True)
    except ValidationError as error:
        return [
            {**item, "loc": ["body", *item["loc"]], "url": f"https://docs.fal.ai/errors#{item['type']}"}
            for item in error.errors(include_url=False)
        ]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"prompt": ...}, "missing"),
        ({"prompt": None}, "string_type"),
        ({"prompt": ""}, "string_too_short"),
        ({"prompt": "x" * 21}, "string_too_long"),
        ({"num_frames": 33}, "less_than_equal"),
        ({"num_frames": 0}, "greater_than_equal"),
        ({"num_frames": "many"}, "int_parsing"),
        ({"num_frames": 1.5}, "int_from_float"),
        ({"num_frames": None}, "int_type"),
        ({"guidance_scale": 1}, "greater_than"),
        ({"guidance_scale": 10}, "less_than"),
        ({"sides": 9}, "multiple_of"),
        ({"format": "gif"}, "literal_error"),
        ({"duration": "6"}, "literal_error"),
        ({"version": "v2"}, "literal_error"),
        ({"enable_safety_checker": "perhaps"}, "bool_parsing"),
        ({"image_size": "huge"}, "model_attributes_type"),
        ({"image_size": {"width": 0}}, "greater_than"),
        ({"motions": ["zoom-in"] * 3}, "too_long"),
        ({"motions": ["spin"]}, "literal_error"),
        ({"loras": [{"scale": 9}]}, "missing"),
        ({"loras": "none"}, "list_type"),
        ({"image_url": "nowhere"}, "url_parsing"),
        ({"color": "red"}, "string_pattern_mismatch"),
        ({"strength": "abcd"}, "float_parsing"),
        ({"extra": {"a": "b"}}, "int_parsing"),
    ],
)
def test_a_mistake_is_told_as_pydantic_tells_it(change: dict[str, Any], kind: str) -> None:
    """Type, place, message, input and context, to the letter."""
    body = {name: value for name, value in ({"prompt": "x"} | change).items() if value is not ...}

    details = CHECKER.check(body)

    assert isinstance(details, list)
    assert details[0]["type"] == kind
    assert details == said_by_pydantic(body)
    json.dumps(details)


def test_all_mistakes_are_told_at_once() -> None:
    details = CHECKER.check({"num_frames": 0, "format": "gif"})

    assert isinstance(details, list)
    assert [item["loc"] for item in details] == [["body", "prompt"], ["body", "num_frames"], ["body", "format"]]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {}, optional={field.alias or name: json_values for name, field in Input.model_fields.items()}
    )
)
def test_any_json_is_taken_or_refused_as_by_pydantic(body: dict[str, Any]) -> None:
    checked = CHECKER.check(body)

    assert checked == said_by_pydantic(body)


def test_defaults_are_filled_in_and_unknown_fields_dropped() -> None:
    """Nested ones too; an optional field without a default is there as null."""
    checked = CHECKER.check({"prompt": "x", "image_size": {"width": "64"}, "loras": [{"path": "a"}], "new": 1})

    assert isinstance(checked, dict)
    assert checked["image_size"] == {"width": 64, "height": 512}
    assert checked["loras"] == [{"path": "a", "scale": 1.0}]
    assert (checked["num_frames"], checked["seed"], checked["validate"]) == (16, None, False)
    assert "new" not in checked


def test_numbers_in_digits_are_numbers() -> None:
    checked = CHECKER.check({"prompt": "x", "num_frames": "17", "seed": "3"})

    assert isinstance(checked, dict)
    assert (checked["num_frames"], checked["seed"]) == (17, 3)


def test_an_optional_field_without_a_default_may_be_null() -> None:
    """fal's documents leave that null out of the schema."""
    checker = Checker(schema({"negative_prompt": {"type": "string"}}), name="Input")

    assert checker.check({"negative_prompt": None}) == {"negative_prompt": None}


@pytest.mark.parametrize(
    "nullable",
    [
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"oneOf": [{"type": "integer"}, {"type": "null"}]},
        {"type": ["integer", "null"]},
        {"type": "integer", "nullable": True},
        {"allOf": [{"type": "integer"}], "nullable": True},
    ],
)
def test_null_may_be_said_in_every_dialect(nullable: dict[str, Any]) -> None:
    """JSON Schema 2020-12 and OpenAPI 3.0."""
    checker = Checker(schema({"seed": nullable}, required=("seed",)), name="Input")

    assert checker.check({"seed": None}) == {"seed": None}
    assert checker.check({"seed": 3}) == {"seed": 3}
    assert isinstance(checker.check({"seed": "x"}), list)


@pytest.mark.parametrize(
    "reference",
    [{"$ref": "#/$defs/ImageSize"}, {"allOf": [{"$ref": "#/$defs/ImageSize"}]}],
    ids=["plain", "all of"],
)
def test_a_default_beside_a_reference_counts(reference: dict[str, Any]) -> None:
    """And goes before one that stands where the reference leads."""
    properties = {"size": reference | {"default": {"width": 1, "height": 2}}}
    document = schema(properties)
    document["$defs"] = {"ImageSize": document["$defs"]["ImageSize"] | {"default": {}}}

    assert Checker(document, name="Input").check({}) == {"size": {"width": 1, "height": 2}}


def test_what_all_of_says_is_asked_together() -> None:
    both = {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"]},
        ]
    }

    details = Checker(schema({"both": both}), name="Input").check({"both": {}})

    assert isinstance(details, list)
    assert [item["loc"][-1] for item in details] == ["a", "b"]


@pytest.mark.parametrize(
    ("properties", "fault"),
    [
        ({"x": {"$ref": "#/$defs/Nothing"}}, "nothing at #/\\$defs/Nothing"),
        ({"x": {"$ref": "other.json#/X"}}, "within the document"),
        ({"x": {"$ref": "#/properties/x"}}, "refers to itself"),
        ({"x": {"type": "object", "properties": {"y": {"$ref": "#/properties/x"}}}}, "refers to itself"),
        ({"x": {"type": "text"}}, "no type 'text'"),
        ({"x": {"type": []}}, "Input"),
        ({"x": {"type": {}}}, "Input"),
        ({"x": {"enum": []}}, "enum"),
        ({"x": {"enum": [[]]}}, "Input"),
        ({"x": {"type": "string", "pattern": "("}}, "regex"),
        ({"x": {"type": "integer", "minimum": "a"}}, "Input"),
        ({"x": {"anyOf": 3}}, "must be a list"),
        ({"x": {"allOf": {}}}, "must be a list"),
        ({"x": 3}, "must be an object"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_when_it_is_read(properties: dict[str, Any], fault: str) -> None:
    """Not at the first request."""
    with pytest.raises(BadSchema, match=fault):
        Checker(schema(properties), name="Input")
