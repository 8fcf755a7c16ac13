"""Fuzz of what the provider says: whatever the bytes, our own words come out or our own errors, fit to be stored.

A few cases run with all tests; `make fuzz CASES=10000` runs as many.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import BadDelivery, BadSignature, GeneratorError
from pipeline.fal import failures, protocol, webhook
from pipeline.fal.messages import Reply
from pipeline.model import Clip, Delivery, Failure
from tests.fuzz.bodies import VALUES, WORDS, damaged, read_samples

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

DELIVERIES = read_samples("webhook-*.json")
ERRORS = read_samples("result-*.json")
ANSWERS = read_samples("*.json")

HEADER_NAMES = st.sampled_from(
    [
        "x-fal-error-type",
        "x-fal-needs-retry",
        "x-fal-retryable",
        "x-fal-request-timeout-type",
        "x-fal-request-id",
        "x-fal-billable-units",
        "retry-after",
        "content-type",
    ]
)
HEADERS = st.dictionaries(HEADER_NAMES, WORDS | st.text(max_size=30) | st.integers().map(str), max_size=4)
STATUSES = st.sampled_from(
    [200, 202, 204, 301, 400, 401, 402, 403, 404, 408, 409, 422, 429, 499, 500, 502, 503, 504]
)


def as_bytes(value: object) -> bytes:
    """As JSON, lone surrogates in escapes as a sender would write them."""
    return json.dumps(value).encode()


def assert_storable(text: str) -> None:
    """Postgres takes it, and one line of a log or a terminal holds it."""
    assert text.isprintable(), ascii(text)
    assert len(text) <= 1000
    text.encode()


def assert_failure(found: Failure) -> None:
    assert found.code
    assert found.code == found.code.lower()
    assert_storable(found.code)
    assert_storable(found.message)


def assert_outcome(outcome: Clip | Failure | None) -> None:
    if isinstance(outcome, Failure):
        assert_failure(outcome)
    elif outcome is not None:
        assert_storable(outcome.url)
        assert outcome.url.startswith(("http://", "https://"))


def attempt(reading: Callable[[], object]) -> object:
    """What it gives, or the error of ours that it raises."""
    try:
        return reading()
    except (BadDelivery, GeneratorError) as error:
        return error


def read(body: bytes) -> None:
    """Read it as a delivery; whichever way that ends, what is left can be stored."""
    found = attempt(lambda: webhook.read_delivery(body, now=NOON))
    if isinstance(found, Delivery):
        assert_storable(found.request_id)
        assert "\0" not in found.body
        assert_outcome(found.outcome)
    else:
        assert str(found).isprintable()


@given(st.binary(max_size=400))
@example(b"\xff\xfe{}")
@example(b"[" * 100_000)
@example(b'{"a":' * 50_000)
@example(b'{"request_id":"r1","status":"OK","payload":{"video":{"url":"https://a\\u0000b"}}}')
def test_any_bytes_are_a_delivery_or_refused(body: bytes) -> None:
    """Nothing else is raised, however broken the bytes."""
    read(body)


@given(VALUES)
def test_any_json_is_a_delivery_or_refused(document: object) -> None:
    """Of whatever type its members are."""
    read(as_bytes(document))


@given(damaged(DELIVERIES))
def test_a_damaged_delivery_is_read_or_refused(document: dict[str, Any]) -> None:
    """fal's own deliveries with something wrong in them."""
    read(as_bytes(document))


@given(damaged(ERRORS), STATUSES | st.none(), HEADERS)
def test_both_error_shapes_become_a_failure(
    body: dict[str, Any], status: int | None, headers: dict[str, str]
) -> None:
    """Details as a list, as a string, as anything: a code, and a sentence that can be stored."""
    assert_failure(failures.failure(body, status=status, headers=headers))


@given(damaged(ANSWERS) | VALUES, STATUSES, HEADERS)
def test_any_answer_is_understood_or_an_error_of_ours(body: object, status: int, headers: dict[str, str]) -> None:
    """To submit, status, result and cancel: a value, or a `GeneratorError` whose words can be stored."""
    reply = Reply(status, headers, as_bytes(body))
    for reading in (
        lambda: protocol.read_submitted(reply, "fal-ai/x"),
        lambda: protocol.read_state(reply, "r1"),
        lambda: protocol.read_result(reply, "r1"),
        lambda: protocol.check_cancelled(reply, "r1"),
    ):
        found = attempt(reading)
        if isinstance(found, (str, GeneratorError)):
            assert_storable(str(found))


@given(st.text(max_size=60) | st.decimals(allow_nan=True, allow_infinity=True).map(str))
def test_billable_units_are_a_finite_amount_or_nothing(header: str) -> None:
    """Money is not taken from a header that says `NaN`, `-1` or `1e999999`."""
    units = protocol.billable_units(header)

    assert units is None or (units.is_finite() and Decimal(0) <= units < Decimal(10) ** 12)


SIGNED = (
    "x-fal-webhook-request-id",
    "x-fal-webhook-user-id",
    "x-fal-webhook-timestamp",
    "x-fal-webhook-signature",
)


@given(
    st.dictionaries(
        st.sampled_from(SIGNED), st.text(max_size=140) | st.from_regex("[0-9a-f]{128}", fullmatch=True)
    )
)
def test_any_headers_are_a_signature_or_refused(headers: dict[str, str]) -> None:
    """What is taken for a signature has 64 bytes and fields that cannot shift into each other."""
    try:
        signature = webhook.read_signature(headers, now=NOON)
    except BadSignature:
        return
    assert len(signature.value) == 64
    assert "\n" not in signature.request_id + signature.user_id + signature.timestamp
