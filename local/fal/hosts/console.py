"""What fal does not have, at / and under /_emulator of every host: for people and tests, and without credentials.

A look at what came in, a hand on the clock, a lock on the account. Pages of other sites are kept from it, also of
those whose names lead here.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from local.fal.account import Account
from local.fal.clock import Clock
from local.fal.costs import cost_of
from local.fal.hosts.address import address_of
from local.fal.hosts.replying import parse, reply
from local.fal.hosts.trusted import TrustedNames
from local.fal.journal import Journal
from local.fal.models.catalogue import Catalogue
from local.fal.outcomes import JsonObject
from pipeline.errors import BadRequest

PAGE: Final = Path(__file__).with_name("page.html")
_PAGE_HEADERS: Final = {
    "Cache-Control": "no-cache",
    # a second wall: the page shows what callers sent, and may talk to nobody but this emulator
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:; media-src 'self' data:; frame-ancestors 'none'",
}

LATEST: Final = 221_845_392_000.0
"""The year 9000, in Unix seconds: dates end with the year 9999."""

Change = TypeVar("Change", bound=BaseModel)


class _ClockChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    advance: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class _AccountChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    locked: bool


class Console:
    """One method per kind of URL."""

    def __init__(
        self,
        *,
        account: Account,
        catalogue: Catalogue,
        journal: Journal,
        clock: Clock,
        names: Collection[str] = (),
    ) -> None:
        """`names`: by which it answers beside addresses, local names and fal's."""
        self._account = account
        self._catalogue = catalogue
        self._journal = journal
        self._clock = clock
        self._guard = [Middleware(TrustedNames, names=names)]

    def routes(self) -> Sequence[BaseRoute]:
        """Its routes, for every host."""
        return [
            Route("/", self.page, middleware=self._guard),
            Route("/_emulator/requests", self.listing, middleware=self._guard),
            Route("/_emulator/clock", self.clock, methods=["GET", "POST"], middleware=self._guard),
            Route("/_emulator/account", self.account, methods=["GET", "POST"], middleware=self._guard),
        ]

    async def page(self, _: Request) -> Response:
        """The page for people; it asks for the rest itself."""
        return FileResponse(PAGE, headers=_PAGE_HEADERS)

    async def listing(self, request: Request) -> Response:
        """What came in, where each request stands and what it cost; query parameters choose, by its fields."""
        try:
            listing = self._journal.listing(wanted=request.query_params, now=self._clock.now())
        except BadRequest as error:
            return reply({"detail": str(error)}, 400)
        requests = [{**entry, **self._cost(entry)} for entry in listing["requests"]]
        return reply({**listing, "requests": requests})

    def _cost(self, entry: JsonObject) -> JsonObject:
        model = self._catalogue.get(entry["endpoint"])
        return cost_of(model.facts.price if model else None, entry["billable_units"])

    async def clock(self, request: Request) -> Response:
        """What time it is; a POST of `{"advance": seconds}` moves it."""
        if request.method == "POST":
            try:
                change = await _change(_ClockChange, request)
            except BadRequest as error:
                return reply({"detail": str(error)}, 400)
            if self._clock.now() + change.advance > LATEST:
                return reply({"detail": "the clock ends with the year 9000"}, 400)
            self._clock.forward(change.advance)
        return reply({"now": self._clock.now()})

    async def account(self, request: Request) -> Response:
        """Whether the account is locked; a POST of `{"locked": true}` locks it."""
        if request.method == "POST":
            try:
                change = await _change(_AccountChange, request)
            except BadRequest as error:
                return reply({"detail": str(error)}, 400)
            self._account.locked = change.locked
        return reply({"locked": self._account.locked})


async def _change(shape: type[Change], request: Request) -> Change:
    """What a POST asks for. Raises `BadRequest`, also for one that the page of another site has sent."""
    if "origin" in request.headers and request.headers["origin"] != address_of(request):
        raise BadRequest("another site's page may not change this")
    return parse(shape, await request.body())
