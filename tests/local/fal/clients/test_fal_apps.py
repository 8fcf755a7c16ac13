"""`fal.apps`, the client inside fal's serverless SDK, unmodified, believes the emulator.

It is pointed by its environment variables, with one port for all hosts.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import program
from tests.local.fal.clients.serving import Told, proven_calls, run_program, serve_emulator

pytestmark = pytest.mark.needs("fal")

PROGRAM = "tests.local.fal.clients.programs.fal_apps_calls"


@pytest.fixture(scope="module")
async def session(
    request: pytest.FixtureRequest, clip_bytes: bytes, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Told]:
    """Every call that is proven here, made once."""
    async with serve_emulator(clip_bytes, tmp_path_factory.mktemp("apps")) as served:
        host = served.url.removeprefix("https://")
        hosts = {"FAL_RUN_HOST": f"{host}/run", "FAL_QUEUE_RUN_HOST": host, "FAL_WS_RUN_HOST": f"{host}/ws"}
        argv = ("-m", PROGRAM, *proven_calls(request.module))
        yield await run_program(served, program("fal").with_name("python"), *argv, **hosts)


@pytest.mark.proves("submit")
def test_a_submit_hands_out_a_handle(told: Any) -> None:
    """The SDK keeps owner and alias of the endpoint's id, and asks under those."""
    assert told["request_id"].startswith("id-")
    assert told["app_id"] == "fal-ai/fast-animatediff"


@pytest.mark.proves("status")
def test_a_completed_status_carries_logs(told: Any) -> None:
    """The SDK takes a request for completed by the HTTP status alone."""
    assert (told["type"], told["error"]) == ("Completed", None)
    assert [log["message"].split()[0] for log in told["logs"]] == ["Started", "Finished"]


@pytest.mark.proves("iter_events")
def test_events_come_until_completion(told: Any) -> None:
    """The SDK keeps the last one to itself."""
    assert {event["type"] for event in told["events"]} == {"InProgress"}
    assert told["then"]["type"] == "Completed"


@pytest.mark.proves("get")
def test_get_waits_for_the_result(told: Any, session: Told) -> None:
    """It is the model's output, at the emulator's address."""
    assert told["seed"] == 3
    assert told["video"]["url"].startswith(f"{session.served.url}/files/")


@pytest.mark.proves("fetch_result")
def test_a_result_is_refused_before_completion_and_there_afterwards(told: Any) -> None:
    """At a URL that ends in a slash, without a redirect."""
    assert told["early"]["status"] == 400
    assert told["result"] == told["again"]


@pytest.mark.proves("cancel")
def test_a_cancel_removes_what_waits_stops_what_runs_and_may_come_too_late(told: Any) -> None:
    """What waited is not known any more, what ran ends with 499, what has ended refuses with 400."""
    assert told["queued"] == {"type": "Queued", "position": 0}
    assert [told[name]["status"] for name in ("removed", "stopped", "too_late")] == [404, 499, 400]


@pytest.mark.proves("run")
def test_run_goes_through_the_queue_to_the_output(told: Any) -> None:
    """The SDK's `run` submits and waits."""
    assert told["seed"] == 5


@pytest.mark.proves("stream")
def test_a_stream_is_lines_of_events(told: Any) -> None:
    """The SDK hands on each line that is not empty."""
    assert all(line.startswith("data: {") for line in told)


@pytest.mark.proves("_connect")
def test_realtime_answers_an_input(told: Any) -> None:
    """Packed with msgpack both ways; the frames beside the answer are skipped."""
    assert told["seed"] == 8


@pytest.mark.proves("ws")
def test_http_calls_go_over_one_socket(told: Any) -> None:
    """Call after call, read as a stream or whole."""
    assert (told["run"]["seed"], told["stream"]["seed"]) == (9, 9)


@pytest.mark.proves("error 401")
def test_an_unknown_key_is_refused(told: Any) -> None:
    """The SDK raises httpx's error of that status."""
    assert told["status"] == 401


@pytest.mark.proves("error 404")
def test_an_unknown_endpoint_is_refused(told: Any) -> None:
    """At once, with nothing queued."""
    assert told["status"] == 404


@pytest.mark.proves("error 422")
def test_a_bad_input_is_told_field_by_field(told: Any) -> None:
    """The body of the result is the model's list of complaints."""
    assert (told["status"], told["body"]["detail"][0]["loc"]) == (422, ["body", "num_frames"])
