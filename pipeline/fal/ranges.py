"""What a field of an endpoint takes, by its JSON Schema: whether a value fits, and the range in words. Pure.

Knows the keywords that the files of facts use; a schema without any takes everything. Values are JSON's.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.parameters import LARGEST

Schema = Mapping[str, Any]  # Any: a schema's values are whatever its keyword says

_NAMES: Mapping[str, str] = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_ENDS: Mapping[str, str] = {
    "minimum": "from",
    "exclusiveMinimum": "above",
    "maximum": "to",
    "exclusiveMaximum": "below",
}


@dataclass(frozen=True)
class Range:
    """The schema of one value, with the definitions that it may refer to."""

    schema: Schema
    definitions: Mapping[str, Schema]

    @property
    def fields(self) -> Mapping[str, "Range"]:
        """The ranges of an object's fields; none for anything else."""
        return {name: self._with(field) for name, field in self.schema.get("properties", {}).items()}

    @property
    def choices(self) -> list["Range"]:
        """The ranges of which a value has to be in one, free of references; this one if it leaves no choice."""
        if "$ref" in self.schema:
            name = self.schema["$ref"].rpartition("/")[2]
            return self._with(self.definitions[name]).choices
        if "anyOf" in self.schema:
            return [choice for option in self.schema["anyOf"] for choice in self._with(option).choices]
        return [self]

    def admits(self, value: object) -> bool:
        """Whether the value is in range."""
        return any(_admits(choice, value) for choice in self.choices)

    def spelt(self, value: object) -> object:
        """The value as the endpoint spells it: one's 5 is another's "5", and 5.0 is 5.

        One that is in range in neither spelling stays as it is.
        """
        plain = _plain(value)
        other = _respelt(plain)
        return other if not self.admits(plain) and self.admits(other) else plain

    def clamped(self, value: float) -> float:
        """The nearest number in a range that includes its ends."""
        lowest: float = self.schema.get("minimum", value)
        highest: float = self.schema.get("maximum", value)
        return min(max(value, lowest), highest)

    def described(self) -> str:
        """The range as a sentence names it: `a whole number from 1 to 32`."""
        return " or ".join(_described(choice) for choice in self.choices if choice.schema.get("type") != "null")

    @property
    def items(self) -> "Range":
        """The range of a list's items."""
        return self._with(self.schema.get("items", {}))

    def _with(self, schema: Schema) -> "Range":
        return Range(schema, self.definitions)


def _admits(one: Range, value: object) -> bool:
    if "enum" in one.schema:
        return any(_same(value, option) for option in one.schema["enum"])
    kind = one.schema.get("type")
    return kind is None or _OF_KIND[kind](one, value)


def _is_number(one: Range, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    lowest, highest = one.schema.get("minimum", value), one.schema.get("maximum", value)
    above, below = one.schema.get("exclusiveMinimum", value - 1), one.schema.get("exclusiveMaximum", value + 1)
    return bool(lowest <= value <= highest and above < value < below)


def _is_integer(one: Range, value: object) -> bool:
    return _is_number(one, value) and isinstance(_plain(value), int)


def _is_text(one: Range, value: object) -> bool:
    return isinstance(value, str) and _is_long_enough(one, len(value), "Length")


def _is_list(one: Range, value: object) -> bool:
    if not isinstance(value, list) or not _is_long_enough(one, len(value), "Items"):
        return False
    return all(one.items.admits(item) for item in value)


def _is_object(one: Range, value: object) -> bool:
    """Fields that the schema does not name are the endpoint's to judge."""
    return isinstance(value, Mapping) and all(
        field.admits(value[name]) for name, field in one.fields.items() if name in value
    )


def _is_long_enough(one: Range, length: int, what: str) -> bool:
    return bool(one.schema.get(f"min{what}", length) <= length <= one.schema.get(f"max{what}", length))


_OF_KIND: Mapping[str, Callable[[Range, object], bool]] = {
    "integer": _is_integer,
    "number": _is_number,
    "string": _is_text,
    "array": _is_list,
    "object": _is_object,
    "boolean": lambda _, value: isinstance(value, bool),
    "null": lambda _, value: value is None,
}


def _described(one: Range) -> str:
    if "enum" in one.schema:
        return "one of " + ", ".join(json.dumps(option) for option in one.schema["enum"])
    if one.fields:
        return ", ".join(f"{name}: {field.described()}" for name, field in one.fields.items())
    longest = one.schema.get("maxLength")
    name = _NAMES.get(one.schema.get("type", ""), "anything")
    ends = [f"{word} {one.schema[key]:g}" for key, word in _ENDS.items() if key in one.schema]
    return " ".join([name, *ends, *([f"of at most {longest} characters"] if longest else [])])


def _same(value: object, option: object) -> bool:
    """Equal as JSON: true is no 1, and 6.0 is 6."""
    return value == option and isinstance(value, bool) == isinstance(option, bool)


def _plain(value: object) -> object:
    """A whole number without its fraction of zero; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _respelt(value: object) -> object:
    """A number as text, a text as the number it spells; anything else as it is."""
    if isinstance(value, str):
        try:
            read = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return _plain(read) if _is_countable(read) else value
    return json.dumps(value) if _is_countable(value) else value


def _is_countable(value: object) -> bool:
    """Whether it is a number that every JSON reader keeps; a text may spell one with a thousand digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
