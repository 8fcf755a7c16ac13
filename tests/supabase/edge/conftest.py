"""Fixtures of the edge functions' tests: one checkout for them all, and forwarders to what a test has answer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.supabase.edge.running import Edge, check_out, running
from tests.supabase.edge.upstream import Upstream, serving_upstream


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return check_out(tmp_path_factory.mktemp("edge"))


@pytest.fixture(scope="session")
async def _forwarding(checkout: Path) -> AsyncIterator[tuple[Edge, Upstream]]:
    async with serving_upstream() as (upstream, url), running(checkout, url) as edge:
        yield edge, upstream


@pytest.fixture
def edge(_forwarding: tuple[Edge, Upstream]) -> Edge:
    return _forwarding[0]


@pytest.fixture
def upstream(_forwarding: tuple[Edge, Upstream]) -> Upstream:
    """What is behind the forwarders; it says 200 until a test has it say something else."""
    upstream = _forwarding[1]

    async def take(request: Request) -> Response:
        await request.body()
        return Response()

    upstream.answer(take)
    return upstream
