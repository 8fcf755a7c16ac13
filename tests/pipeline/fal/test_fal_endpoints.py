"""The files of facts: that each has the form and agrees with itself; and how they are read."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from pipeline.errors import BadSetting
from pipeline.fal.facts import EndpointFacts, all_endpoint_facts, endpoint_facts, read_endpoint_facts
from pipeline.fal.messages import JsonObject

ALL = all_endpoint_facts()

EXPECTED = {
    "fal-ai/animatediff-sparsectrl-lcm",
    "fal-ai/fast-animatediff-lightning",
    "fal-ai/fast-animatediff/text-to-video",
    "fal-ai/fast-animatediff/turbo/text-to-video",
    "fal-ai/fast-lcm-diffusion",
    "fal-ai/fast-lightning-sdxl",
    "fal-ai/fast-svd-lcm",
    "fal-ai/fast-svd-lcm/text-to-video",
    "fal-ai/fast-svd/text-to-video",
    "fal-ai/flux-2-pro",
    "fal-ai/flux/dev",
    "fal-ai/flux/schnell",
    "fal-ai/kling-video/v2.6/pro/text-to-video",
    "fal-ai/ltx-2.3/text-to-video/fast",
    "fal-ai/ltx-video",
    "fal-ai/ltxv-13b-098-distilled",
    "fal-ai/minimax/hailuo-02/pro/text-to-video",
    "fal-ai/minimax/hailuo-02/standard/text-to-video",
    "fal-ai/minimax/video-01",
    "fal-ai/wan-t2v",
    "fal-ai/wan/v2.2-5b/text-to-video/fast-wan",
    "fal-ai/wan/v2.2-a14b/text-to-video",
    "fal-ai/wan/v2.2-a14b/text-to-video/turbo",
}

MINIMAL: JsonObject = {"title": "A", "source": "B", "price": None, "input": {}, "output": {}}

WORDS = {
    "$defs", "$ref", "additionalProperties", "anyOf", "default", "description", "enum", "exclusiveMinimum",
    "items", "maxLength", "maximum", "minLength", "minimum", "properties", "required", "type",
}  # fmt: skip
"""The words of JSON Schema that the files use; readers need to know no others but `x-fixed`."""

every_endpoint = pytest.mark.parametrize("facts", ALL.values(), ids=list(ALL))


def subschemas(schema: object) -> Iterator[JsonObject]:
    """The schema and all within it."""
    assert isinstance(schema, dict), schema
    yield schema
    for word in ("properties", "$defs"):
        for inner in schema.get(word, {}).values():
            yield from subschemas(inner)
    for inner in (*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])):
        yield from subschemas(inner)


def accepts(schema: JsonObject, value: object, root: JsonObject) -> bool:
    """Whether a value keeps to a part of the schema `root`."""
    return bool(Draft202012Validator({**schema, "$defs": root.get("$defs", {})}).is_valid(value))


def test_every_endpoint_of_the_list_is_there() -> None:
    """No file is missing, none is there that this list does not know, and they come in order."""
    assert set(ALL) == EXPECTED
    assert list(ALL) == sorted(ALL)


@every_endpoint
def test_schemas_are_well_formed(facts: EndpointFacts) -> None:
    """Input and output are JSON Schemas of objects, in few words, with references that lead somewhere."""
    for root in (facts.input, facts.output):
        Draft202012Validator.check_schema(root)
        assert root["type"] == "object"
        for schema in subschemas(root):
            assert set(schema) <= (WORDS | {"x-fixed"} if schema is root else WORDS)
            assert {"type", "anyOf", "$ref"} & set(schema)
            if "$ref" in schema:
                assert str(schema["$ref"]).removeprefix("#/$defs/") in root["$defs"]  # type: ignore[operator]


@every_endpoint
def test_required_fields_exist(facts: EndpointFacts) -> None:
    """Whatever is required is described, a prompt or an image first of all."""
    for root in (facts.input, facts.output):
        for schema in subschemas(root):
            required, properties = schema.get("required", []), schema.get("properties", {})
            assert isinstance(required, list)
            assert isinstance(properties, dict)
            assert set(required) <= set(properties)
    assert facts.input["required"] in (["prompt"], ["image_url"])


@every_endpoint
def test_defaults_are_accepted(facts: EndpointFacts) -> None:
    """Every default keeps to its own field: type, range and choice."""
    for root in (facts.input, facts.output):
        for schema in subschemas(root):
            if "default" in schema:
                assert accepts(schema, schema["default"], root), schema


@every_endpoint
def test_prices_say_where_they_are_from(facts: EndpointFacts) -> None:
    """Each price has a month and a source; one that nobody published is marked as unconfirmed."""
    price = facts.price
    assert price is not None
    assert len(price.date.split("-")) == 2
    assert price.source
    assert price.dollars is None or price.dollars > 0
    assert (price.dollars is not None and "third part" not in price.source) or "price" in facts.unconfirmed


@every_endpoint
def test_conditions_are_about_fields_that_exist(facts: EndpointFacts) -> None:
    """A factor that names no field, or a value that the field cannot take, would never apply."""
    assert facts.price is not None
    for factor in facts.price.times:
        for name, wanted in factor.when.items():
            if isinstance(wanted, bool | int | str):
                assert accepts(facts.fields[name], wanted, facts.input)
            assert name in facts.fields


@every_endpoint
def test_output_holds_a_video_or_images(facts: EndpointFacts) -> None:
    """One of both, and never both."""
    properties = facts.output["properties"]
    assert isinstance(properties, dict)
    assert len({"video", "images"} & set(properties)) == 1


def test_only_the_invented_endpoint_is_unlisted() -> None:
    """The lightning endpoint is in no official list; all others are."""
    assert [facts.id for facts in ALL.values() if not facts.listed] == ["fal-ai/fast-animatediff-lightning"]


@pytest.mark.parametrize(
    "endpoint", ["", "fal-ai", "fal-ai/none", "../endpoints/fal-ai/wan-t2v", "./fal-ai/wan-t2v", "fal-ai//wan-t2v"]
)
def test_other_ids_have_no_facts(endpoint: str) -> None:
    """An id without a file, or one that is no safe path, is simply not known."""
    assert endpoint_facts(endpoint) is None


def test_nothing_is_read_before_it_is_asked_for() -> None:
    """A cold start reads no file of facts."""
    code = "import functions.app, pipeline.fal.facts as f; print(f.endpoint_facts.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "0"


def test_a_minimal_file_is_enough() -> None:
    """Title, source, price and both schemas are asked for; all else has a default."""
    facts = read_endpoint_facts("me/mine", MINIMAL)

    assert (facts.id, facts.listed, facts.realtime, facts.seconds) == ("me/mine", True, False, None)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"title": 7}, "title"),
        ({"colour": "red"}, "colour"),
        ({"price": {"dollars": "1", "unit": "hour", "date": "2026-09", "source": "x"}}, "price.unit"),
        ({"price": {"dollars": "cheap", "unit": "video", "date": "2026-09", "source": "x"}}, "price.dollars"),
        ({"price": {"dollars": "1", "unit": "video", "date": "2026-09", "source": "x", "tax": 1}}, "price.tax"),
    ],
)
def test_a_malformed_file_is_named(change: JsonObject, place: str) -> None:
    """The error says which endpoint's file is wrong, and where."""
    with pytest.raises(BadSetting, match=rf"me/mine.*{place}"):
        read_endpoint_facts("me/mine", {**MINIMAL, **change})
