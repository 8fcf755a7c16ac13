"""Looks at all that a re-render would ask before any of it is asked: refuses what cannot be, reckons the rest."""

from collections import Counter
from collections.abc import Sequence

import click

from cli.rerender.forecast import Forecast, forecast
from functions.services import Services
from pipeline.errors import BadRequest
from pipeline.models import DEFAULT_MODEL, find_model
from pipeline.orders import Orders
from pipeline.parameters import read_given
from pipeline.ports import Generator
from pipeline.prompts import TemplateWriter
from storage.choices import Chosen, NextOrder, PostgresChoices, Wish

_BATCH = 500  # stories that one statement reads


async def look_ahead(services: Services, table: str, wish: Wish, chosen: Sequence[Chosen]) -> Forecast:
    """What asking would bring, with the stories, takes and missing endpoints as they are now.

    Raises `click.ClickException` where what was wished for does not suit a model, and `UnknownTable`.
    """
    choices = PostgresChoices(services.database)
    wanted: list[NextOrder] = []
    for start in range(0, len(chosen), _BATCH):
        wanted += await choices.orders(table, wish, chosen[start : start + _BATCH])
    if wish.model or wish.parameters:
        _require_suitable(services.generator, wanted)
    since = services.clock() - services.timing.missing_endpoint
    missing = await services.stores.plans.missing_endpoints(services.generator.provider, since=since)
    orders = Orders(services.generator, missing, previews=services.settings.previews)
    return await forecast(choices, services.offline_moderator, TemplateWriter(), orders, wish, wanted)


def _require_suitable(generator: Generator, wanted: Sequence[NextOrder]) -> None:
    """Every model with its parameters once; what nobody wished for now may stay as unsuitable as it was."""
    asked = Counter(order.model for order in wanted)
    checked: list[object] = []
    for order in wanted:
        if (order.model, order.parameters) in checked:
            continue
        checked.append((order.model, order.parameters))
        try:
            generator.check(find_model(order.model), read_given(order.parameters))
        except BadRequest as error:
            name = order.model or DEFAULT_MODEL
            raise click.ClickException(
                f"{error} (of {name}, which {asked[order.model]} of the chosen videos would be asked of)"
            ) from error
