"""Fixtures of the moderation tests: an endpoint on loopback, and a client for it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.pipeline.moderation.endpoint_server import ModerationEndpoint, serving


@pytest.fixture
async def endpoint() -> AsyncIterator[ModerationEndpoint]:
    async with serving() as endpoint:
        yield endpoint


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:
        yield http
