"""Promises of the catalogue: which models there are, and what a folder of one's own may hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.fal.models.catalogue import Catalogue, own_models
from local.fal.models.folder import open_catalogue
from local.fal.models.media import Medium
from pipeline.errors import BadSetting
from pipeline.fal.facts import all_endpoint_facts, read_endpoint_facts
from tests.local.fal.models.samples import FILE, IMAGE, IMAGE_OUTPUT, openapi, schema

TURBO = "fal-ai/fast-animatediff/turbo/text-to-video"
MINIMAL: dict[str, Any] = {"input": schema({"prompt": {"type": "string"}}), "output": IMAGE_OUTPUT}


def giving(other: dict[str, Any]) -> dict[str, Any]:
    """An output of images, and beside them another value."""
    knot = {"type": "object", "properties": {"knot": {"$ref": "#/$defs/Knot"}}, "required": ["knot"]}
    return {
        **IMAGE_OUTPUT,
        "properties": {**IMAGE_OUTPUT["properties"], "other": other},
        "$defs": {**IMAGE_OUTPUT["$defs"], "Knot": knot},
    }


def put(folder: Path, path: str, document: object) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(document if isinstance(document, str) else json.dumps(document))


def test_every_listed_endpoint_is_there_and_no_other() -> None:
    """fal answers 404 for one that is in no official list, whatever hobbyists write about it."""
    catalogue = open_catalogue(None)

    assert catalogue.ids == [facts.id for facts in all_endpoint_facts().values() if facts.listed]
    assert all(catalogue.get(endpoint) is not None for endpoint in catalogue.ids)
    assert TURBO in catalogue.ids
    assert catalogue.get("fal-ai/fast-animatediff-lightning") is None
    assert catalogue.get("nobody/nothing") is None


def test_a_file_of_ones_own_needs_no_more_than_input_and_output(tmp_path: Path) -> None:
    """Its path in the folder is its endpoint id."""
    put(tmp_path, "me/models/mine.json", MINIMAL)

    model = open_catalogue(tmp_path).get("me/models/mine")

    assert model is not None
    assert (model.facts.id, model.facts.price, model.medium) == ("me/models/mine", None, Medium.IMAGE)
    assert model.check({"prompt": "x"}) == {"prompt": "x"}


def test_a_file_of_ones_own_goes_before_the_packaged_one(tmp_path: Path) -> None:
    put(tmp_path, f"{TURBO}.json", MINIMAL)

    catalogue = open_catalogue(tmp_path)

    assert catalogue.ids.count(TURBO) == 1
    model = catalogue.get(TURBO)
    assert model is not None
    assert model.medium is Medium.IMAGE


def test_a_file_of_ones_own_makes_an_unlisted_endpoint_exist(tmp_path: Path) -> None:
    put(tmp_path, "fal-ai/fast-animatediff-lightning.json", MINIMAL)

    assert open_catalogue(tmp_path).get("fal-ai/fast-animatediff-lightning") is not None


def test_an_endpoint_that_is_packaged_but_not_listed_does_not_exist() -> None:
    facts = read_endpoint_facts("a/b", {"title": "", "source": "", "price": None, "listed": False, **MINIMAL})

    assert Catalogue({"a/b": facts}, {}).get("a/b") is None


@pytest.mark.parametrize("named", [True, False], ids=["named", "by its paths"])
def test_fals_own_openapi_document_is_a_model(tmp_path: Path, named: bool) -> None:
    """Under any file name: the document says which endpoint it describes."""
    put(tmp_path, "openapi.json", openapi("someone/served/fast", named=named))

    model = open_catalogue(tmp_path).get("someone/served/fast")

    assert model is not None
    assert model.medium is Medium.VIDEO
    assert model.check({"prompt": "x"}) == {"prompt": "x", "image_size": "landscape_16_9"}
    assert model.check({"prompt": "x", "image_size": {"width": 64}}) == {
        "prompt": "x",
        "image_size": {"width": 64, "height": 512},
    }
    details = model.check({"prompt": "x" * 51})
    assert isinstance(details, list)
    assert details[0]["type"] == "string_too_long"


def test_a_document_with_several_posts_is_read_by_the_endpoint_it_names() -> None:
    document = openapi("someone/served")
    document["paths"]["/someone/served/stream"] = {"post": {}}

    assert set(own_models({"served.json": document})) == {"someone/served"}


@pytest.mark.parametrize(
    ("path", "document", "fault"),
    [
        ("a/b.json", "{", "Expecting property name"),
        ("a/b.json", "[]", "no object"),
        ("a/b.json", {}, "input"),
        ("a/b.json", {"input": schema({})}, "output"),
        ("a/b.json", MINIMAL | {"output": schema({"text": {"type": "string"}})}, "neither a video nor an image"),
        ("a/b.json", MINIMAL | {"input": schema({"x": {"$ref": "#/X"}})}, "nothing at #/X"),
        ("a/b.json", MINIMAL | {"price": {"dollars": "cheap"}}, "price"),
        ("b.json", MINIMAL, "owner/b.json"),
        ("me/mine/stream.json", MINIMAL, "no call could reach me/mine/stream"),
        ("me/mine/requests.json", MINIMAL, "no call could reach"),
        ("me/mine/requests/z.json", MINIMAL, "no call could reach"),
        ("workflows/two.json", MINIMAL, "no call could reach"),
        ("a/b.json", MINIMAL | {"output": giving({"type": "integer", "examples": 5})}, "examples of other"),
        ("a/b.json", MINIMAL | {"output": giving({"type": "string", "examples": {"x": 1}})}, "examples of other"),
        ("a/b.json", MINIMAL | {"output": giving({"$ref": "#/$defs/Knot"})}, "refers to itself"),
        ("a/b.json", {"openapi": "3.0.4"}, "'paths'"),
        ("a/b.json", {"openapi": "3.0.4", "paths": {}}, "one path with a POST, not 0"),
        ("a/b.json", {"openapi": "3.0.4", "paths": {"/c/d": {"post": {}}}}, "'requestBody'"),
        ("a/b.json", openapi() | {"components": {"schemas": {}}}, "nothing at #/\\$defs/Served"),
        ("a/b.json", openapi() | {"components": 3}, "'components'"),
    ],
)
def test_a_faulty_file_is_named_with_its_fault(tmp_path: Path, path: str, document: object, fault: str) -> None:
    """At the start, and not when the model is first asked for."""
    put(tmp_path, path, document)

    with pytest.raises(BadSetting, match=f"{path}: .*{fault}"):
        open_catalogue(tmp_path)


def test_two_files_for_one_endpoint_are_refused() -> None:
    with pytest.raises(BadSetting, match="another file describes someone/served"):
        own_models({"a.json": openapi(), "copy.json": openapi()})


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="not a folder"):
        open_catalogue(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("properties", "medium"),
    [
        ({"video": {"$ref": "#/$defs/File"}}, Medium.VIDEO),
        ({"result": {"$ref": "#/$defs/VideoFile"}}, Medium.VIDEO),
        ({"video_frame": {"$ref": "#/$defs/Image"}}, Medium.IMAGE),
        ({"image": {"anyOf": [{"$ref": "#/$defs/File"}, {"type": "null"}]}}, Medium.IMAGE),
        ({"thumbnail": {"$ref": "#/$defs/Image"}, "video": {"$ref": "#/$defs/File"}}, Medium.VIDEO),
        ({"frames": {"type": "array", "items": {"$ref": "#/$defs/Image"}}}, Medium.IMAGE),
        ({"audio": {"$ref": "#/$defs/File"}}, None),
        ({"video": {"type": "string"}}, None),
    ],
)
def test_what_a_model_makes_is_seen_from_its_output(properties: dict[str, Any], medium: Medium | None) -> None:
    """By what its files are called, type before property; one that gives both makes videos."""
    definitions = {"File": FILE, "VideoFile": FILE, "Image": IMAGE}
    document = MINIMAL | {"output": {"type": "object", "properties": properties, "$defs": definitions}}

    if medium is None:
        with pytest.raises(BadSetting, match="neither"):
            own_models({"a/b.json": document})
    else:
        assert own_models({"a/b.json": document})["a/b"].medium is medium
