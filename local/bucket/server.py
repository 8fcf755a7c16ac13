"""The local bucket server's routes, ready to be mounted at the root of a Starlette app: `routes`.

Joins the endpoints, the key check, and the cross-origin headers; decides nothing else.
"""

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.services import utc_now
from local.bucket import replies
from local.bucket.buckets import BucketEndpoints
from local.bucket.objects import ObjectEndpoints
from local.bucket.public import PublicEndpoint, SignedEndpoint
from local.bucket.replies import Refusal
from local.bucket.resumable import ResumableEndpoints, as_tus
from pipeline.errors import BucketRefused
from storage.buckets.signing import url_signer

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(bucket_root: Path, *, secret: str, clock: Callable[[], datetime] = utc_now) -> list[BaseRoute]:
    """Everything under `/storage/v1`. `secret` is what `apikey` must be; signed addresses expire by the clock."""
    signer = url_signer(secret, clock)
    buckets = BucketEndpoints(bucket_root)
    objects = ObjectEndpoints(bucket_root, signer)
    public = PublicEndpoint(bucket_root)
    signed = SignedEndpoint(bucket_root, signer)
    resumable = ResumableEndpoints(bucket_root, clock)

    def keyed(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, _answering(_with_key(secret, endpoint)), methods=[method])

    def tus(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, _answering(_with_key(secret, endpoint), as_tus), methods=[method])

    return [
        Mount(
            "/storage/v1",
            routes=[
                Route("/object/public/{bucket}/{path:path}", _answering(public.get), methods=["GET"]),
                Route("/object/sign/{bucket}/{path:path}", _answering(signed.get), methods=["GET"]),
                keyed("/object/sign/{bucket}/{path:path}", "POST", objects.sign),
                keyed("/bucket", "POST", buckets.create),
                keyed("/bucket/{bucket}", "GET", buckets.get),
                keyed("/bucket/{bucket}", "PUT", buckets.update),
                tus("/upload/resumable", "POST", resumable.begin),
                tus("/upload/resumable/{id}", "HEAD", resumable.ask),
                tus("/upload/resumable/{id}", "PATCH", resumable.send),
                keyed("/object/info/{bucket}/{path:path}", "GET", objects.info),
                keyed("/object/list/{bucket}", "POST", objects.list_folder),
                keyed("/object/list-v2/{bucket}", "POST", objects.list_flat),
                keyed("/object/{bucket}", "DELETE", objects.remove),
                keyed("/object/{bucket}/{path:path}", "GET", objects.download),
                keyed("/object/{bucket}/{path:path}", "POST", objects.create),
                keyed("/object/{bucket}/{path:path}", "PUT", objects.replace),
            ],
            middleware=[Middleware(_CrossOrigin)],
        )
    ]


def _answering(endpoint: Endpoint, reply_to: Callable[[Refusal], Response] = Refusal.response) -> Endpoint:
    """The endpoint, with refusals turned into Supabase's error answers."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return reply_to(refusal)
        except BucketRefused as error:  # a symbolic link on the way, or a prefix that no path can have
            return reply_to(replies.bad_request(str(error)))
        except (IsADirectoryError, NotADirectoryError, FileExistsError):
            return reply_to(replies.bad_request("a file and a folder of one name cannot both be kept"))
        except FileNotFoundError:  # deleted since we looked
            return reply_to(replies.no_object())
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is left to read it

    return answer


def _with_key(secret: str, endpoint: Endpoint) -> Endpoint:
    async def check(request: Request) -> Response:
        shown = request.headers.get("apikey") or request.headers.get("authorization", "")
        if not _same(shown.removeprefix("Bearer "), secret):
            raise replies.unauthorized()
        return await endpoint(request)

    return check


def _same(shown: str, secret: str) -> bool:
    return hmac.compare_digest(shown.encode(), secret.encode())


_EXPOSED = (
    "accept-ranges, content-range, etag, location, tus-resumable, upload-expires, upload-length, upload-offset"
)


class _CrossOrigin:
    """Lets pages of any origin use the server, as Supabase does; errors and 416 included.

    Starlette's own middleware adds the header only where a request names an origin, and then a browser that
    cached a plain answer cannot use it for a cross-origin read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["access-control-allow-origin"] = "*"
                headers["access-control-expose-headers"] = _EXPOSED
            await send(message)

        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            await _preflight(scope, receive, send_open)
        else:
            await self._app(scope, receive, send_open)


_preflight = Response(
    status_code=204,
    headers={
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-allow-headers": "apikey, authorization, cache-control, content-type, range, "
        "tus-resumable, upload-length, upload-metadata, upload-offset, x-client-info, x-metadata, x-upsert",
        "access-control-max-age": "86400",
    },
)
