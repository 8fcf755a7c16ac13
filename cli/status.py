"""`storyreel status`: looks once, and says how the deployment is and what a person must do."""

import asyncio
from datetime import timedelta

from cli.place import open_known_place
from cli.say import say, say_json
from cli.wording.needs import needs
from cli.wording.status import status_json, status_lines
from storage.money import ManyUnanswered, PostgresMoney
from storage.overview import Overview, PostgresOverview

_LATE = timedelta(minutes=2)  # what reconcile, once a minute, should have seen to


def show_status(*, as_json: bool) -> int:
    """Print it and return the exit code: 1 where a person must do something."""
    return asyncio.run(_show(as_json=as_json))


async def _show(*, as_json: bool) -> int:
    async with open_known_place() as services:
        now = services.clock()
        seen: Overview = await PostgresOverview(services.database).look(now=now, before=now - _LATE)
        unanswered: ManyUnanswered = await PostgresMoney(services.database).waiting_for_a_person(limit=1)
        emulated = services.generator.provider if services.generator.emulated else None
    todo = needs(seen, unanswered, now=now)
    if as_json:
        say_json(status_json(seen, unanswered, todo, emulated=emulated))
    else:
        say(*status_lines(seen, todo, now=now, emulated=emulated))
    return 1 if todo else 0
