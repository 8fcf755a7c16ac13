"""fal as a `Generator`: joins the words of the protocol with the wire. Holds the key; decides nothing else.

The key goes to the configured queue address and to no other, and into no error text.
"""

from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import httpx

from pipeline.errors import BadSetting, BadSignature
from pipeline.fal import catalog, checks, protocol, reckoning, webhook
from pipeline.fal.facts import endpoint_facts
from pipeline.fal.inputs import effective
from pipeline.fal.messages import Reply, Request
from pipeline.fal.signing_keys import signing_keys
from pipeline.fal.wire import Patience, exchange
from pipeline.model import Delivery, Model, Order, Parameters, RenderState, Result
from pipeline.prose import without_key

QUEUE_URL = "https://queue.fal.run"
JWKS_URL = "https://rest.fal.ai/.well-known/jwks.json"


class _KeyAuth(httpx.Auth):
    """Adds the key to a request when it is sent, and to no other value."""

    def __init__(self, key: str) -> None:
        self._header = f"Key {key}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header
        yield request


class FalGenerator:
    """The `Generator` port over fal's queue. Every call is one HTTP request; nothing is repeated.

    `http` stays the caller's to close. `emulated` is for the local emulator, together with its two URLs.
    Raises `BadSetting` for a key that no header can carry and for addresses that are none.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        key: str,
        queue_url: str = QUEUE_URL,
        jwks_url: str = JWKS_URL,
        emulated: bool = False,
        patience: Patience = Patience(),  # noqa: B008 - frozen, so sharing it is safe
    ) -> None:
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise BadSetting("FAL_KEY is empty or holds blanks or odd characters; copy it anew, in one piece")
        _check_address(queue_url)
        _check_address(jwks_url)
        self.provider = "fal"
        self.emulated = emulated
        self._http = http
        self._key = key
        self._auth = _KeyAuth(key)
        self._queue_url = queue_url.rstrip("/")
        self._patience = patience
        self._signing_keys = signing_keys(http, jwks_url)

    async def submit(self, order: Order) -> str:
        """Queue the order; see `Generator.submit`."""
        reply = await self._ask(protocol.submit_request(self._queue_url, order))
        return protocol.read_submitted(reply, order.endpoint)

    async def status(self, endpoint: str, request_id: str) -> RenderState:
        """Where the request stands; see `Generator.status`."""
        reply = await self._ask(protocol.status_request(self._queue_url, endpoint, request_id))
        return protocol.read_state(reply, request_id)

    async def result(self, endpoint: str, request_id: str) -> Result:
        """How the request ended; see `Generator.result`. Raises `GeneratorBusy` if it has not yet."""
        reply = await self._ask(protocol.result_request(self._queue_url, endpoint, request_id))
        return protocol.read_result(reply, request_id)

    async def cancel(self, endpoint: str, request_id: str) -> None:
        """Ask fal to stop; see `Generator.cancel`."""
        reply = await self._ask(protocol.cancel_request(self._queue_url, endpoint, request_id))
        protocol.check_cancelled(reply, request_id)

    async def read_delivery(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Delivery:
        """Verify, then parse; see `Generator.read_delivery`.

        Raises `GeneratorUnavailable` where fal's public keys cannot be had: answer 503, fal delivers again.
        """
        signature = webhook.read_signature(headers, now=now)
        keys = await self._signing_keys.current(now)
        if not webhook.is_authentic(signature, body, keys):
            newer = await self._signing_keys.newer(keys, now)
            if newer is None or not webhook.is_authentic(signature, body, newer):
                raise BadSignature("no key of fal's made this signature for this body")
        return webhook.read_delivery(body, now=now)

    def check(self, model: Model, given: Mapping[str, object]) -> Parameters:
        """What the model is asked for, unless fal is known to refuse it; see `Generator.check`."""
        return checks.check(model, given)

    def aspect_ratio(self, endpoint: str, parameters: Parameters) -> Fraction | None:
        """See `pipeline.ports.Generator`."""
        return reckoning.aspect_ratio(effective(endpoint_facts(endpoint), parameters))

    def usual(self, endpoint: str) -> timedelta | None:
        """What one request usually takes, as far as it is on file; see `Generator.usual`."""
        facts = endpoint_facts(endpoint)
        return timedelta(seconds=facts.seconds) if facts and facts.seconds else None

    def estimate(self, endpoint: str, parameters: Parameters, *, ceiling: Decimal) -> Decimal:
        """What one such clip will probably cost, in US dollars; see `Generator.estimate`."""
        return catalog.estimate(endpoint, parameters, ceiling=ceiling)

    def price(self, endpoint: str, billable_units: Decimal) -> Decimal:
        """What that many units cost, in US dollars."""
        return catalog.price(endpoint, billable_units)

    async def _ask(self, request: Request) -> Reply:
        reply = await exchange(self._http, request, self._patience, auth=self._auth)
        return replace(reply, body=without_key(reply.body, self._key))


def _check_address(url: str) -> None:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise BadSetting(f"{url!r} is no address for fal") from error
    if parts.scheme not in {"http", "https"} or not parts.host or parts.query or parts.fragment:
        raise BadSetting(f"fal's address {url!r} must be http(s)://host[:port][/path]")
