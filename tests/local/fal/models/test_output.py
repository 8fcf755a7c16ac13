"""Promises of the output: all that the schema asks for, true of the files where it speaks of them."""

import base64
from typing import Any

import pytest

from local.fal.models.film import drawings_for
from local.fal.models.output import MediaFile, data_uri, output_for, wants_data_uris
from tests.local.fal.models.samples import FILE, IMAGE, IMAGE_OUTPUT, model


def answer(properties: dict[str, Any], *, required: tuple[str, ...] = (), **given: Any) -> dict[str, Any]:
    """What a model with those output properties answers; `File` and `Image` can be referred to."""
    document = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "$defs": {"File": FILE, "Image": IMAGE},
    }
    sample = model(output=document)
    drawings = drawings_for(sample, {"prompt": "a fox"} | given, fallback_seed=7)
    files = [
        MediaFile(drawing, f"{number}{drawing.suffix}", f"https://host/files/{number}", size=1000 + number)
        for number, drawing in enumerate(drawings)
    ]
    return output_for(sample, {"prompt": "a fox"} | given, files, inference=1.5)


VIDEO: dict[str, Any] = {"video": {"$ref": "#/$defs/File"}}
IMAGES: dict[str, Any] = {"images": {"type": "array", "items": {"$ref": "#/$defs/Image"}}}


@pytest.mark.parametrize(
    "video",
    [
        {"$ref": "#/$defs/File"},
        {"allOf": [{"$ref": "#/$defs/File"}], "title": "Video"},
        {"anyOf": [{"$ref": "#/$defs/File"}, {"type": "null"}]},
    ],
)
def test_a_video_is_the_file_that_was_made(video: dict[str, Any]) -> None:
    """However the schema refers to it."""
    assert answer({"video": video}) == {
        "video": {
            "url": "https://host/files/0",
            "content_type": "video/mp4",
            "file_name": "0.mp4",
            "file_size": 1000,
        }
    }


def test_a_video_says_of_itself_what_its_schema_names() -> None:
    names = ["url", "width", "height", "fps", "duration", "num_frames"]
    schema = {"type": "object", "properties": {name: {} for name in names}}

    (video,) = answer({"video": schema}, num_frames=48, fps=16, video_size="landscape_16_9").values()

    assert video == {
        "url": "https://host/files/0",
        "width": 1024,
        "height": 576,
        "fps": 16.0,
        "duration": 3.0,
        "num_frames": 48,
    }


def test_every_image_is_listed_with_its_size_and_its_verdict() -> None:
    """The seed is that of the first."""
    told = {"has_nsfw_concepts": {"type": "array"}, "seed": {"type": "integer"}}

    output = answer(IMAGES | told, num_images=2, image_size="portrait_16_9", seed=5)

    assert output == {
        "images": [
            {"url": "https://host/files/0", "width": 576, "height": 1024},
            {"url": "https://host/files/1", "width": 576, "height": 1024},
        ],
        "has_nsfw_concepts": [False, False],
        "seed": 5,
    }


def test_a_single_image_is_no_list() -> None:
    output = answer({"image": {"$ref": "#/$defs/Image"}}, num_images=3)

    assert output["image"]["url"] == "https://host/files/0"


def test_seed_prompt_and_timings_are_those_of_the_request() -> None:
    told = {"seed": {"type": "integer"}, "prompt": {"type": "string"}, "timings": {"type": "object"}}

    assert answer(VIDEO | told)["seed"] == 7
    assert answer(VIDEO | told, seed=3)["seed"] == 3
    assert answer(VIDEO | told)["prompt"] == "a fox"
    assert answer(VIDEO | told)["timings"] == {"inference": 1.5}


def test_nothing_is_answered_that_the_schema_does_not_name() -> None:
    assert set(answer(VIDEO)) == {"video"}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "default": "a"}, "a"),
        ({"type": "string", "const": "b"}, "b"),
        ({"type": "string", "examples": ["c", "d"]}, "c"),
        ({"type": "string", "enum": ["e", "f"]}, "e"),
        ({"type": "string"}, ""),
        ({"type": "integer", "minimum": 1}, 1),
        ({"type": "number"}, 0),
        ({"type": "boolean"}, False),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ({"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]}, {"a": ""}),
        ({"$ref": "#/$defs/Image"}, {"url": ""}),
    ],
)
def test_what_nobody_knows_is_filled_in_where_it_must_be_there(schema: dict[str, Any], value: object) -> None:
    """With what the schema offers, else null, else something empty of its type."""
    assert answer(VIDEO | {"other": schema}, required=("other",))["other"] == value


def test_what_may_be_left_out_is_there_only_if_the_schema_offers_it() -> None:
    assert "other" not in answer(VIDEO | {"other": {"type": "string"}})
    assert "thumbnail" not in answer(VIDEO | {"thumbnail": {"$ref": "#/$defs/Image"}})
    assert answer(VIDEO | {"other": {"type": "string", "default": "a"}})["other"] == "a"


def test_files_come_within_the_answer_when_sync_mode_asks_for_it() -> None:
    """Also where that is the model's default, as it is with fast-lcm-diffusion."""
    sample = model(output=IMAGE_OUTPUT, properties={"sync_mode": {"type": "boolean", "default": True}})
    checked, declined = sample.check({"prompt": "x"}), sample.check({"prompt": "x", "sync_mode": False})
    assert isinstance(checked, dict)
    assert isinstance(declined, dict)

    assert wants_data_uris(checked)
    assert not wants_data_uris(declined)
    assert not wants_data_uris({})


def test_a_data_uri_holds_the_whole_file() -> None:
    head, _, body = data_uri(bytes(range(256)), "image/png").partition(",")

    assert head == "data:image/png;base64"
    assert base64.b64decode(body, validate=True) == bytes(range(256))
