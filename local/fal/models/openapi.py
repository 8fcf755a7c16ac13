"""Reads the OpenAPI 3.0 document that fal serves for an endpoint's queue. Pure.

As served at https://fal.ai/api/openapi/queue/openapi.json?endpoint_id=…: the input is the body of the one POST,
the output what GET of `…/requests/{request_id}` answers with 200.
"""

import json

from local.fal.models.schema import BadSchema
from local.fal.outcomes import JsonObject

_RESULT = "/requests/{request_id}"


def is_openapi(document: JsonObject) -> bool:
    """Whether a JSON document is an OpenAPI one."""
    return "openapi" in document


def read_openapi(document: JsonObject) -> tuple[str, JsonObject]:
    """The endpoint id, and its title, input and output in the form of our own files.

    Raises `BadSchema` that says what the document lacks.
    """
    paths = _within(document, "paths")
    endpoint = _named_endpoint(document) or _only_submit_path(paths)
    submit = f"/{endpoint}"
    body = _within(paths, submit, "post", "requestBody")
    answer = _within(paths, submit + _RESULT, "get", "responses", "200")
    return endpoint, {
        "title": endpoint,
        "input": _schema(document, body),
        "output": _schema(document, answer),
    }


def _named_endpoint(document: JsonObject) -> str | None:
    try:
        return str(_within(document, "info", "x-fal-metadata")["endpointId"])
    except (BadSchema, KeyError):
        return None


def _only_submit_path(paths: JsonObject) -> str:
    posts = [path for path, methods in paths.items() if isinstance(methods, dict) and "post" in methods]
    if len(posts) != 1:
        raise BadSchema(f"an endpoint has one path with a POST, not {len(posts)}")
    return str(posts[0]).strip("/")


def _schema(document: JsonObject, message: JsonObject) -> JsonObject:
    """The schema of a message, on its own feet: with the definitions it may refer to."""
    schema = _within(message, "content", "application/json", "schema")
    shared = _within(document, "components", "schemas") if "components" in document else {}
    moved = json.dumps({**schema, "$defs": shared}).replace('"#/components/schemas/', '"#/$defs/')
    return dict(json.loads(moved))


def _within(document: JsonObject, *steps: str) -> JsonObject:
    """The object at the end of those steps. Raises `BadSchema` that names the first one missing."""
    for step in steps:
        found = document.get(step)
        if not isinstance(found, dict):
            raise BadSchema(f"the OpenAPI document lacks {step!r} on the way {' > '.join(steps)}")
        document = found
    return document
