"""What each model is, makes and costs, gathered from the models and the endpoints' facts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pipeline.fal import reckoning
from pipeline.fal.catalog import dollars_per_unit, estimate, price_of
from pipeline.fal.facts import EndpointFacts, endpoint_facts
from pipeline.fal.inputs import effective
from pipeline.fal.pricing import Unit, multiplier
from pipeline.model import Model
from pipeline.models import parameters_for
from pipeline.parameters import as_json

UNITS: Mapping[Unit, str] = {
    Unit.COMPUTE_SECOND: "compute second",
    Unit.SECOND: "second",
    Unit.VIDEO: "video",
    Unit.IMAGE: "image",
    Unit.MEGAPIXEL: "megapixel",
}


Basis = Literal["published", "unconfirmed", "assumed"]
"""Who says what a unit costs: fal itself, others only, or nobody."""


@dataclass(frozen=True)
class Offer:
    """One model at one rung of its ladder. Amounts in US dollars.

    `makes` is what comes out, in a few words. `dollars` is what a unit costs with the model's own parameters,
    on that `basis`. `listed`: the endpoint is in some official list of fal's.
    """

    model: str
    endpoint: str
    listed: bool
    makes: str
    clip: Decimal
    dollars: Decimal
    unit: str
    basis: Basis
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
                "published": self.basis == "published",
                "basis": self.basis,
                "date": self.date,
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
    parameters = parameters_for(model, endpoint, model.parameters)
    facts, price = endpoint_facts(endpoint), price_of(endpoint)
    assert facts is not None, "of every rung of a named model there are facts"
    made = effective(facts, parameters)
    return Offer(
        model=model.name,
        endpoint=endpoint,
        listed=facts.listed,
        makes=_makes(made),
        clip=estimate(endpoint, parameters, ceiling=model.ceiling),
        dollars=dollars_per_unit(price) * multiplier(price, made),
        unit=UNITS[price.unit],
        basis=_basis(facts),
        date=price.date,
        unconfirmed=tuple(sorted(facts.unconfirmed)),
    )


def _basis(facts: EndpointFacts) -> Basis:
    if facts.price is None or facts.price.dollars is None:
        return "assumed"
    return "unconfirmed" if "price" in facts.unconfirmed else "published"


def _makes(given: Mapping[str, object]) -> str:
    """Seconds, size, frames and steps, as far as the input says, and which of the first two it leaves to fal."""
    seconds, steps = reckoning.played_seconds(given), reckoning.steps(given)
    frames, size = reckoning.number(given.get("num_frames")), reckoning.size(given)
    resolution = given.get("resolution")
    sides = resolution if isinstance(resolution, str) else f"{size[0]}x{size[1]}" if size else ""
    left = [what for what, said in (("length", seconds or frames), ("size", sides)) if not said]
    parts = [
        f"{seconds:.2g} s" if seconds else "",
        sides,
        f"{frames} frames" if frames else "",
        f"{steps} steps" if steps else "",
        f"{' and '.join(left)} left to fal" if left else "",
    ]
    return ", ".join(part for part in parts if part)
