"""The client against a real server: what goes over the wire, and to whom."""

import json
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest
from starlette.responses import Response

from pipeline.errors import BadSetting
from pipeline.fal.client import FalGenerator
from pipeline.model import Clip, Failure, Order, Queued
from pipeline.ports import Generator
from tests.pipeline.fal.conftest import KEY, StubServer

RID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
TURBO = "fal-ai/fast-animatediff/turbo/text-to-video"

Load = Callable[[str], Response]


class TestSuccess:
    async def test_submit(self, generator: FalGenerator, fal: StubServer, order: Order, response: Load) -> None:
        """One POST with the key, the webhook and the input; the request id comes back."""
        fal.answer = response("submit")

        assert await generator.submit(order) == RID
        [seen] = fal.seen
        assert (seen.method, seen.path) == ("POST", f"/{TURBO}")
        assert seen.query == {"fal_webhook": order.webhook_url}
        assert seen.headers["authorization"] == f"Key {KEY}"
        assert seen.headers["x-fal-request-timeout"] == "300.0"
        assert json.loads(seen.body)["prompt"] == "a fox in the snow"

    async def test_follow_up(self, generator: FalGenerator, fal: StubServer, response: Load) -> None:
        """Status, result and cancel ask the app, not the full endpoint, with the key."""
        app = f"/fal-ai/fast-animatediff/requests/{RID}"
        fal.answer = response("status-in-queue")
        assert await generator.status(TURBO, RID) == Queued(3)
        fal.answer = response("result")
        result = await generator.result(TURBO, RID)
        fal.answer = response("cancel-requested")
        await generator.cancel(TURBO, RID)

        assert isinstance(result.outcome, Clip)
        assert result.billable_units == Decimal("3.7")
        assert [(seen.method, seen.path) for seen in fal.seen] == [
            ("GET", f"{app}/status"),
            ("GET", app),
            ("PUT", f"{app}/cancel"),
        ]
        assert {seen.headers["authorization"] for seen in fal.seen} == {f"Key {KEY}"}

    async def test_addresses_in_replies_are_ignored(
        self, generator: FalGenerator, fal: StubServer, stranger: StubServer, order: Order
    ) -> None:
        """A reply that names another host for status, result and cancel sends us, and the key, nowhere."""
        urls = {name: f"{stranger.url}/{name}" for name in ("status_url", "response_url", "cancel_url")}
        body = {"request_id": "r1", "status": "IN_QUEUE", **urls}
        fal.answer = Response(json.dumps(body), media_type="application/json")
        request_id = await generator.submit(order)
        await generator.status(TURBO, request_id)
        await generator.cancel(TURBO, request_id)

        assert stranger.seen == []
        assert len(fal.seen) == 3

    async def test_failure_of_the_model(self, generator: FalGenerator, fal: StubServer, response: Load) -> None:
        """A result with the model's error status is an outcome, not an exception."""
        fal.answer = response("result-422-policy")

        outcome = (await generator.result(TURBO, RID)).outcome
        assert isinstance(outcome, Failure)
        assert outcome.code == "content_rejected"


class TestMaking:
    async def test_fits_the_port(self, generator: FalGenerator, order: Order) -> None:
        """The client is a Generator, says whether it is emulated, and reckons in dollars."""
        port: Generator = generator

        assert (port.provider, port.emulated) == ("fal", True)
        assert port.estimate(TURBO, order.parameters, ceiling=Decimal(0)) == port.price(TURBO, Decimal("8.2"))

    @pytest.mark.parametrize("key", ["", " ", "id:sec ret", "id:secret\n", "id:sécret", "id:\x00"])
    async def test_unusable_key(self, http: httpx.AsyncClient, key: str) -> None:
        """A key that no header can carry stops the start, and is not printed."""
        with pytest.raises(BadSetting, match="FAL_KEY") as caught:
            FalGenerator(http, key=key)

        assert "ret" not in str(caught.value)

    @pytest.mark.parametrize("url", ["", "queue.fal.run", "ftp://queue.fal.run", "https://", "https://a.b/?x=1"])
    async def test_unusable_address(self, http: httpx.AsyncClient, url: str) -> None:
        """An address that cannot be one stops the start."""
        with pytest.raises(BadSetting):
            FalGenerator(http, key=KEY, queue_url=url)

    async def test_repr(self, generator: FalGenerator) -> None:
        """Printing the client does not print the key."""
        assert KEY not in repr(generator)
        assert KEY not in repr(vars(generator)["_auth"])
