"""fal's own JavaScript client, unmodified, believes the emulator.

Three ways lead it there: fal's own host names over TLS, its `proxyUrl` and its `requestMiddleware`, the latter two
over plain HTTP and with no other way to the emulator.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import program
from tests.local.fal.clients.serving import Told, proven_calls, run_program, serve_emulator

pytestmark = pytest.mark.needs("fal-js")

PROGRAM = "tests/local/fal/clients/programs/fal_js_calls.mjs"


@pytest.fixture(scope="module", params=["names", "proxyUrl", "requestMiddleware"])
async def session(
    request: pytest.FixtureRequest, clip_bytes: bytes, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Told]:
    """Every call that is proven here, made once."""
    async with serve_emulator(clip_bytes, tmp_path_factory.mktemp("js")) as served:
        nowhere = {} if request.param == "names" else {"HTTPS_PROXY": "http://127.0.0.1:1"}
        argv = (request.param, served.plain_url, served.inbox.url, *proven_calls(request.module))
        yield await run_program(served, program("fal-js"), PROGRAM, *argv, **nowhere)


@pytest.mark.proves("queue.submit")
async def test_a_submit_with_a_webhook_ends_in_a_result_that_the_webhook_carries(told: Any, session: Told) -> None:
    """Priority, start timeout and webhook arrive, and both ways to the result lead to the same."""
    delivered = (await session.served.inbox.deliveries.get()).json()
    submitted = told["submitted"]
    listing = session.served.emulator.journal.listing(wanted={"request_id": submitted["request_id"]}, now=0)

    assert submitted["status"] == "IN_QUEUE"
    assert delivered["payload"] == told["result"]["data"]
    assert told["result"]["requestId"] == submitted["request_id"] == delivered["request_id"]
    assert listing["requests"][0]["priority"] == "low"


@pytest.mark.proves("queue.status")
def test_a_status_tells_the_place_in_the_queue_and_later_how_long_it_took(told: Any) -> None:
    """Each carries the request's id and URLs, as the client's types say."""
    assert (told["queued"]["status"], told["queued"]["queue_position"]) == ("IN_QUEUE", 0)
    assert told["completed"]["status"] == "COMPLETED"
    assert told["completed"]["metrics"]["inference_time"] > 0
    assert told["completed"]["logs"][0]["level"] == "INFO"
    assert {"request_id", "response_url", "status_url", "cancel_url"} <= told["queued"].keys()


@pytest.mark.proves("queue.streamStatus")
def test_statuses_come_as_a_stream_that_ends_with_completion(told: Any) -> None:
    """The client's `done()` is the last of them."""
    assert [event["status"] for event in told["events"]] == ["IN_PROGRESS", "COMPLETED"]
    assert told["done"] == told["events"][-1]


@pytest.mark.proves("queue.result")
def test_a_result_carries_the_request_id(told: Any) -> None:
    """The client reads it from a header."""
    assert told["result"]["requestId"] == told["requestId"]
    assert told["result"]["data"]["seed"] == 3


@pytest.mark.proves("queue.cancel")
def test_a_cancel_removes_what_waits_stops_what_runs_and_may_come_too_late(told: Any) -> None:
    """What waited is not known any more, what ran ends with 499, what has ended refuses with 400."""
    assert [told[name]["status"] for name in ("removed", "stopped", "tooLate")] == [404, 499, 400]


@pytest.mark.proves("subscribe")
def test_subscribe_polls_and_tells_its_caller_of_every_step(told: Any) -> None:
    """The request's id first, updates with logs, then the output."""
    _subscribed(told)


@pytest.mark.proves('subscribe(mode: "streaming")')
def test_subscribe_listens_to_the_stream_and_tells_its_caller_of_every_step(told: Any) -> None:
    """The client adds up the logs of all events, so that none may come twice."""
    _subscribed(told)


def _subscribed(told: Any) -> None:
    statuses = [update["status"] for update in told["updates"]]
    assert [statuses[0], statuses[-1]] == ["IN_PROGRESS", "COMPLETED"]
    assert [log["message"].split()[0] for log in told["updates"][-1]["logs"]] == ["Started", "Finished"]
    assert told["enqueued"] == [told["result"]["requestId"]]
    assert told["result"]["data"]["seed"] == 3


@pytest.mark.proves("run")
def test_run_answers_with_the_output_and_a_request_id(told: Any) -> None:
    """A direct call goes round the queue."""
    assert told["data"]["seed"] == 5
    assert told["requestId"]


@pytest.mark.proves("stream")
def test_the_last_event_of_a_stream_is_what_done_promises(told: Any) -> None:
    """And the request's id is known."""
    assert told["done"] == told["events"][-1]
    assert told["done"]["seed"] == 6
    assert told["requestId"]


@pytest.mark.proves("storage.upload")
def test_an_uploaded_blob_is_read_back(told: Any) -> None:
    """With its type; the client puts it, without credentials, where the REST host says."""
    assert (told["status"], told["type"], told["content"]) == (200, "image/png", "0001")


@pytest.mark.proves("Blob in the input")
def test_a_blob_in_the_input_arrives_as_a_url_of_it(told: Any) -> None:
    """The client uploads it first."""
    assert bytes.fromhex(told["content"]) == b"not quite an image"


@pytest.mark.proves("error 401")
def test_an_unknown_key_is_refused(told: Any) -> None:
    """As the client's own error, with fal's sentence in the body."""
    assert (told["name"], told["status"]) == ("ApiError", 401)
    assert "key" in told["body"]["detail"]


@pytest.mark.proves("error 404")
def test_an_unknown_endpoint_is_refused(told: Any) -> None:
    """At once, with nothing queued."""
    assert (told["name"], told["status"]) == ("ApiError", 404)


@pytest.mark.proves("error 422")
def test_a_bad_input_is_told_field_by_field(told: Any) -> None:
    """As the client's error of its own for that, which tells the request's id."""
    assert (told["name"], told["status"]) == ("ValidationError", 422)
    assert told["fieldErrors"][0]["loc"] == ["body", "num_frames"]
    assert told["requestId"]


@pytest.mark.proves("error 429")
def test_a_direct_call_beyond_the_limit_is_tried_again_until_there_is_a_place(told: Any) -> None:
    """The client reads 429 as a reason to wait: it came more than once, and got its answer."""
    assert told["attempts"] > 1
    assert told["result"]["data"]["seed"] == 7


@pytest.mark.proves("error 504")
def test_a_request_that_nothing_began_in_time_ends_with_a_timeout_of_the_users(told: Any) -> None:
    """Marked as such in a header, so that the client does not try again."""
    assert (told["status"], told["isUserTimeout"]) == (504, True)
