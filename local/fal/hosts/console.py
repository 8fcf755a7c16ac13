"""What every host has: files, the key set, and what fal does not have, at / and under /_emulator.

That is a look at what came in, a hand on the clock, a lock on the account: for people and tests, and without
credentials.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from local.fal import replies
from local.fal.account import Account
from local.fal.clock import Clock
from local.fal.costs import cost_of
from local.fal.files import Files
from local.fal.hosts.replying import Noting, parse, reply, reply_with
from local.fal.journal import Journal
from local.fal.webhooks import Signer
from pipeline.errors import BadRequest

PAGE: Final = Path(__file__).with_name("page.html")
_PAGE_HEADERS: Final = {
    "Cache-Control": "no-cache",
    # a second wall: the page shows what callers sent, and may talk to nobody but this emulator
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:; media-src 'self' data:; frame-ancestors 'none'",
}


class _ClockChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    advance: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class _AccountChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    locked: bool


class Console:
    """One method per kind of URL."""

    def __init__(
        self, *, account: Account, files: Files, signer: Signer, journal: Journal, clock: Clock, note: Noting
    ) -> None:
        self._account = account
        self._files = files
        self._signer = signer
        self._journal = journal
        self._clock = clock
        self._note = note

    def routes(self) -> Sequence[BaseRoute]:
        """Its routes, for every host."""
        return [
            Route("/", self.page),
            Route("/_emulator/requests", self.listing),
            Route("/_emulator/clock", self.clock, methods=["GET", "POST"]),
            Route("/_emulator/account", self.account, methods=["GET", "POST"]),
            Route("/.well-known/jwks.json", self.jwks),
            Route("/files/{name}", self.file),
        ]

    async def page(self, _: Request) -> Response:
        """The page for people; it asks for the rest itself."""
        return FileResponse(PAGE, headers=_PAGE_HEADERS)

    async def file(self, request: Request) -> Response:
        """A file; ranges work. Who may not see it is told as its lifecycle says."""
        await self._note(request)
        file = self._files.find(request.path_params["name"], now=self._clock.now())
        may_read = file is not None and (
            file.access.default == "allow" or self._account.knows_key(request.headers)
        )
        if file is None or (not may_read and file.access.default == "hide"):
            return reply_with(replies.NOT_FOUND)
        if not may_read:
            return reply_with(replies.FORBIDDEN)
        return FileResponse(file.path, media_type=file.content_type)

    async def jwks(self, request: Request) -> Response:
        """The key with which webhooks are signed; receivers may keep it for a day."""
        await self._note(request)
        return reply(self._signer.jwks(), 200, {"Cache-Control": "public, max-age=86400"})

    async def listing(self, request: Request) -> Response:
        """What came in, where each request stands and what it cost; query parameters choose, by its fields."""
        listing = self._journal.listing(wanted=request.query_params, now=self._clock.now())
        requests = [
            {**entry, **cost_of(entry["endpoint"], entry["billable_units"])} for entry in listing["requests"]
        ]
        return reply({**listing, "requests": requests})

    async def clock(self, request: Request) -> Response:
        """What time it is; a POST of `{"advance": seconds}` moves it."""
        if request.method == "POST":
            try:
                change = parse(_ClockChange, await request.body())
            except BadRequest as error:
                return reply({"detail": str(error)}, 400)
            self._clock.forward(change.advance)
        return reply({"now": self._clock.now()})

    async def account(self, request: Request) -> Response:
        """Whether the account is locked; a POST of `{"locked": true}` locks it."""
        if request.method == "POST":
            try:
                change = parse(_AccountChange, await request.body())
            except BadRequest as error:
                return reply({"detail": str(error)}, 400)
            self._account.locked = change.locked
        return reply({"locked": self._account.locked})
