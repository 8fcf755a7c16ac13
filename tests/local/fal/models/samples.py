"""Small models for the tests, in the forms that files have."""

from typing import Any

from local.fal.models.catalogue import Model
from pipeline.fal.facts import read_endpoint_facts

SIZE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "width": {"type": "integer", "default": 512, "exclusiveMinimum": 0, "maximum": 14142},
        "height": {"type": "integer", "default": 512, "exclusiveMinimum": 0, "maximum": 14142},
    },
}
FILE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "url": {"type": "string"},
        "content_type": {"type": "string"},
        "file_name": {"type": "string"},
        "file_size": {"type": "integer"},
    },
    "required": ["url"],
}
IMAGE: dict[str, Any] = {
    "type": "object",
    "properties": {"url": {"type": "string"}, "width": {"type": "integer"}, "height": {"type": "integer"}},
    "required": ["url"],
}
VIDEO_OUTPUT: dict[str, Any] = {
    "type": "object",
    "properties": {"video": {"$ref": "#/$defs/File"}, "seed": {"type": "integer"}},
    "required": ["video", "seed"],
    "$defs": {"File": FILE},
}
IMAGE_OUTPUT: dict[str, Any] = {
    "type": "object",
    "properties": {"images": {"type": "array", "items": {"$ref": "#/$defs/Image"}}},
    "required": ["images"],
    "$defs": {"Image": IMAGE},
}


def schema(properties: dict[str, Any], *, required: tuple[str, ...] = (), **words: Any) -> dict[str, Any]:
    """The schema of an object with those properties; `ImageSize` can be referred to."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "$defs": {"ImageSize": SIZE},
        **words,
    }


def model(
    *, properties: dict[str, Any] | None = None, output: dict[str, Any] = VIDEO_OUTPUT, **more: Any
) -> Model:
    """A model that takes a prompt and those properties. `more` goes into its file, beside input and output."""
    document = {
        "title": "A sample",
        "source": "a test",
        "price": None,
        "input": schema({"prompt": {"type": "string"}, **(properties or {})}, required=("prompt",)),
        "output": output,
        **more,
    }
    return Model(read_endpoint_facts("someone/sample", document))


def openapi(endpoint: str = "someone/served", *, named: bool = True) -> dict[str, Any]:
    """A document as fal serves it for a queue; one that is not `named` says its endpoint only in its paths."""
    return {
        "openapi": "3.0.4",
        "info": {
            "title": f"Queue OpenAPI for {endpoint}",
            "version": "1.0.0",
            **({"x-fal-metadata": {"endpointId": endpoint, "category": "text-to-video"}} if named else {}),
        },
        "components": {
            "securitySchemes": {"apiKeyAuth": {"type": "apiKey", "in": "header", "name": "Authorization"}},
            "schemas": {
                "QueueStatus": {"type": "object", "properties": {"request_id": {"type": "string"}}},
                "ServedInput": {
                    "title": "ServedInput",
                    "type": "object",
                    "x-fal-order-properties": ["prompt", "image_size"],
                    "properties": {
                        "prompt": {"title": "Prompt", "type": "string", "maxLength": 50},
                        "image_size": {
                            "anyOf": [
                                {"$ref": "#/components/schemas/ImageSize"},
                                {"enum": ["square", "landscape_16_9"], "type": "string"},
                            ],
                            "default": "landscape_16_9",
                        },
                    },
                    "required": ["prompt"],
                },
                "ServedOutput": {
                    "title": "ServedOutput",
                    "type": "object",
                    "properties": {
                        "video": {"title": "Video", "allOf": [{"$ref": "#/components/schemas/File"}]},
                        "seed": {"title": "Seed", "type": "integer"},
                    },
                    "required": ["video", "seed"],
                },
                "ImageSize": SIZE,
                "File": FILE,
            },
        },
        "paths": {
            f"/{endpoint}/requests/{{request_id}}/status": {"get": {"responses": {"200": {}}}},
            f"/{endpoint}/requests/{{request_id}}/cancel": {"put": {"responses": {"200": {}}}},
            f"/{endpoint}": {
                "post": {
                    "requestBody": {"required": True, "content": _json("ServedInput")},
                    "responses": {"200": {"description": "queued", "content": _json("QueueStatus")}},
                }
            },
            f"/{endpoint}/requests/{{request_id}}": {
                "get": {"responses": {"200": {"description": "done", "content": _json("ServedOutput")}}}
            },
        },
        "servers": [{"url": "https://queue.fal.run"}],
    }


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
