"""An advisory service on this machine, in the words of OSV's API, which pip-audit can be pointed at."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from supply.audit import CANARY, Key
from tests.storage.buckets.servers import serving

CANARY_KNOWN: Mapping[Key, str] = {CANARY.key: "CVE-2019-10906"}


@dataclass
class Service:
    """What it knows, what it fails over, and what it was asked for."""

    known: Mapping[Key, str]
    fails_over: Collection[Key] = ()
    asked: list[Key] = field(default_factory=list)

    async def query(self, request: Request) -> Response:
        """POST /v1/query (OSV, 1.0.0): nothing known is an empty object."""
        body = await request.json()
        key = (body["package"]["name"], body["version"])
        self.asked.append(key)
        if key in self.fails_over:
            return Response(status_code=503)
        return JSONResponse({"vulns": [_advisory(key, self.known[key])]} if key in self.known else {})


def _advisory(key: Key, identity: str) -> dict[str, object]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.9"}]}]
    return {
        "id": identity,
        "summary": "It opens every door.",
        "affected": [{"package": {"name": key[0], "ecosystem": "PyPI"}, "ranges": ranges}],
    }


@contextmanager
def advising(service: Service) -> Iterator[list[str]]:
    """The options that point an audit at the service."""
    with serving(Starlette(routes=[Route("/v1/query", service.query, methods=["POST"])])) as url:
        yield options(url)


def options(url: str) -> list[str]:
    return ["--vulnerability-service=osv", f"--osv-url={url}/v1/query"]
