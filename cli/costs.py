"""`storyreel costs` and `storyreel settle`: reads the ledger, and writes down what a person says."""

import asyncio
from decimal import Decimal
from uuid import UUID

from cli.place import open_known_place
from cli.rerender.request import since as moment_of
from cli.say import say, say_json
from cli.wording.costs import TABLES, costs_json, costs_lines, settled_line
from functions.services import utc_now
from storage.money import Costs, ManyUnanswered, PostgresMoney

_SHOWN = 20  # renders that wait for a person; JSON has more
_LISTED = 1000


def show_costs(*, since: str, by: str | None, as_json: bool) -> None:
    """Print the tables. Raises `click.BadParameter` for what is no time."""
    start, chosen = moment_of(since, now=utc_now()), [by] if by else list(TABLES)

    async def read() -> tuple[Costs, ManyUnanswered]:
        async with open_known_place() as services:
            money = PostgresMoney(services.database)
            limit = _LISTED if as_json else _SHOWN
            return await money.costs(since=start), await money.waiting_for_a_person(limit=limit)

    costs, unanswered = asyncio.run(read())
    if as_json:
        say_json(costs_json(costs, unanswered, since=start, chosen=chosen))
    else:
        say(*costs_lines(costs, unanswered, since=start, chosen=chosen))


def settle_render(render_id: UUID, usd: Decimal, *, as_json: bool) -> None:
    """Settle it and say so. Raises `storage.money.CannotSettle`."""

    async def settle() -> Decimal | None:
        async with open_known_place() as services:
            money = PostgresMoney(services.database)
            return await money.settle_by_hand(render_id, usd, now=services.clock())

    reserved = asyncio.run(settle())
    if as_json:
        freed = None if reserved is None else float(reserved)
        say_json({"render": str(render_id), "cost_usd": float(usd), "reserved_usd": freed})
    else:
        say(settled_line(render_id, usd, reserved))
