"""Bodies as a provider might never send them: JSON of any kind, and fal's own samples with something wrong.

Changes to real samples reach deeper than noise: most of what is read is looked up by name.
"""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

SAMPLES = Path(__file__).parents[1] / "pipeline" / "fal" / "samples"

WORDS = st.sampled_from(
    [
        "request_id",
        "gateway_request_id",
        "status",
        "payload",
        "payload_error",
        "error",
        "detail",
        "error_type",
        "type",
        "loc",
        "msg",
        "ctx",
        "url",
        "video",
        "OK",
        "ERROR",
        "content_policy_violation",
        "https://v3.fal.media/files/a.mp4",
        "\u202e\x1b[2J",
        "\x00",
        "\ud800",
        "{0.__class__}",
        "%s%n",
        "</script>",
    ]
)

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
    | WORDS
)

VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=8), inner, max_size=6),
    max_leaves=20,
)
"""Any JSON, its names often those that fal uses."""


def read_samples(pattern: str) -> list[dict[str, Any]]:
    """The bodies of fal's recorded answers of that name."""
    return [body(json.loads(file.read_text())) for file in sorted(SAMPLES.glob(pattern))]


def body(sample: dict[str, Any]) -> dict[str, Any]:
    """A sample is a body, or an answer with one."""
    inner = sample.get("body", sample)
    return inner if isinstance(inner, dict) else {"detail": inner}


@st.composite
def damaged(draw: st.DrawFn, samples: list[dict[str, Any]]) -> dict[str, Any]:
    """A sample with one to three of its members, at any depth, replaced, removed or joined by others."""
    changed: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(samples))))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(_objects(changed)))
        name = draw(st.sampled_from(sorted(place)) if place else WORDS)
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                place[name] = draw(VALUES)
            case "remove":
                place.pop(name, None)
            case _:
                place[draw(WORDS)] = draw(VALUES)
    return changed


def _objects(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for inner in value.values() for found in _objects(inner))]
    if isinstance(value, list):
        return [found for inner in value for found in _objects(inner)]
    return []
