"""Checks a body against a model's input schema, with the very errors fal gives. Pure.

fal's apps are pydantic behind FastAPI, so the schema is turned back into the pydantic model it came from: same
error types, same places, same leniency ("16" is a number; unknown fields are ignored).
"""

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Annotated, Any, Literal

from pydantic import AnyUrl, BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic_core import SchemaError

from local.fal.models.schema import BadSchema, Schema, schema_of
from local.fal.outcomes import JsonObject

_NUMBER_LIMITS = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
}
_STRING_LIMITS = {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"}
_ARRAY_LIMITS = {"minItems": "min_length", "maxItems": "max_length"}
"""JSON Schema's word to pydantic's."""


class Checker:
    """Checks values against one schema of an object."""

    def __init__(self, document: JsonObject, *, name: str) -> None:
        """`name` is what the schema is called in errors. Raises `BadSchema`."""
        try:
            self._model = _model(schema_of(document, name))
        except (PydanticUserError, SchemaError, TypeError) as error:
            raise BadSchema(f"{name}: {error}") from error

    def check(self, body: JsonObject) -> JsonObject | list[JsonObject]:
        """The value with its defaults filled in, as JSON, or fal's `detail` list.

        That has one entry of loc, msg, type, url, input and mostly ctx per mistake. An optional field that was
        not given and has no default is there as None.
        """
        try:
            # FastAPI validates bodies like this; where an object is due it changes the type of the error
            checked = self._model.model_validate(body, from_attributes=True)
        except ValidationError as error:
            return [
                {**item, "loc": ["body", *item["loc"]], "url": f"https://docs.fal.ai/errors#{item['type']}"}
                for item in error.errors(include_url=False)
            ]
        # a default is not validated, neither at fal, so it need not have the field's type
        return checked.model_dump(mode="json", by_alias=True, warnings=False)


def _model(schema: Schema) -> type[BaseModel]:
    # fields are known by alias only: a property may have any name, one of BaseModel's own included
    fields: dict[str, Any] = {
        f"field_{index}": _field(name, child, required=name in schema.required)
        for index, (name, child) in enumerate(schema.properties.items())
    }
    return create_model(schema.name, __config__=ConfigDict(extra="ignore"), **fields)


def _field(name: str, schema: Schema, *, required: bool) -> tuple[Any, Any]:
    if required:
        return _type(schema), Field(alias=name)
    default = schema.body.get("default")
    # fal's documents leave out the null of an optional field that has no default
    kind = _type(schema) if default is not None else _type(schema) | None
    return kind, Field(alias=name, default=default)


def _type(schema: Schema) -> Any:  # noqa: ANN401 - a type made at run time, as all below
    kind, *others = (_single_type(alternative) for alternative in schema.alternatives)
    for other in others:
        kind |= other
    return kind


def _single_type(schema: Schema) -> Any:  # noqa: ANN401
    if "const" in schema.body:
        return _literal([schema.body["const"]])
    if "enum" in schema.body:
        return _literal(schema.body["enum"])
    if schema.type not in _TYPES:
        raise BadSchema(f"{schema.name}: there is no type {schema.type!r}")
    return _TYPES[schema.type](schema)


def _literal(values: Any) -> Any:  # noqa: ANN401
    if not isinstance(values, list) or not values:
        raise BadSchema(f"an enum must be a list of values, not {values!r}")
    return Literal[tuple(values)]


def _limited(kind: Any, schema: Schema, limits: Mapping[str, str]) -> Any:  # noqa: ANN401
    named = {limits[word]: value for word, value in schema.body.items() if word in limits}
    return Annotated[kind, Field(**named)] if named else kind


def _string(schema: Schema) -> Any:  # noqa: ANN401
    return AnyUrl if schema.body.get("format") == "uri" else _limited(str, schema, _STRING_LIMITS)


def _array(schema: Schema) -> Any:  # noqa: ANN401
    return _limited(list[_type(schema.items)], schema, _ARRAY_LIMITS)  # type: ignore[misc]


def _object(schema: Schema) -> Any:  # noqa: ANN401
    if schema.properties:
        return _model(schema)
    values = schema.body.get("additionalProperties", True)
    value = _type(schema.child(values, schema.name)) if isinstance(values, dict) else Any
    return dict[str, value]  # type: ignore[valid-type]


_TYPES: Mapping[str | None, Callable[[Schema], Any]] = {
    "string": _string,
    "integer": lambda schema: _limited(int, schema, _NUMBER_LIMITS),
    "number": lambda schema: _limited(float, schema, _NUMBER_LIMITS),
    "boolean": lambda _: bool,
    "null": lambda _: NoneType,
    "array": _array,
    "object": _object,
    None: lambda _: Any,
}
