"""AWS Lambda's entry: `functions.aws_lambda.handler`, for HTTP in the shapes of Lambda and for a schedule.

Lambda keeps an instance for many invocations, one at a time, and freezes it in between. So the event loop and the
connections are made once and kept: an adapter that begins and ends the application's lifespan each time would log
in to the database for every request. Nothing runs after an answer: what `run-jobs` does behind a 202 is done
before Lambda sees it.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from functools import cache
from typing import Any, Protocol

from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

from functions.app import create_app
from functions.run_jobs import DEFAULT_SECONDS, run_due
from functions.services import Services

Event = dict[str, Any]

# At INFO they log addresses, and those of deliveries hold what only the provider knows.
_TALKATIVE = ("mangum.http", "httpx")
_PROBLEM = "application/problem+json"
_SCHEDULED = "Scheduled Event"


class Context(Protocol):
    """What Lambda tells of an invocation, as far as it is asked for."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the function's time-out, when the instance is killed."""


class UnknownEvent(ValueError):
    """Something invoked the function that neither calls it over HTTP nor is its schedule."""


def handler(event: Event, context: Context) -> Event:
    """Answer an HTTP request (API Gateway, function URL, load balancer), or run what is due.

    What is raised here (`BadSetting`, `StoreUnavailable` before the first answer, `UnknownEvent`) Lambda logs, and
    answers with a 502; the next invocation begins anew.
    """
    return _instance().answer(event, context)


@cache
def _instance() -> "Instance":
    return Instance()


class Instance:
    """The application, opened in an event loop of its own, until Lambda throws the process away."""

    def __init__(self) -> None:
        """Raises `BadSetting`, `StoreUnavailable`."""
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        app = create_app()
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)  # where Mangum looks for it
        self._opened = AsyncExitStack()  # never closed: nobody says when the process ends
        try:
            self._loop.run_until_complete(self._opened.enter_async_context(app.router.lifespan_context(app)))
        except BaseException:
            self._loop.close()
            raise
        self._services: Services = app.state.services
        self._http = Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, _PROBLEM])

    def answer(self, event: Event, context: Context) -> Event:
        """Whatever the event asks for. Raises `UnknownEvent`, and as `run_due` does."""
        if "requestContext" in event:
            return self._http(event, context)  # type: ignore[arg-type]  # it asks for all that Lambda tells
        if event.get("detail-type") != _SCHEDULED:
            raise UnknownEvent(
                "this is no HTTP request and no schedule's event; a schedule with an input of its own sends "
                f'{{"detail-type": "{_SCHEDULED}"}}'
            )
        # Half of what is left: a clip that is begun at the end of it still needs its minute.
        seconds = min(DEFAULT_SECONDS, context.get_remaining_time_in_millis() / 2_000)
        return {"found": dict(self._loop.run_until_complete(run_due(self._services, seconds)))}
