"""fal's own Python client, unmodified, believes the emulator: blocking and async, at fal's own host names."""

import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.local.fal.clients.serving import Told, proven_calls, run_program, serve_emulator

PROGRAM = "tests.local.fal.clients.programs.fal_client_calls"


@pytest.fixture(scope="module", params=["blocking", "async"])
async def session(
    request: pytest.FixtureRequest, clip_bytes: bytes, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Told]:
    """Every call that is proven here, made once."""
    async with serve_emulator(clip_bytes, tmp_path_factory.mktemp("client")) as served:
        argv = (request.param, served.inbox.url, *proven_calls(request.module))
        yield await run_program(served, sys.executable, "-m", PROGRAM, *argv)


@pytest.mark.proves("submit")
async def test_a_submit_with_a_webhook_ends_in_a_result_that_the_webhook_carries(told: Any, session: Told) -> None:
    """Priority, start timeout and webhook arrive, and both ways to the result lead to the same."""
    delivered = (await session.served.inbox.deliveries.get()).json()
    listing = session.served.emulator.journal.listing(wanted={"request_id": told["request_id"]}, now=0)

    assert delivered["request_id"] == told["request_id"]
    assert delivered["payload"] == told["result"]
    assert told["result"]["seed"] == 3
    assert told["result"]["video"]["url"].startswith("https://queue.fal.run/files/")
    assert listing["requests"][0]["priority"] == "low"


@pytest.mark.proves("iter_events")
def test_events_go_from_in_progress_to_completed_and_carry_logs(told: Any) -> None:
    """The client parses every status on the way, and the logs grow."""
    first, *_, last = told
    assert (first["type"], last["type"]) == ("InProgress", "Completed")
    assert [log["message"].split()[0] for log in first["logs"]] == ["Started"]
    assert [log["message"].split()[0] for log in last["logs"]] == ["Started", "Finished"]


@pytest.mark.proves("status")
def test_a_status_tells_the_place_in_the_queue_and_later_how_long_it_took(told: Any) -> None:
    """By the handle that submitted and by the request's id alone."""
    assert told["queued"] == {"type": "Queued", "position": 0}
    assert told["by_handle"]["metrics"]["inference_time"] > 0
    assert told["by_handle"]["logs"]
    assert told["by_id"] == {**told["by_handle"], "logs": None}
    assert told["by_id"]["error"] is None


@pytest.mark.proves("result")
def test_a_result_is_had_again_by_the_request_id(told: Any) -> None:
    """The URL that the client builds leads where the one it was handed does."""
    assert told["by_handle"] == told["by_id"]
    assert told["by_id"]["video"]["content_type"] == "video/mp4"


@pytest.mark.proves("subscribe")
def test_subscribe_tells_its_caller_of_every_step(told: Any) -> None:
    """The request's id first, updates with logs, then the output."""
    assert len(told["enqueued"]) == 1
    assert [told["updates"][0]["type"], told["updates"][-1]["type"]] == ["InProgress", "Completed"]
    assert told["updates"][-1]["logs"]
    assert told["result"]["seed"] == 3


@pytest.mark.proves("cancel")
def test_a_cancel_removes_what_waits_stops_what_runs_and_may_come_too_late(told: Any) -> None:
    """What waited is not known any more, what ran ends with 499, what has ended refuses with 400."""
    assert told["removed"]["status"] == 404
    assert (told["stopped"]["status"], told["stopped"]["type"]) == (499, "client_cancelled")
    assert told["too_late"]["status"] == 400


@pytest.mark.proves("run")
def test_run_answers_with_the_output(told: Any) -> None:
    """A direct call goes round the queue."""
    assert told["seed"] == 5
    assert told["video"]["url"].startswith("https://fal.run/files/")


@pytest.mark.proves("stream")
def test_the_last_event_of_a_stream_is_the_output(told: Any) -> None:
    """The client reads each event as JSON."""
    assert told[-1]["seed"] == 6


@pytest.mark.proves("realtime")
def test_realtime_with_a_token_answers_an_input(told: Any) -> None:
    """The client fetches the token itself and packs both ways with msgpack."""
    assert told["seed"] == 8
    assert told["images"][0]["url"].startswith("data:image/")


@pytest.mark.proves("realtime(use_jwt=False)")
def test_realtime_with_the_key_answers_an_input(told: Any) -> None:
    """The key stands in the header of the handshake."""
    assert told["seed"] == 8


@pytest.mark.proves("ws_connect")
def test_a_bare_socket_answers_text_with_text(told: Any) -> None:
    """What came as JSON is answered as JSON."""
    assert told["seed"] == 8


@pytest.mark.proves("upload")
def test_uploaded_bytes_are_read_back_from_the_cdn(told: Any) -> None:
    """With their type, at the CDN's own host, where the client sent them with its short-lived token."""
    assert told["url"].startswith("https://v3.fal.media/files/")
    assert (told["status"], told["type"], told["content"]) == (200, "image/png", "0001")


@pytest.mark.proves("upload_file")
def test_an_uploaded_file_is_read_back(told: Any) -> None:
    """The type is the one its name stands for."""
    assert bytes.fromhex(told["content"]) == b"once upon a time"
    assert told["type"].startswith("text/plain")


@pytest.mark.proves("upload_image")
def test_an_uploaded_image_is_still_one(told: Any) -> None:
    """It opens at the size it had."""
    assert told["size"] == [8, 6]
    assert told["type"] == "image/png"


@pytest.mark.proves('upload(repository="fal")')
def test_the_other_repository_takes_uploads_too(told: Any) -> None:
    """Initiated at the REST host and then put where that says; the client falls back on it."""
    assert bytes.fromhex(told["content"]) == b"text"


@pytest.mark.proves("MultipartUpload")
def test_an_upload_in_parts_comes_out_whole(told: Any) -> None:
    """The parts come in any order, and the client names them when it completes the upload."""
    assert told == {"type": "video/mp4", "whole": True}


@pytest.mark.proves("error 401")
def test_an_unknown_key_is_refused(told: Any) -> None:
    """As the client's error of that status, with fal's sentence."""
    assert told["status"] == 401
    assert "key" in told["message"]


@pytest.mark.proves("error 404")
def test_an_unknown_endpoint_is_refused(told: Any) -> None:
    """At once, with nothing queued."""
    assert told["status"] == 404


@pytest.mark.proves("error 422")
def test_a_bad_input_is_told_field_by_field(told: Any) -> None:
    """The client's error carries the model's list of complaints."""
    assert told["status"] == 422
    assert told["message"][0]["loc"] == ["body", "num_frames"]


@pytest.mark.proves("error 429")
def test_a_direct_call_beyond_the_limit_is_tried_again_until_there_is_a_place(told: Any) -> None:
    """The client reads 429 as a reason to wait: it came more than once, and got its answer."""
    assert told["attempts"] > 1
    assert told["result"]["seed"] == 7


@pytest.mark.proves("error 503")
def test_a_refused_submit_is_not_tried_again(told: Any) -> None:
    """The client tries a 503 again only where it looks like a proxy's."""
    assert told["status"] == 503


@pytest.mark.proves("error 504")
def test_a_request_that_nothing_began_in_time_ends_with_a_timeout_of_the_users(told: Any) -> None:
    """Marked as such in a header, so that the client does not try again."""
    assert (told["status"], told["type"], told["timeout_type"]) == (504, "request_timeout", "user")
