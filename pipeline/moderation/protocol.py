"""OpenAI's moderation endpoint, and what others serve under the same address: words to bytes and back. Pure.

`POST {base}/moderations` takes `{"model", "input"}` and answers `{"results": [{"flagged", "categories", …}]}`.
Source: https://platform.openai.com/docs/api-reference/moderations; LiteLLM serves the same shape. Nothing of an
answer reaches an error but its status and its error's code: its prose may quote the text, or the key.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import ModerationError, ModerationKeyRefused, ModerationUnavailable
from pipeline.model import Judgement, Opinion
from pipeline.moderation.categories import UNSPECIFIED, category
from pipeline.retry_after import retry_after

BY = "endpoint"

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_KEY_REFUSED = frozenset({401, 402, 403})
_MOVED = "set STORYREEL_MODERATION_URL to what stands before /moderations in the endpoint's address"
_MENDS: Mapping[int, str] = {
    301: _MOVED,
    302: _MOVED,
    307: _MOVED,
    308: _MOVED,
    400: "it does not take what it is asked: see STORYREEL_MODERATION_MODEL",
    404: f"{_MOVED}, and STORYREEL_MODERATION_MODEL to a model that it has",
    405: _MOVED,
    422: "it does not take what it is asked: see STORYREEL_MODERATION_MODEL",
}
"""What to do about an answer that will stay the same until a person does something."""


@dataclass(frozen=True)
class Reply:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def request_body(model: str, text: str) -> bytes:
    """The one question of a call."""
    return json.dumps({"model": model, "input": text}).encode()


def read_judgement(reply: Reply) -> Judgement:
    """What the endpoint says. Several results are of parts of the text: one that is flagged rejects it.

    Raises `ModerationKeyRefused`, and `ModerationUnavailable` for whatever else is no verdict.
    """
    answer = _parsed(reply.body)
    if reply.status != 200:
        raise _refusal(reply, answer)
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list) or not results or not all(map(_is_verdict, results)):
        raise ModerationUnavailable("the moderation endpoint gave an answer that is no verdict")
    flagged = [result for result in results if result["flagged"]]
    if not flagged:
        return Judgement(Opinion.PASSED, by=BY)
    return Judgement(Opinion.REJECTED, by=BY, category=_gravest(flagged[0]))


def _is_verdict(result: object) -> bool:
    return isinstance(result, dict) and isinstance(result.get("flagged"), bool)


def _gravest(result: Mapping[str, object]) -> str:
    """Of the categories that it was flagged for, the surest; that about minors before any other."""
    categories, scores = result.get("categories"), result.get("category_scores")
    if not isinstance(categories, dict):
        return UNSPECIFIED
    flagged = [name for name, is_flagged in categories.items() if is_flagged is True]
    known = scores if isinstance(scores, dict) else {}

    def weight(name: str) -> tuple[bool, float]:
        score = known.get(name)
        return "minors" in name, score if isinstance(score, int | float) else 0.0

    return category(max(flagged, key=weight)) if flagged else UNSPECIFIED


def _refusal(reply: Reply, answer: object) -> ModerationError:
    said = f"the moderation endpoint answered HTTP {reply.status}{_code(answer)}"
    if reply.status in _KEY_REFUSED:
        return ModerationKeyRefused(f"{said}: set STORYREEL_MODERATION_KEY to a key that it accepts")
    mend = f"; {_MENDS[reply.status]}" if reply.status in _MENDS else ""
    return ModerationUnavailable(said + mend, retry_after=retry_after(reply.headers))


def _code(answer: object) -> str:
    """The error's code in brackets, where it is a plain word."""
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return f" ({code})" if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # not text, not JSON, or nested without end
        return None
