"""What each model is, makes and costs, gathered from the models and the endpoints' facts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipeline.fal import asked as wanted
from pipeline.fal.catalog import dollars_per_unit, estimate, price_of
from pipeline.fal.facts import endpoint_facts
from pipeline.fal.inputs import complete
from pipeline.fal.pricing import Unit
from pipeline.model import Model
from pipeline.models import on_rung
from pipeline.parameters import as_json

UNITS: Mapping[Unit, str] = {
    Unit.COMPUTE_SECOND: "compute second",
    Unit.SECOND: "second",
    Unit.VIDEO: "video",
    Unit.IMAGE: "image",
    Unit.MEGAPIXEL: "megapixel",
}


@dataclass(frozen=True)
class Offer:
    """One model at one rung of its ladder. Amounts in US dollars.

    `makes` is what comes out, in a few words. `published`: fal says so; else `dollars` of a unit is assumed.
    `listed`: the endpoint is in some official list of fal's.
    """

    model: str
    endpoint: str
    listed: bool
    makes: str
    clip: Decimal
    dollars: Decimal
    unit: str
    published: bool
    date: str
    unconfirmed: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {
            "endpoint": self.endpoint,
            "listed": self.listed,
            "makes": self.makes,
            "clip_usd": float(self.clip),
            "price": {
                "usd": float(self.dollars),
                "unit": self.unit,
                "published": self.published,
                "date": self.date or None,
            },
            "unconfirmed": list(self.unconfirmed),
        }


def offers(model: Model) -> list[Offer]:
    """The model at each rung, the first one first."""
    return [_offer(model, endpoint) for endpoint in model.ladder]


def model_as_json(model: Model) -> dict[str, object]:
    """All that is known of a model, as `--json` prints it."""
    return {
        "name": model.name,
        "purpose": model.purpose,
        "source": model.source,
        "parameters": as_json(model.parameters),
        "offers": [offer.as_json() for offer in offers(model)],
    }


def _offer(model: Model, endpoint: str) -> Offer:
    parameters = on_rung(model, endpoint, model.parameters)
    facts, price = endpoint_facts(endpoint), price_of(endpoint)
    return Offer(
        model=model.name,
        endpoint=endpoint,
        listed=facts is not None and facts.listed,
        makes=_makes(complete(facts, parameters)),
        clip=estimate(endpoint, parameters),
        dollars=dollars_per_unit(price),
        unit=UNITS[price.unit],
        published=price.dollars is not None,
        date=price.date,
        unconfirmed=tuple(sorted(facts.unconfirmed)) if facts else ("everything",),
    )


def _makes(given: Mapping[str, object]) -> str:
    """Seconds, size, frames and steps, as far as the input says."""
    seconds, steps = wanted.video_seconds(given), wanted.steps(given)
    frames, size = wanted.number(given.get("num_frames")), wanted.size(given)
    resolution = given.get("resolution")
    said = [
        f"{seconds:.2g} s" if seconds else "",
        resolution if isinstance(resolution, str) else f"{size[0]}x{size[1]}" if size else "",
        f"{frames} frames" if frames else "",
        f"{steps} steps" if steps else "",
    ]
    return ", ".join(part for part in said if part) or "as fal sets it"
