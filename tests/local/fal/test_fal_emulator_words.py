"""Promises of the pure parts: paths, inputs, signatures, retry times, fates."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from local.fal.knobs import Knobs, Overrides, draw_fate, read_overrides
from local.fal.orders import read_arguments
from local.fal.outcomes import ERROR_BY_STATUS, MODEL_ERRORS, PLATFORM_ERRORS, Outcome, failed
from local.fal.parsing import DEEPEST, LARGEST, LONGEST, read_json, seconds, whole_number
from local.fal.paths import Action, RequestPath, SubmitPath, read_path
from local.fal.submission import read_submission
from local.fal.webhooks import MAX_RETRIES, Signer, Verdict, next_attempt, verdict_of
from pipeline.errors import BadRequest

TURBO = "fal-ai/fast-animatediff/turbo/text-to-video"


@pytest.mark.parametrize("app", ["fal-ai/fast-animatediff", TURBO])
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("tail", "action"),
    [
        ("", Action.RESULT),
        ("/response", Action.RESULT),
        ("/status", Action.STATUS),
        ("/cancel", Action.CANCEL),
    ],
)
def test_request_paths_are_read_in_every_form_clients_use(app: str, tail: str, action: Action, slash: str) -> None:
    assert read_path(f"/{app}/requests/r1{tail}{slash}") == RequestPath("fal-ai/fast-animatediff", "r1", action)


@pytest.mark.parametrize("path", ["/", "/fal-ai", "/a//b", "/a/b/requests", "/a/b/requests/r1/nonsense"])
def test_paths_of_no_known_form_mean_nothing(path: str) -> None:
    assert read_path(path) is None


def test_a_submit_path_is_the_whole_endpoint_id() -> None:
    assert read_path(f"/{TURBO}/") == SubmitPath(TURBO)


def test_signature_matches_the_published_vector() -> None:
    signer = Signer(bytes(range(32)), user_id="u1")
    body = b'{"request_id":"r1","gateway_request_id":"r1","status":"OK","payload":{}}'

    assert signer.jwks()["keys"][0]["x"] == "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
    assert signer.headers("r1", body, now=1_700_000_000.9) == {
        "X-Fal-Webhook-Request-Id": "r1",
        "X-Fal-Webhook-User-Id": "u1",
        "X-Fal-Webhook-Timestamp": "1700000000",
        "X-Fal-Webhook-Signature": "65dede729359e5ba4d20175890690b270272a4bccacf57c33c33bd8e8cce9d21"
        "a7a0b55151ff27a75234d7f38212bb521884455ce5ae7e4a824b35d9c1dd460a",
    }


def test_published_key_is_a_plain_ed25519_key() -> None:
    (key,) = Signer(bytes(32), user_id="u").jwks()["keys"]

    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
    Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))


def test_pauses_double_until_the_result_expires() -> None:
    times = [next_attempt(n, now=0, expires_at=3600, backoff_base=5) for n in range(1, 12)]

    assert times == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, None]


def test_no_more_than_31_retries() -> None:
    assert next_attempt(MAX_RETRIES, now=0, expires_at=1e30, backoff_base=1) is not None
    assert next_attempt(MAX_RETRIES + 1, now=0, expires_at=1e30, backoff_base=1) is None


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.ACKNOWLEDGED),
        (204, Verdict.ACKNOWLEDGED),
        (302, Verdict.REJECTED),
        (404, Verdict.FAILED),
        (503, Verdict.FAILED),
    ],
)
def test_what_an_answer_means_to_fal(status: int, verdict: Verdict) -> None:
    assert verdict_of(status) is verdict


@settings(deadline=None)
@given(seed=st.integers(), nth=st.integers(1, 10_000), latency=st.floats(0, 60))
def test_a_fate_depends_on_seed_and_number_alone(seed: int, nth: int, latency: float) -> None:
    knobs = Knobs(seed=seed, latency=(0, 60), failure_rate=0.5, loss_rate=0.5, duplicate_rate=0.5)
    drawn = draw_fate(knobs, Overrides(), nth=nth)
    overridden = draw_fate(knobs, Overrides(latency=latency, lose_webhook=True), nth=nth)

    assert draw_fate(knobs, Overrides(), nth=nth) == drawn
    assert (overridden.latency, overridden.webhook_copies) == (latency, 0)
    assert (overridden.fail, overridden.fallback_seed) == (drawn.fail, drawn.fallback_seed)


def test_every_error_a_script_can_name_has_one_of_fals_two_shapes() -> None:
    for name in (*MODEL_ERRORS, *PLATFORM_ERRORS):
        outcome = failed(name, body={"prompt": "x"})
        if name in MODEL_ERRORS:
            assert outcome.body["detail"][0]["type"] == name
        else:
            assert isinstance(outcome.body["detail"], str)
            assert outcome.body["error_type"] == outcome.headers["X-Fal-Error-Type"] == name
    for status, name in ERROR_BY_STATUS.items():
        assert failed(name, body={}).status == status


@pytest.mark.parametrize(
    "header",
    ["{", "[]", '{"latncy": 1}', '{"fail": 418}', '{"fail": "no_such_error"}', '{"latency": Infinity}'],
)
def test_a_mistaken_override_is_refused(header: str) -> None:
    with pytest.raises(BadRequest, match="x-emulator"):
        read_overrides(header)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({"fal_webhook": "ftp://x/y"}, {}),
        ({"fal_webhook": "not a url"}, {}),
        ({"fal_webhook": "http://x:65536/"}, {}),
        ({"fal_webhook": "http:///nowhere"}, {}),
        ({"fal_webhook": "http://[::1"}, {}),
        ({"fal_max_queue_length": "-1"}, {}),
        ({}, {"x-fal-request-timeout": "soon"}),
        ({}, {"x-fal-request-timeout": "nan"}),
        ({}, {"x-fal-request-timeout": "0.1"}),
        ({}, {"x-fal-request-timeout": "1_0"}),
        ({}, {"x-fal-request-timeout": " 5"}),
        ({}, {"x-fal-request-timeout": "\u0661\u0660"}),
        ({"fal_max_queue_length": "\u0661"}, {}),
    ],
)
def test_a_submit_that_makes_no_sense_is_refused(query: dict[str, str], headers: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        read_submission(query=query, headers=headers)


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'{"x": NaN}', b'{"x": 1e999}', b"[" * 9**6])
def test_an_input_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_arguments(body)


@pytest.mark.parametrize(
    "knobs",
    [
        {"latency": (2.0, 1.0)},
        {"latency": (-1.0, 1.0)},
        {"latency": (0.0, float("inf"))},
        {"concurrency": 0},
        {"loss_rate": 1.5},
        {"backoff_base": 0.0},
    ],
)
def test_knobs_that_make_no_sense_are_refused(knobs: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|are|above"):
        Knobs(**knobs)  # type: ignore[arg-type]  # the point is to pass wrong values


@given(st.integers(0, 10**30), st.text("0", max_size=9))
def test_whole_numbers_are_read_up_to_the_largest(number: int, zeros: str) -> None:
    """However many digits there are."""
    assert whole_number(f"{zeros}{number}") == min(number, LARGEST)
    assert whole_number("0" * 5000 + "7" * 5000) == LARGEST
    assert whole_number(f"-{number}") is None


@given(st.text(max_size=12) | st.floats(0).map(str))
def test_seconds_are_a_number_that_one_can_wait_for_or_none(text: str) -> None:
    read = seconds(text)

    assert read is None or 0 <= read <= LONGEST
    if read is not None:
        assert read == min(float(text), LONGEST)


def test_json_is_read_to_the_depth_that_all_can_handle() -> None:
    value = read_json(b"[" * DEEPEST + b"]" * DEEPEST)

    assert str(value) == "[" * DEEPEST + "]" * DEEPEST
    with pytest.raises(ValueError, match="deep"):
        read_json(b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2))


def test_a_result_is_as_long_as_it_is_in_utf_8() -> None:
    """That decides how long it is kept; a prompt cut inside an emoji has a length, too."""
    assert Outcome(200, {"prompt": "\u00e9" * 2000}).size == len('{"prompt":""}') + 4000
    assert Outcome(200, {"prompt": "\ud83d"}).size == len('{"prompt":""}') + 3
