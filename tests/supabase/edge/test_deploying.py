"""What the Supabase command line sends when a user deploys, to a stand-in for the platform's own API.

The stand-in takes whatever comes. What the platform makes of it is not seen here.
"""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.conftest import ROOT
from tests.functions.serving import address, listener, serving
from tests.supabase.command_line import Checkout

pytestmark = pytest.mark.needs("supabase")

REF = "a" * 20
FUNCTIONS = ROOT / "supabase" / "functions"


class Platform:
    """Supabase's Management API, as far as deploying needs it; `sent` has each function's metadata and files."""

    def __init__(self) -> None:
        self.sent: dict[str, tuple[dict[str, Any], list[Any]]] = {}

    def app(self) -> Starlette:
        base = f"/v1/projects/{REF}"
        return Starlette(
            routes=[
                Route(f"{base}/functions/deploy", self._deploy, methods=["POST"]),
                Route(f"{base}/functions", self._functions, methods=["GET", "PUT"]),
                Route(base, self._project),
            ]
        )

    async def _deploy(self, request: Request) -> JSONResponse:
        head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = list(message_from_bytes(head + await request.body(), policy=policy.HTTP).iter_parts())
        metadata = json.loads(parts[-1].get_content())
        self.sent[metadata["name"]] = metadata, [part.get_payload(decode=True) for part in parts[:-1]]
        function = {
            "id": REF,
            "slug": metadata["name"],
            "name": metadata["name"],
            "status": "ACTIVE",
            "version": 1,
        }
        return JSONResponse(function, 201)

    async def _functions(self, request: Request) -> JSONResponse:
        return JSONResponse([] if request.method == "GET" else {"functions": []})

    async def _project(self, _: Request) -> JSONResponse:
        return JSONResponse({"id": REF, "ref": REF, "name": "", "status": "ACTIVE_HEALTHY"})


@asynccontextmanager
async def open_platform(folder: Path) -> AsyncIterator[tuple[Platform, Path]]:
    """It, and the profile that leads the command line there."""
    bound, platform = listener(), Platform()
    url = address(bound)
    profile = folder / "profile.yaml"
    profile.write_text(f"name: tests\napi_url: {url}\ndashboard_url: {url}\nproject_host: supabase.test\n")
    async with serving(platform.app(), bound):
        yield platform, profile


async def test_every_function_is_deployed_with_all_that_it_needs(tmp_path: Path) -> None:
    """And without the platform's check of tokens, as the config says: each has one of its own."""
    checkout = Checkout(tmp_path)
    shutil.copytree(FUNCTIONS, checkout.supabase / "functions")
    async with open_platform(tmp_path) as (platform, profile):
        code, said = await checkout.run(
            "functions", "deploy", "--use-api", f"--remote={REF}", f"--profile={profile}",
            SUPABASE_ACCESS_TOKEN=f"sbp_{'0' * 40}",
        )  # fmt: skip
    assert code == 0, said

    assert platform.sent.keys() == {"generate-video", "video", "video-webhook"}
    for name, (metadata, files) in platform.sent.items():
        assert metadata["verify_jwt"] is False
        assert metadata["entrypoint_path"].endswith(f"{name}/index.ts")
        shared = [f"_shared/{path.name}" for path in FUNCTIONS.glob("_shared/*.ts")]
        needed = [FUNCTIONS / path for path in (f"{name}/index.ts", *shared)]
        assert sorted(files) == sorted(path.read_bytes() for path in needed)
