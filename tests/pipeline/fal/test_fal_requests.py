"""fal's queue protocol: endpoint ids taken apart, and requests as they must be."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import GeneratorMissing
from pipeline.fal import protocol
from pipeline.model import Order, Parameters, Prompt

QUEUE = "https://queue.fal.run"
RID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
TURBO = "fal-ai/fast-animatediff/turbo/text-to-video"
SMALL = Parameters(frames=8, steps=4, guidance=1.0, motion_scale=1.0, width=256, height=256)

segments = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,12}", fullmatch=True)


class TestEndpointId:
    @pytest.mark.parametrize(
        ("endpoint", "app", "path"),
        [
            ("fal-ai/ltx-video", "fal-ai/ltx-video", ""),
            (TURBO, "fal-ai/fast-animatediff", "turbo/text-to-video"),
            ("workflows/me/mine/run", "workflows/me/mine", "run"),
            ("comfy/me/mine", "comfy/me/mine", ""),
        ],
    )
    def test_split(self, endpoint: str, app: str, path: str) -> None:
        """Owner and alias make the app; the two namespaces move the split by one."""
        assert protocol.split_endpoint(endpoint) == protocol.EndpointId(app, path)

    @given(parts=st.lists(segments, min_size=3, max_size=6))
    def test_split_loses_nothing(self, parts: list[str]) -> None:
        """An id put together again is the id."""
        assert protocol.split_endpoint("/".join(parts)).full == "/".join(parts)

    @pytest.mark.parametrize(
        "endpoint",
        [
            "",
            "fal-ai",
            "fal-ai/",
            "/fal-ai/x",
            "fal-ai/../x",
            "fal-ai/x?y",
            "fal-ai/x\n",
            "workflows/me",
            "a/b/ö",
        ],
    )
    def test_malformed_is_missing(self, endpoint: str) -> None:
        """What cannot be an endpoint id is refused before a request exists, so it reaches no other path."""
        with pytest.raises(GeneratorMissing):
            protocol.split_endpoint(endpoint)


class TestRequests:
    def test_submit(self, order: Order) -> None:
        """A submission carries the full id, the webhook in the query, and the start timeout."""
        request = protocol.submit_request(QUEUE, order)
        url = urlsplit(request.url)

        assert (request.method, url.netloc, url.path) == ("POST", "queue.fal.run", f"/{TURBO}")
        assert parse_qs(url.query) == {"fal_webhook": [order.webhook_url]}
        assert request.headers["X-Fal-Request-Timeout"] == "300.0"
        assert request.headers["X-Fal-Queue-Priority"] == "normal"
        assert request.headers["X-App-Fal-Disable-Fallback"] == "true"
        assert "x-fal-no-retry" not in {name.lower() for name in request.headers}
        assert json.loads(request.body or b"")["num_frames"] == 16

    def test_low_priority(self, order: Order) -> None:
        """A re-render stands behind live users at fal too."""
        request = protocol.submit_request(QUEUE, replace(order, low_priority=True))

        assert request.headers["X-Fal-Queue-Priority"] == "low"

    @given(seconds=st.floats(1e-3, 1e9))
    def test_start_timeout_is_plain_decimal(self, seconds: float) -> None:
        """No start timeout is ever written in exponent form, which fal does not promise to read."""
        order = Order(TURBO, Prompt("a fox", ""), 1, SMALL, "https://app.example/hook", seconds)
        request = protocol.submit_request(QUEUE, order)

        assert float(request.headers["X-Fal-Request-Timeout"]) == seconds
        assert "e" not in request.headers["X-Fal-Request-Timeout"].lower()

    def test_follow_ups_know_the_app_only(self) -> None:
        """Status, result and cancel leave out the path behind owner/alias."""
        app = f"{QUEUE}/fal-ai/fast-animatediff/requests/{RID}"

        assert protocol.status_request(QUEUE, TURBO, RID).url == f"{app}/status?logs=0"
        assert protocol.result_request(QUEUE, TURBO, RID).url == app
        assert protocol.cancel_request(QUEUE, TURBO, RID).url == f"{app}/cancel"
        assert protocol.cancel_request(QUEUE, TURBO, RID).method == "PUT"

    @pytest.mark.parametrize("request_id", ["", "..", "a/b", "a?b", "a#b", "a b", "a\nb", "ä", "x" * 201])
    def test_foreign_request_id_reaches_no_other_path(self, request_id: str) -> None:
        """A request id that would change the URL is none."""
        with pytest.raises(GeneratorMissing):
            protocol.cancel_request(QUEUE, TURBO, request_id)
