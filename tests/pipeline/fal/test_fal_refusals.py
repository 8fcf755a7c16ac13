"""Every answer to a submission that is not the hoped-for one: what it becomes, after one request."""

import json
from collections.abc import Callable

import httpx
import pytest
from starlette.responses import Response

from pipeline.errors import (
    ContentRejected,
    GeneratorBusy,
    GeneratorError,
    GeneratorKeyRefused,
    GeneratorMissing,
    GeneratorRefused,
    GeneratorUnavailable,
)
from pipeline.fal.client import FalGenerator
from pipeline.fal.wire import LARGEST_REPLY
from pipeline.model import Order
from tests.pipeline.fal.conftest import KEY, StubServer, assert_key_is_nowhere

RID = "764cabcf-b745-4b3e-ae38-1200304cf45b"

Load = Callable[[str], Response]


class TestAnswersToSubmit:
    """Each of these is one request, one error of ours, and no repetition."""

    @pytest.mark.parametrize(
        ("name", "error", "said"),
        [
            ("submit-401", GeneratorKeyRefused, "FAL_KEY"),
            ("submit-403-locked", GeneratorKeyRefused, "Exhausted balance"),
            ("submit-404", GeneratorMissing, "not found"),
            ("submit-429", GeneratorBusy, "longer than allowed"),
            (
                "result-422-parameter",
                GeneratorRefused,
                "num_frames: Input should be less than or equal to 32",
            ),
            ("result-422-policy", ContentRejected, "flagged by a content checker"),
        ],
    )
    async def test_refused(
        self,
        *,
        generator: FalGenerator,
        fal: StubServer,
        order: Order,
        response: Load,
        name: str,
        error: type[GeneratorError],
        said: str,
    ) -> None:
        """fal's no, in our words, with fal's reason."""
        fal.answer = response(name)
        with pytest.raises(error, match=said) as caught:
            await generator.submit(order)

        assert type(caught.value) is error
        assert len(fal.seen) == 1
        assert_key_is_nowhere(caught.value)

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after": "7"}, 7.0),
            ({"retry-after": "Tue, 01 Sep 2026 12:01:30 GMT", "date": "Tue, 01 Sep 2026 12:00:00 GMT"}, 90.0),
            ({"retry-after": "Tue, 01 Sep 2026 11:00:00 GMT", "date": "Tue, 01 Sep 2026 12:00:00 GMT"}, 0.0),
            ({"retry-after": "soon"}, None),
            ({"retry-after": "Tue, 01 Sep 2026 12:00:00 +9999999999999999"}, None),
            ({}, None),
        ],
    )
    @pytest.mark.parametrize("status", [429, 503])
    async def test_retry_after(
        self,
        *,
        generator: FalGenerator,
        fal: StubServer,
        order: Order,
        headers: dict[str, str],
        seconds: float | None,
        status: int,
    ) -> None:
        """The time that fal asks for is passed on, whichever way it is written."""
        fal.answer = Response(b"nginx", status, headers)
        with pytest.raises(GeneratorBusy) as caught:
            await generator.submit(order)

        assert caught.value.retry_after == seconds
        assert len(fal.seen) == 1

    @pytest.mark.parametrize(
        ("body", "headers"),
        [
            (b'{"detail": "no runner"}', {}),
            (b"<html>nginx</html>", {"x-fal-request-id": RID}),
            (b'{"detail": "later"}', {"x-fal-request-id": RID, "retry-after": "3"}),
        ],
    )
    async def test_503_that_proves_nothing(
        self, generator: FalGenerator, fal: StubServer, order: Order, body: bytes, headers: dict[str, str]
    ) -> None:
        """A 503 from behind the door may hide an accepted request."""
        fal.answer = Response(body, 503, headers)
        with pytest.raises(GeneratorUnavailable):
            await generator.submit(order)

        assert len(fal.seen) == 1

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 408, 409, 500, 502, 504, 529])
    async def test_unknown(
        self, generator: FalGenerator, fal: StubServer, stranger: StubServer, order: Order, status: int
    ) -> None:
        """What proves no refusal leaves it unknown; a redirect is not followed."""
        fal.answer = Response(b"<html>oops</html>", status, {"location": f"{stranger.url}/trap"})
        with pytest.raises(GeneratorUnavailable) as caught:
            await generator.submit(order)

        assert len(fal.seen) == 1
        assert stranger.seen == []
        assert_key_is_nowhere(caught.value)

    async def test_redirects_stay_off_for_a_following_client(
        self, fal: StubServer, stranger: StubServer, order: Order
    ) -> None:
        """A client made to follow redirects does not make us follow them."""
        fal.answer = Response(status_code=307, headers={"location": f"{stranger.url}/trap"})
        async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as http:
            with pytest.raises(GeneratorUnavailable):
                await FalGenerator(http, key=KEY, queue_url=fal.url).submit(order)

        assert stranger.seen == []

    @pytest.mark.parametrize("body", [b"", b"<html>welcome</html>", b'{"request_id": null}'])
    async def test_unreadable_success(
        self, generator: FalGenerator, fal: StubServer, order: Order, body: bytes
    ) -> None:
        """A 200 that names no request may be paid for: unknown."""
        fal.answer = Response(body)
        with pytest.raises(GeneratorUnavailable):
            await generator.submit(order)

        assert len(fal.seen) == 1

    async def test_echoed_key(self, generator: FalGenerator, fal: StubServer, order: Order) -> None:
        """An error page that echoes our headers does not carry the key into our error."""
        fal.answer = Response(json.dumps({"detail": f"bad header Authorization: Key {KEY}"}), 400)
        with pytest.raises(GeneratorRefused, match=r"\[key\]") as caught:
            await generator.submit(order)

        assert_key_is_nowhere(caught.value)

    async def test_oversized_reply(self, generator: FalGenerator, fal: StubServer, order: Order) -> None:
        """An endless reply is cut off."""
        fal.answer = Response(b"x" * (LARGEST_REPLY + 1))
        with pytest.raises(GeneratorUnavailable, match="larger"):
            await generator.submit(order)
