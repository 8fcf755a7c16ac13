"""The models that can be asked for: those packaged with the pipeline, and the user's own, which go before. Pure.

A model's file is either our own form, of which `input` and `output` suffice, or the OpenAPI document that fal
serves for an endpoint. Reading the files is for `folder`.
"""

from collections.abc import Mapping

from local.fal.models.media import Medium, file_in, medium_of
from local.fal.models.openapi import is_openapi, read_openapi
from local.fal.models.placeholders import placeholder
from local.fal.models.schema import BadSchema, schema_of
from local.fal.models.validation import Checker
from local.fal.outcomes import JsonObject
from local.fal.paths import SubmitPath, read_path
from pipeline.errors import BadSetting
from pipeline.fal.facts import EndpointFacts, read_endpoint_facts

SUFFIX = ".json"

STREAM = "/stream"
"""At the end of a path of fal.run no part of an endpoint id: it streams the model before it."""


class Model:
    """One model: its facts, made ready to check inputs."""

    def __init__(self, facts: EndpointFacts) -> None:
        """Raises `BadSchema` where the schemas of the facts cannot be used."""
        self.facts = facts
        self.output = schema_of(facts.output, "Output")
        self.medium: Medium = medium_of(self.output)
        self._input = Checker(facts.input, name="Input")
        # tried now, so that what cannot be filled in fails the start and not a call
        for schema in self.output.properties.values():
            file = file_in(schema)
            for part in (schema,) if file is None else file.properties.values():
                placeholder(part)

    @property
    def fixed(self) -> Mapping[str, object]:
        """What nobody can choose, by the name the field would have: `x-fixed` of the input schema."""
        values = self.facts.input.get("x-fixed")
        return values if isinstance(values, dict) else {}

    def check(self, body: JsonObject) -> JsonObject | list[JsonObject]:
        """The input with its defaults, or fal's `detail` list; see `Checker.check`."""
        return self._input.check(body)


class Catalogue:
    """All models by endpoint id. Those with facts that are not listed do not exist here, as at fal."""

    def __init__(self, packaged: Mapping[str, EndpointFacts], own: Mapping[str, Model]) -> None:
        listed = {facts.id: Model(facts) for facts in packaged.values() if facts.listed}
        self._models = {**listed, **own}

    @property
    def ids(self) -> list[str]:
        """Every endpoint id there is, in order."""
        return sorted(self._models)

    def get(self, endpoint: str) -> Model | None:
        """The model of that endpoint id, None if there is none."""
        return self._models.get(endpoint)


def own_models(documents: Mapping[str, JsonObject]) -> Mapping[str, Model]:
    """Models by endpoint id, from the parsed files by their paths within the user's folder, slashes forward.

    Raises `BadSetting` that names the file and its fault.
    """
    models: dict[str, Model] = {}
    for path, document in documents.items():
        try:
            model = Model(_facts(path, document))
        except (BadSchema, BadSetting) as error:
            raise BadSetting(f"{path}: {error}") from error
        if model.facts.id in models:
            raise BadSetting(f"{path}: another file describes {model.facts.id}, too")
        models[model.facts.id] = model
    return models


def _facts(path: str, document: JsonObject) -> EndpointFacts:
    if is_openapi(document):
        endpoint, document = read_openapi(document)
    else:
        endpoint = path.removesuffix(SUFFIX)
    if "/" not in endpoint:
        raise BadSetting(f"an endpoint id has an owner and a name, so a file for it is owner/{path}")
    if read_path(f"/{endpoint}") != SubmitPath(endpoint) or endpoint.endswith(STREAM):
        raise BadSetting(f"no call could reach {endpoint}: fal's paths mean something else by it")
    usual = {"title": endpoint, "source": path, "price": None}
    return read_endpoint_facts(endpoint, {**usual, **document})
