"""Values for those parts of an output that an emulator cannot know: what the schema itself offers. Pure."""

from local.fal.models.schema import Schema


def offers(schema: Schema) -> bool:
    """Whether the schema says of itself what a value could be."""
    return any(word in schema.body for word in ("const", "default", "examples", "example"))


def placeholder(schema: Schema) -> object:
    """A value that fits the schema: the one it offers, else null, else an empty one of its type.

    Raises `BadSchema` for examples that are no list, and for an object that must hold itself.
    """
    for word in ("const", "default", "example"):
        if word in schema.body:
            return schema.body[word]
    for word in ("examples", "enum"):
        if listed := schema.listed(word):
            return listed[0]
    kinds = [alternative.type for alternative in schema.alternatives]
    return None if "null" in kinds else _empty(schema.alternatives[0])


def _empty(schema: Schema) -> object:
    match schema.type:
        case "object":
            return {
                name: placeholder(child) for name, child in schema.properties.items() if name in schema.required
            }
        case "integer" | "number":
            return schema.body.get("minimum", 0)
        case "string":
            return ""
        case "boolean":
            return False
        case "array":
            return []
        case _:
            return None
