"""What a field takes: every JSON Schema keyword that the files of facts use."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fal.facts import all_endpoint_facts
from pipeline.fal.inputs import ranges
from pipeline.fal.ranges import Range

SIZE = {"type": "object", "properties": {"width": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9}}}
EITHER = {"anyOf": [{"$ref": "#/$defs/Size"}, {"type": "string", "enum": ["big", "small"]}, {"type": "null"}]}

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def of(schema: dict[str, Any]) -> Range:
    return Range(schema, {"Size": SIZE})


@pytest.mark.parametrize(
    ("schema", "inside", "outside"),
    [
        ({}, [None, 1, "x", [], {}], []),
        ({"type": "integer", "minimum": 1, "maximum": 3}, [1, 3, 2.0], [0, 4, 1.5, "2", True, None, [2]]),
        ({"type": "number", "exclusiveMinimum": 1, "maximum": 10}, [1.1, 10], [1, 11, "2", False]),
        ({"type": "number", "exclusiveMaximum": 1}, [0.9], [1]),
        ({"type": "string", "minLength": 1, "maxLength": 3}, ["a", "abc"], ["", "abcd", 1, None]),
        ({"type": "string", "enum": ["5", "10"]}, ["5", "10"], [5, "6", None]),
        ({"type": "integer", "enum": [6, 8]}, [6, 8, 6.0], ["6", 7, True]),
        ({"type": "integer", "enum": [0, 1]}, [0, 1], [True, False]),
        ({"type": "boolean"}, [True, False], [0, 1, "true", None]),
        (
            {"type": "array", "items": {"enum": ["a"]}, "maxItems": 2},
            [[], ["a", "a"]],
            [["b"], ["a"] * 3, "a", {}],
        ),
        (EITHER, [{"width": 9}, {}, {"depth": "x"}, "big", None], [{"width": 0}, "huge", 3, []]),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, dict) else "",
)
def test_what_is_in_range(schema: dict[str, Any], inside: list[object], outside: list[object]) -> None:
    """JSON's true is no 1, a number in digits is no number, and an unnamed field is the endpoint's to judge."""
    assert [value for value in inside if not of(schema).admits(value)] == []
    assert [value for value in outside if of(schema).admits(value)] == []


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 32}, "a whole number from 1 to 32"),
        ({"type": "number", "exclusiveMinimum": 1, "maximum": 10}, "a number above 1 to 10"),
        ({"type": "string", "enum": ["5", "10"]}, 'one of "5", "10"'),
        ({"type": "string", "maxLength": 2000}, "text of at most 2000 characters"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "a whole number"),
        (EITHER, 'width: a whole number above 0 to 9 or one of "big", "small"'),
        ({"type": "boolean"}, "true or false"),
        ({}, "anything"),
    ],
)
def test_a_range_in_words(schema: dict[str, Any], words: str) -> None:
    """As a refusal names it."""
    assert of(schema).described() == words


@given(value=json_values)
def test_any_value_has_a_verdict(value: object) -> None:
    """Whatever a caller sends, every field on file says yes or no, and another spelling is never out of range."""
    for facts in all_endpoint_facts().values():
        for field in ranges(facts).values():
            assert isinstance(field.admits(value), bool)
            assert field.admits(field.spelt(value)) >= field.admits(value)
            assert field.described()


@pytest.mark.parametrize("digits", ["1" * 400, "9" * 5000, "1e400", "NaN", "[" * 5000])
def test_a_text_that_spells_no_usable_number_is_a_text(digits: str) -> None:
    """However many digits it has."""
    whole = of({"type": "integer"})

    assert (whole.spelt(digits), whole.admits(whole.spelt(digits))) == (digits, False)
    assert whole.admits(10**400)


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_clamped_number_is_in_range(value: float) -> None:
    """And one that was in range is left alone."""
    number = of({"type": "number", "minimum": -2, "maximum": 7})

    assert number.admits(number.clamped(value))
    assert number.clamped(value) == value or not number.admits(value)
