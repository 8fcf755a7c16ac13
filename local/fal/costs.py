"""What billed units would cost at fal, by the prices on file. Bills nothing itself, and knows no HTTP."""

from decimal import Decimal

from local.fal.outcomes import JsonObject
from pipeline.fal.pricing import Price


def cost_of(price: Price | None, billable_units: str | None) -> JsonObject:
    """The `unit` that a model is billed by, and the `cost` of so many in US dollars, as a decimal string.

    None for what is not known: a model without a published price, a request that has not ended.
    """
    if price is None:
        return {"unit": None, "cost": None}
    if price.dollars is None or billable_units is None:
        return {"unit": price.unit, "cost": None}
    return {"unit": price.unit, "cost": f"{(Decimal(billable_units) * price.dollars).normalize():f}"}
