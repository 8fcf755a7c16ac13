"""What all of fal's hosts have here: the files, and the key set of webhooks. For anyone, from any page."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from local.fal import replies
from local.fal.account import Account
from local.fal.clock import Clock
from local.fal.files import Files
from local.fal.hosts.replying import reply, reply_with
from local.fal.webhooks import Signer

_UPLOADED = {
    # what strangers uploaded is opened as what it is called, and as the page of no origin, ours least of all
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
}


class Commons:
    """One method per kind of URL."""

    def __init__(self, *, account: Account, files: Files, signer: Signer, clock: Clock) -> None:
        self._account = account
        self._files = files
        self._signer = signer
        self._clock = clock

    def routes(self) -> Sequence[BaseRoute]:
        """Its routes, for every host."""
        return [Route("/.well-known/jwks.json", self.jwks), Route("/files/{name}", self.file)]

    async def file(self, request: Request) -> Response:
        """A file; ranges work. Who may not see it is told as its lifecycle says."""
        file = self._files.find(request.path_params["name"], now=self._clock.now())
        may_read = file is not None and (
            file.access.default == "allow" or self._account.knows_key(request.headers)
        )
        if file is None or (not may_read and file.access.default == "hide"):
            return reply_with(replies.NOT_FOUND)
        if not may_read:
            return reply_with(replies.FORBIDDEN)
        return FileResponse(file.path, media_type=file.content_type, headers=_UPLOADED)

    async def jwks(self, _: Request) -> Response:
        """The key with which webhooks are signed; receivers may keep it for a day."""
        return reply(self._signer.jwks(), 200, {"Cache-Control": "public, max-age=86400"})
