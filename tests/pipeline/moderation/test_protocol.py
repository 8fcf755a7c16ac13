"""What an endpoint's answers mean: a verdict, or an error that says what to do and quotes nobody."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ModerationError, ModerationKeyRefused, ModerationUnavailable
from pipeline.model import Judgement, Opinion
from pipeline.moderation.protocol import Reply, read_judgement, request_body
from tests.pipeline.moderation.endpoint_server import KEY, verdict


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, headers, raw)


def flagged(**categories: bool) -> dict[str, Any]:
    return {"results": [{"flagged": True, "categories": categories}]}


def test_a_question_is_the_model_and_the_text() -> None:
    """And nothing else."""
    assert json.loads(request_body("m", "A whale")) == {"model": "m", "input": "A whale"}


def test_the_documented_answer_is_understood() -> None:
    """Passed, or rejected for the category that was flagged."""
    assert read_judgement(reply(verdict(flagged=False))) == Judgement(Opinion.PASSED, by="endpoint")
    assert read_judgement(reply(verdict(flagged=True, category="sexual"))) == Judgement(
        Opinion.REJECTED, by="endpoint", category="sexual"
    )


def test_the_surest_category_is_kept_and_minors_before_all() -> None:
    """By their scores, where there are any."""
    result: dict[str, Any] = {
        "flagged": True,
        "categories": {"hate": True, "violence": True, "harassment": False, "sexual/minors": False},
        "category_scores": {"hate": 0.5, "violence": 0.8, "harassment": 0.99, "sexual/minors": 0.1},
    }
    assert read_judgement(reply({"results": [result]})).category == "violence"

    result["categories"]["sexual/minors"] = True
    assert read_judgement(reply({"results": [result]})).category == "sexual/minors"


def test_one_flagged_part_rejects_the_whole() -> None:
    """Where an endpoint splits the text."""
    parts = {"results": [{"flagged": False}, {"flagged": True, "categories": {"hate": True}}]}

    assert read_judgement(reply(parts)).category == "hate"


@pytest.mark.parametrize(
    "answer",
    [
        flagged(),
        flagged(hate=False),
        {"results": [{"flagged": True}]},
        {"results": [{"flagged": True, "categories": []}]},
    ],
)
def test_a_rejection_without_a_category_is_one(answer: object) -> None:
    """It is not taken for less."""
    assert read_judgement(reply(answer)) == Judgement(Opinion.REJECTED, by="endpoint", category="unspecified")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b"<html>", b"\xff\xfe", b"[" * 100_000, {"results": []}, {"results": {}},
        {"results": [{}]}, {"results": [None]}, {"results": [{"flagged": "no"}]}, {"results": [{"flagged": 0}]},
        {"results": [{"flagged": False}, {}]}, {"error": {"message": "no"}},
    ],
    ids=lambda body: str(body)[:20],
)  # fmt: skip
def test_what_is_no_verdict_passes_nothing(body: object) -> None:
    """A 200 with anything else in it is no yes."""
    with pytest.raises(ModerationUnavailable, match="no verdict"):
        read_judgement(reply(body))


@pytest.mark.parametrize(
    ("status", "kind", "mend"),
    [
        (401, ModerationKeyRefused, "STORYREEL_MODERATION_KEY"),
        (402, ModerationKeyRefused, "STORYREEL_MODERATION_KEY"),
        (403, ModerationKeyRefused, "STORYREEL_MODERATION_KEY"),
        (307, ModerationUnavailable, "STORYREEL_MODERATION_URL"),
        (404, ModerationUnavailable, "STORYREEL_MODERATION_URL"),
        (400, ModerationUnavailable, "STORYREEL_MODERATION_MODEL"),
        (429, ModerationUnavailable, "429"),
        (500, ModerationUnavailable, "500"),
        (503, ModerationUnavailable, "503"),
        (204, ModerationUnavailable, "204"),
    ],
)
def test_every_other_status_is_an_error_that_can_pass(status: int, kind: type[ModerationError], mend: str) -> None:
    """It says what to do where only a person can; even with a verdict in it, it is none."""
    with pytest.raises(kind, match=mend) as refused:
        read_judgement(reply(verdict(flagged=False), status))

    assert not refused.value.permanent


def test_retry_after_is_heeded() -> None:
    """In seconds."""
    with pytest.raises(ModerationUnavailable) as busy:
        read_judgement(reply({}, 429, **{"retry-after": "30"}))

    assert busy.value.retry_after == 30


def test_an_error_quotes_its_code_and_nothing_else() -> None:
    """Its prose may have the text in it, or the key."""
    said = {"error": {"message": f"Incorrect API key {KEY} for 'a secret whale'", "code": "invalid_api_key"}}
    with pytest.raises(ModerationKeyRefused) as refused:
        read_judgement(reply(said, 401))

    assert "(invalid_api_key)" in str(refused.value)
    assert KEY not in str(refused.value)
    assert "whale" not in str(refused.value)


@pytest.mark.parametrize("code", ["a secret whale", "x" * 61, "", None, 5, ["x"], "\x1b[31m"])
def test_a_code_that_is_no_plain_word_is_left_out(code: object) -> None:
    """It may be anything."""
    with pytest.raises(ModerationUnavailable) as refused:
        read_judgement(reply({"error": {"code": code}}, 500))

    assert str(refused.value) == "the moderation endpoint answered HTTP 500"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["results", "flagged", "categories", "category_scores", "error", "code"]), inner
    ),
    max_leaves=12,
)  # fmt: skip


@given(json_values | st.binary(), st.integers(100, 599))
def test_any_answer_is_a_verdict_or_one_of_our_errors(body: object, status: int) -> None:
    """Nothing else rises."""
    with suppress(ModerationError):
        judgement = read_judgement(reply(body, status))

        assert status == 200
        assert judgement.by == "endpoint"
