"""Fuzz of what callers send: any bytes are a request we understand or a refusal that says why."""

import json
from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from functions.asking import read_body, read_rerender
from functions.problems import Refused

NAMES = st.sampled_from(
    [
        "text",
        "id",
        "owner_id",
        "model",
        "seed",
        "parameters",
        "preview",
        "type",
        "table",
        "schema",
        "record",
        "new_take",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["INSERT", "public", "\x00", "\ud800", "1e999", "x" * 300]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6),
    max_leaves=12,
)


@given(st.binary(max_size=300) | st.dictionaries(NAMES, VALUES).map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b'{"text": "\\ud800"}')
@example(b'{"table": "t", "id": ' + b"9" * 5000 + b"}")
@example(b'{"text": "x", "seed": 1e400}')
def test_any_body_is_understood_or_refused_with_a_reason(body: bytes) -> None:
    """422 with a sentence of bounded length; nothing else is raised."""
    for refusal in (refused(read_body, body), refused(read_rerender, body)):
        assert refusal is None or (refusal.status == 422 and 0 < len(str(refusal)) <= 1000)


def refused(reading: Callable[[bytes], object], body: bytes) -> Refused | None:
    try:
        reading(body)
    except Refused as refusal:
        return refusal
    return None
