"""What a revision wants of the provider: a take for every prompt, and perhaps a preview before it. Does no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.boxes import preview_sides
from pipeline.keys import take_key
from pipeline.model import Model, PlannedShot, PlannedTake, Prompt, RevisionToPlan
from pipeline.models import PREVIEW, find_model, parameters_for, rung
from pipeline.parameters import read_given
from pipeline.ports import Generator
from pipeline.prompts import check, seed_for


@dataclass(frozen=True)
class Orders:
    """How orders are made. `missing`: endpoints that the provider does not have. `previews`: any at all."""

    generator: Generator
    missing: frozenset[str]
    previews: bool

    def shot(self, revision: RevisionToPlan, prompt: Prompt) -> PlannedShot:
        """One prompt's worth of the revision. Raises `BadRequest`, and `BadStory` where the text has no seed."""
        seed = seed_for(check(revision.story)) if revision.seed is None else revision.seed
        model = find_model(revision.model)
        final = self._take(model, read_given(revision.given), prompt, seed)
        if not (self.previews and revision.preview) or model is PREVIEW:
            return PlannedShot(final)
        asked = parameters_for(model, final.endpoint, final.parameters)
        width, height = preview_sides(self.generator.aspect_ratio(final.endpoint, asked))
        return PlannedShot(final, self._take(PREVIEW, {"width": width, "height": height}, prompt, seed))

    def _take(self, model: Model, given: Mapping[str, object], prompt: Prompt, seed: int) -> PlannedTake:
        generator = self.generator
        parameters = generator.check(model, given)
        emulated = generator.emulated
        endpoint = rung(model, self.missing)
        return PlannedTake(
            take_key=take_key(
                model=model.name, parameters=parameters, prompt=prompt, seed=seed, emulated=emulated
            ),
            model=model.name,
            parameters=parameters,
            prompt=prompt,
            seed=seed,
            emulated=emulated,
            provider=generator.provider,
            endpoint=endpoint,
            estimate=generator.estimate(
                endpoint, parameters_for(model, endpoint, parameters), ceiling=model.ceiling
            ),
        )
