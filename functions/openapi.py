"""The functions' OpenAPI document, made of the very models that their bodies are read with. Pure.

OpenAPI 3.1 (spec.openapis.org/oas/v3.1.0): every function, who may call it, and each answer it can give.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from functions.asking import DatabaseEvent, Rerender, RowCall, TextCall
from functions.views import VideoAnswer
from storage.overview import Overview

Json = dict[str, Any]


class Problem(BaseModel):
    """An error (RFC 9457). `code` is the stable word that programs look at; `error` repeats `detail`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    error: str


class Ignored(BaseModel):
    """An event that needs no video."""

    ignored: str


class Found(BaseModel):
    """What reconcile found, counted by kind."""

    found: dict[str, int]


class Accepted(BaseModel):
    """The work goes on behind the answer."""

    accepted: bool


class Outcome(BaseModel):
    """What a delivery was."""

    outcome: str


class Health(BaseModel):
    """The database answers and is prepared."""

    status: str


_BODIES: tuple[type, ...] = (DatabaseEvent, RowCall, TextCall, Rerender)
_ANSWERS: tuple[type, ...] = (VideoAnswer, Problem, Ignored, Found, Accepted, Outcome, Health, Overview)

_TOO_MUCH = (408, 413, 414, 431)
_AWAY = (500, 503)
_SECRET: list[Json] = [{"secret": []}]
_SECRET_OR_USER: list[Json] = [{"secret": []}, {"user": []}]
_OPERATOR: list[Json] = [{"operator": []}]


def document(base: str) -> Json:
    """The whole document, for functions under that path or address."""
    shapes: list[tuple[type, JsonSchemaMode, TypeAdapter[Any]]] = [
        *((model, "validation", TypeAdapter(model)) for model in _BODIES),
        *((model, "serialization", TypeAdapter(model)) for model in _ANSWERS),
    ]
    _, schemas = TypeAdapter.json_schemas(shapes, ref_template="#/components/schemas/{model}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Storyreel",
            "version": "1",
            "description": "Story text becomes a video that always plays.",
        },
        "servers": [{"url": base}],
        "paths": _paths(),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "secret": {"type": "apiKey", "in": "header", "name": "apikey"},
                "operator": {"type": "apiKey", "in": "header", "name": "apikey"},
                "user": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


def _paths() -> Json:
    event_row_or_text = {"anyOf": [_ref(model) for model in (TextCall, RowCall, DatabaseEvent)]}
    return {
        "/generate-video": {
            "post": _operation(
                "Ask for a video",
                security=_SECRET_OR_USER,
                body=event_row_or_text,
                answers={202: _ref(VideoAnswer), 200: _ref(Ignored)},
                problems=(400, 401, 403, 404, 422, 429, *_TOO_MUCH, *_AWAY),
            )
        },
        "/video/{video_id}": {
            "get": _operation(
                "One video as it is now",
                security=_SECRET_OR_USER,
                parameters=[_path("video_id", format="uuid")],
                answers={200: _ref(VideoAnswer)},
                problems=(401, 404, 414, 431, *_AWAY),
            )
        },
        "/video-webhook/{render_id}/{tag}": {
            "post": _operation(
                "The provider's news of a render, signed by it",
                parameters=[_path("render_id", format="uuid"), _path("tag", pattern="^[0-9a-fA-F]{32}$")],
                body={"type": "object"},
                answers={200: _ref(Outcome)},
                problems=(400, 401, 404, *_TOO_MUCH, *_AWAY),
            )
        },
        "/run-jobs": {
            "post": _operation(
                "Do what is due, then look for what was left behind",
                security=_SECRET,
                parameters=[
                    {
                        "name": "seconds",
                        "in": "query",
                        "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": 800, "default": 50},
                    },
                    {"name": "prefer", "in": "header", "schema": {"type": "string", "example": "respond-async"}},
                ],
                answers={200: _ref(Found), 202: _ref(Accepted)},
                problems=(401, 414, 422, 431, *_AWAY),
            )
        },
        "/rerender": {
            "post": _operation(
                "Make a row's video anew",
                security=_OPERATOR,
                body=_ref(Rerender),
                answers={202: _ref(VideoAnswer)},
                problems=(400, 401, 404, 422, *_TOO_MUCH, *_AWAY),
            )
        },
        "/status": {
            "get": _operation(
                "How the deployment is",
                security=_OPERATOR,
                answers={200: _ref(Overview)},
                problems=(401, 404, 414, 431, *_AWAY),
            )
        },
        "/metrics": {
            "get": _operation(
                "The same for Prometheus",
                security=_OPERATOR,
                text="text/plain",
                problems=(401, 404, 414, 431, *_AWAY),
            )
        },
        "/health": {
            "get": _operation(
                "Whether this process can do its work",
                answers={200: _ref(Health)},
                problems=(414, 431, *_AWAY),
            )
        },
    }


def _operation(
    summary: str,
    *,
    problems: Iterable[int],
    answers: Mapping[int, Json] | None = None,
    body: Json | None = None,
    parameters: list[Json] | None = None,
    security: list[Json] | None = None,
    text: str | None = None,
) -> Json:
    """One operation. `answers`: the schema of each good status; `text`: the media type of one that is no JSON."""
    good = {str(status): _content("application/json", schema) for status, schema in (answers or {}).items()}
    if text is not None:
        good["200"] = _content(text, {"type": "string"})
    bad = {str(status): _content("application/problem+json", _ref(Problem)) for status in problems}
    operation: Json = {"summary": summary, "responses": good | bad, "security": security or []}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if parameters:
        operation["parameters"] = parameters
    return operation


def _content(media_type: str, schema: Json) -> Json:
    return {"description": "See the schema.", "content": {media_type: {"schema": schema}}}


def _path(name: str, **schema: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", **schema}}


def _ref(model: type) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
