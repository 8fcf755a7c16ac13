"""Walks a JSON Schema: follows references, folds `allOf`, lists alternatives. Pure; checks no value against it.

Understands the words that pydantic and fal's OpenAPI documents use, of JSON Schema 2020-12 and OpenAPI 3.0;
every other word is left alone. References stay within the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local.fal.outcomes import JsonObject


class BadSchema(ValueError):
    """The schema cannot be used; the message says where it is wrong."""


@dataclass(frozen=True)
class Schema:
    """One schema of a document. `body` has no `$ref` and no `allOf` left.

    `name` is that of the referred definition, or else of the property: what pydantic would call its class.
    `trail` holds the references followed on the way here, so that a circle is seen.
    """

    document: JsonObject
    body: JsonObject
    name: str
    trail: frozenset[str] = field(default=frozenset())

    @property
    def properties(self) -> Mapping[str, "Schema"]:
        """The properties of an object, in the order of the document; none for anything else."""
        named = _checked_object(self.body.get("properties", {}), f"properties of {self.name}")
        return {name: self.child(body, name) for name, body in named.items()}

    @property
    def required(self) -> frozenset[str]:
        """The names of the properties that must be there."""
        return frozenset(map(str, self.listed("required")))

    @property
    def items(self) -> "Schema":
        """What each item of an array must match."""
        return self.child(self.body.get("items", {}), self.name)

    @property
    def type(self) -> str | None:
        """The type, where the schema names or implies a single one."""
        implied = {"properties": "object", "items": "array"}
        return self.body.get("type", next((kind for word, kind in implied.items() if word in self.body), None))

    @property
    def alternatives(self) -> list["Schema"]:
        """The schemas of which a value has to match one, free of further alternatives; this one if it is alone."""
        if self.body.get("nullable"):
            return [*self._with(nullable=False).alternatives, self._with(type="null", nullable=False)]
        options = self.body.get("anyOf") or self.body.get("oneOf")
        if options:
            listed = _checked_list(options, f"alternatives of {self.name}")
            return [one for option in listed for one in self.child(option, self.name).alternatives]
        if isinstance(self.type, list) and self.type:
            return [self._with(type=kind) for kind in self.type]
        return [self]

    def listed(self, word: str) -> list[Any]:
        """The list under that word, empty where there is none. Raises `BadSchema` for anything but a list."""
        return _checked_list(self.body.get(word, []), f"{word} of {self.name}")

    def child(self, body: Any, name: str) -> "Schema":  # noqa: ANN401 - a document may hold anything there
        """A schema within this one, its references followed. Raises `BadSchema`."""
        return _followed(replace(self, body=_checked_object(body, name), name=name))

    def _with(self, **words: object) -> "Schema":
        return replace(self, body={**self.body, **words})


def schema_of(document: JsonObject, name: str) -> Schema:
    """The schema that a whole document is. Raises `BadSchema`."""
    return _followed(Schema(document, document, name))


def _followed(schema: Schema) -> Schema:
    while "$ref" in schema.body:
        schema = _step(schema)
    parts = schema.body.get("allOf")
    return schema if parts is None else _folded(schema, _checked_list(parts, f"allOf of {schema.name}"))


def _step(schema: Schema) -> Schema:
    reference = str(schema.body["$ref"])
    if reference in schema.trail:
        raise BadSchema(f"{reference} refers to itself")
    beside = {word: value for word, value in schema.body.items() if word not in {"$ref", "$defs"}}
    target = _at(schema.document, reference)
    name = reference.rpartition("/")[2]
    return replace(schema, body={**target, **beside}, name=name, trail=schema.trail | {reference})


def _folded(schema: Schema, parts: list[Any]) -> Schema:
    """One schema in place of those a value must match all of; a later word goes before an earlier one."""
    children = [schema.child(part, schema.name) for part in parts]
    beside = {word: value for word, value in schema.body.items() if word != "allOf"}
    body: JsonObject = {}
    for part in (*(child.body for child in children), beside):
        properties = {**body.get("properties", {}), **part.get("properties", {})}
        required = [*body.get("required", []), *part.get("required", [])]
        body |= part
        body |= {"properties": properties} if properties else {}
        body |= {"required": required} if required else {}
    trail = schema.trail.union(*(child.trail for child in children))
    return replace(schema, body=body, name=children[0].name if children else schema.name, trail=trail)


def _at(document: JsonObject, reference: str) -> JsonObject:
    """What a JSON pointer in a URI fragment points at (RFC 6901)."""
    if not reference.startswith("#"):
        raise BadSchema(f"{reference} is not a reference within the document")
    place: Any = document
    for step in reference[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(place, dict) or key not in place:
            raise BadSchema(f"there is nothing at {reference}")
        place = place[key]
    return _checked_object(place, reference)


def _checked_object(value: object, what: str) -> JsonObject:
    if value is True:  # the schema that anything matches
        return {}
    if not isinstance(value, dict):
        raise BadSchema(f"{what} must be an object, not {value!r}")
    return value


def _checked_list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadSchema(f"{what} must be a list, not {value!r}")
    return value
