"""The two keys that decide what is paid for and what is remade, and the object paths. Pure; must stay stable:
a changed key buys every clip again, and a changed path loses the ones that are stored.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping

from pipeline.model import Parameters, Prompt
from pipeline.parameters import as_json

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KIND = re.compile(r"[a-z]+")
_SUFFIX = re.compile(r"\.[a-z0-9]+")


def take_key(*, model: str, parameters: Parameters, prompt: Prompt, seed: int, emulated: bool) -> str:
    """What makes one paid clip, as SHA-256 in hex.

    `emulated` takes part, so that an emulator's clip is never taken for a paid one. A parameter that is None
    is left out, so that a new optional one leaves all keys as they are. Raises `ValueError` for NaN and
    infinity.
    """
    return _digest(
        "storyreel/take/1",
        {
            "model": model,
            "parameters": _canonical(as_json(parameters)),
            "prompt": dataclasses.asdict(prompt),
            "seed": seed,
            "emulated": emulated,
        },
    )


def rendition_key(*, original_sha256: str, recipe: str) -> str:
    """What makes one set of renditions, as SHA-256 in hex. Raises `ValueError` for a malformed digest."""
    return _digest("storyreel/rendition/1", {"original": _checked(_SHA256, original_sha256), "recipe": recipe})


def original_path(sha256: str) -> str:
    """Where the bucket keeps the provider's clip of that SHA-256 in lower-case hex, else `ValueError`."""
    return f"originals/{_fanned_out(sha256)}.mp4"


def rendition_path(rendition_key: str, kind: str, suffix: str) -> str:
    """Where the bucket keeps one rendition; `kind` as in `Rendition`, `suffix` with its dot.

    Raises `ValueError` where one of the three has another form.
    """
    return f"renditions/{_fanned_out(rendition_key)}/{_checked(_KIND, kind)}{_checked(_SUFFIX, suffix)}"


def _fanned_out(digest: str) -> str:
    """Two levels of 256 folders keep listings short on buckets that are directories on a disk."""
    _checked(_SHA256, digest)
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _checked(pattern: re.Pattern[str], text: str) -> str:
    """The text itself; paths are built of it, so anything else is a programming error."""
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} does not match {pattern.pattern}")
    return text


def _canonical(value: object) -> object:
    """The same JSON value with numbers that compare equal written alike: 3 and 3.0, 0.0 and -0.0."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return {name: _canonical(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_canonical(inner) for inner in value]
        case _:
            return value


def _digest(domain: str, content: Mapping[str, object]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(f"{domain}\n{canonical}".encode()).hexdigest()
