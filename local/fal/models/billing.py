"""What a finished request is billed, in the unit of its model's price. Pure; the arithmetic is the pipeline's."""

from collections.abc import Sequence
from decimal import Decimal

from local.fal.models.catalogue import Model
from local.fal.models.film import ClipRequest, Drawing, known_values
from local.fal.models.sizes import asked_size
from local.fal.outcomes import JsonObject
from pipeline.fal.pricing import billed_megapixels, units

_DIGITS = 3
"""Of a computed second. How finely fal counts is not published; a float's seventeen digits help nobody."""


def billable_units(
    model: Model, given: JsonObject, drawings: Sequence[Drawing], *, compute_seconds: float
) -> Decimal:
    """The units of a checked input and what was drawn for it: the value of `x-fal-billable-units`.

    Images are billed at the size asked for, though a smaller one may have been drawn. A model without a price
    counts the seconds it computed, as fal does with those that have no price of their own.
    """
    computed = round(Decimal(str(compute_seconds)), _DIGITS)
    if model.facts.price is None:
        return computed
    played = sum(Decimal(str(one.seconds)) for one in drawings if isinstance(one, ClipRequest))
    size = asked_size(known_values(model, given), model.medium)
    return units(
        model.facts.price,
        given,
        video_seconds=Decimal(played),
        compute_seconds=computed,
        megapixels=billed_megapixels(*size, images=len(drawings)),
        images=len(drawings),
    )
