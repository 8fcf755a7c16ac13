"""fal's queue protocol: replies in all their shapes."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import GeneratorBusy, GeneratorError, GeneratorMissing, GeneratorUnavailable
from pipeline.fal import protocol
from pipeline.fal.messages import Reply
from pipeline.model import Clip, Done, Failure, Queued, Running

RID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
TURBO = "fal-ai/fast-animatediff/turbo/text-to-video"

Sample = Callable[[str], Reply]

texts = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates and NUL included
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)

fal_like = st.fixed_dictionaries(
    {},
    optional={
        "status": json_values | st.sampled_from(["IN_QUEUE", "IN_PROGRESS", "COMPLETED", "ALREADY_COMPLETED"]),
        "queue_position": json_values,
        "request_id": json_values,
        "error_type": json_values,
        "video": json_values | st.fixed_dictionaries({"url": texts}),
        "detail": json_values
        | st.lists(
            json_values | st.fixed_dictionaries({"loc": json_values, "msg": json_values, "type": json_values})
        ),
    },
)


class TestSubmitted:
    def test_request_id(self, sample: Sample) -> None:
        """The reply's request id is what later calls need."""
        assert protocol.read_submitted(sample("submit"), TURBO) == RID

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b"[]",
            b"{}",
            b'{"request_id": 7}',
            b'{"request_id": "a/b"}',
            b"[" * 100_000,
            b"\xff",
        ],
    )
    def test_unreadable_success_may_be_paid(self, body: bytes) -> None:
        """A 2xx without a usable id may have been accepted: unknown, neither lost nor refused."""
        with pytest.raises(GeneratorUnavailable):
            protocol.read_submitted(Reply(200, {}, body), TURBO)


class TestState:
    def test_states(self, sample: Sample) -> None:
        """fal's three words in ours; COMPLETED covers success and failure alike."""
        assert protocol.read_state(sample("status-in-queue"), RID) == Queued(3)
        assert protocol.read_state(sample("status-in-progress"), RID) == Running()
        assert protocol.read_state(sample("status-completed"), RID) == Done()
        assert protocol.read_state(sample("status-completed-with-error"), RID) == Done()

    def test_forgotten(self, sample: Sample) -> None:
        """An unknown request is missing."""
        with pytest.raises(GeneratorMissing, match="NOT_FOUND"):
            protocol.read_state(sample("unknown-request"), RID)

    def test_word_outside_the_protocol(self) -> None:
        """A state that fal does not have is no answer, and no failure of the request."""
        with pytest.raises(GeneratorUnavailable):
            protocol.read_state(Reply(200, {}, b'{"status": "FAILED"}'), RID)


class TestResult:
    def test_clip(self, sample: Sample) -> None:
        """A result holds the clip and what it is billed as."""
        result = protocol.read_result(sample("result"), RID)

        assert result.outcome == Clip("https://v3.fal.media/files/lion/clip.mp4", "video/mp4", 215412, 42)
        assert result.billable_units == Decimal("3.7")

    @pytest.mark.parametrize(
        ("name", "code", "permanent", "message"),
        [
            ("result-422-parameter", "bad_parameters", True, "num_frames: Input should be less than"),
            ("result-422-policy", "content_rejected", True, "flagged by a content checker"),
            ("result-504-start-timeout", "not_started", False, "Request timed out"),
            ("result-503-runner", "provider_error", False, "Runner disconnected"),
            ("result-500-crash", "provider_error", False, "Internal Server Error"),
            ("result-499-cancelled", "cancelled", False, "Request was cancelled"),
            ("result-404-path", "endpoint_missing", True, "Path /nowhere not found"),
        ],
    )
    def test_failure(self, sample: Sample, name: str, code: str, permanent: bool, message: str) -> None:
        """The model's own error, in either shape, is the outcome of the request."""
        outcome = protocol.read_result(sample(name), RID).outcome

        assert isinstance(outcome, Failure)
        assert (outcome.code, outcome.permanent) == (code, permanent)
        assert message in outcome.message

    def test_units_of_a_failure(self, sample: Sample) -> None:
        """A refused prompt may be billed: the units come with the failure."""
        assert protocol.read_result(sample("result-422-policy"), RID).billable_units == Decimal(1)

    @pytest.mark.parametrize("header", ["x-fal-retryable", "X-Fal-Needs-Retry".lower()])
    @pytest.mark.parametrize(("value", "permanent"), [("true", False), ("1", False), ("false", True), ("0", True)])
    def test_retry_flag(self, sample: Sample, header: str, value: str, permanent: bool) -> None:
        """Both names and both spellings of the flag overrule what the error type suggests."""
        for name in ("result-422-parameter", "result-500-crash"):
            reply = sample(name)
            outcome = protocol.read_result(replace(reply, headers={**reply.headers, header: value}), RID).outcome

            assert isinstance(outcome, Failure)
            assert outcome.permanent is permanent

    @pytest.mark.parametrize("headers", [{}, {"x-fal-needs-retry": "1"}, {"x-fal-retryable": "true"}])
    @pytest.mark.parametrize("beside", [[], [{"type": "no_media_generated"}], [{"type": "unheard_of"}]])
    def test_declined_content(self, beside: list[object], headers: dict[str, str]) -> None:
        """It is final whatever the flag says, and whatever else was the matter."""
        detail = [*beside, {"type": "content_policy_violation", "msg": "flagged"}]
        reply = Reply(422, headers, json.dumps({"detail": detail}).encode())
        outcome = protocol.read_result(reply, RID).outcome

        assert isinstance(outcome, Failure)
        assert (outcome.code, outcome.permanent) == ("content_rejected", True)
        assert "flagged" in outcome.message

    def test_unfinished(self, sample: Sample) -> None:
        """Asked too early, there is no outcome yet, and that is no failure."""
        with pytest.raises(GeneratorBusy):
            protocol.read_result(sample("result-unfinished"), RID)
        with pytest.raises(GeneratorBusy):
            protocol.read_result(Reply(202, {}, b'{"status": "IN_QUEUE"}'), RID)

    def test_expired(self, sample: Sample) -> None:
        """A result that fal has dropped is missing."""
        with pytest.raises(GeneratorMissing):
            protocol.read_result(sample("unknown-request"), RID)

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(502, {}, b"<html><center>nginx</center></html>"),
            Reply(500, {}, b'{"detail": "upstream connect error"}'),
            Reply(307, {"x-fal-request-id": RID, "location": "https://elsewhere.example/"}, b""),
            Reply(200, {}, b"<html>maintenance</html>"),
        ],
    )
    def test_gateway_trouble_is_not_the_outcome(self, reply: Reply) -> None:
        """A passing fault in front of fal never turns a paid clip into a failure."""
        with pytest.raises(GeneratorUnavailable):
            protocol.read_result(reply, RID)

    @pytest.mark.parametrize(
        "payload",
        [
            {},
            {"images": []},
            {"video": None},
            {"video": {"url": "data:video/mp4;base64,AAAA"}},
            {"video": {"url": "file:///etc/passwd"}},
            {"video": {"url": "https://"}},
            {"video": {"url": "http://[bad"}},
            {"video": {"url": "https://a.example/\x00"}},
        ],
    )
    def test_output_without_a_clip(self, payload: dict[str, object]) -> None:
        """An output without a video on the web is a final failure: paying again would give the same."""
        outcome = protocol.read_payload(payload)

        assert isinstance(outcome, Failure)
        assert (outcome.code, outcome.permanent) == ("no_clip", True)

    @given(
        url=st.from_regex(r"https://[a-z]{1,9}\.example/[a-zA-Z0-9/_.-]{0,40}", fullmatch=True),
        seed=json_values,
    )
    def test_clip_survives_any_seed(self, url: str, seed: object) -> None:
        """The clip is found whatever stands beside it; a seed is a number a database holds, or none."""
        clip = protocol.read_payload({"video": {"url": url, "file_size": seed}, "seed": seed})

        assert isinstance(clip, Clip)
        assert clip.url == url
        assert clip.seed is None or 0 <= clip.seed < 2**63
        assert not isinstance(clip.seed, bool)

    @given(status=st.integers(200, 599), body=json_values | fal_like, flag=st.sampled_from(["", "1", "x"]))
    def test_any_reply_is_an_outcome_or_an_error_of_ours(self, status: int, body: object, flag: str) -> None:
        """No reply, however odd, escapes the error tree or leaves text that a database refuses."""
        headers = {"x-fal-needs-retry": flag, "x-fal-error-type": flag, "x-fal-billable-units": flag}
        reply = Reply(status, headers, json.dumps(body).encode())
        for read in (
            protocol.read_result,
            protocol.read_state,
            protocol.read_submitted,
            protocol.check_cancelled,
        ):
            try:
                outcome = getattr(read(reply, RID), "outcome", None)
                text = outcome.message if isinstance(outcome, Failure) else ""
            except GeneratorError as error:
                text = str(error)

            assert text.isprintable()


class TestCancelled:
    @pytest.mark.parametrize("name", ["cancel-requested", "cancel-too-late", "unknown-request"])
    def test_nothing_to_complain_about(self, sample: Sample, name: str) -> None:
        """A request that is stopped, finished or forgotten will cost nothing more."""
        protocol.check_cancelled(sample(name), RID)

    def test_failed_cancel_is_an_error(self) -> None:
        """If fal cannot say that it stops, the caller hears of it."""
        with pytest.raises(GeneratorUnavailable):
            protocol.check_cancelled(Reply(500, {}, b""), RID)


@pytest.mark.parametrize(
    ("header", "units"),
    [
        ("3.7", "3.7"),
        (" 1 ", "1"),
        ("0", "0"),
        ("", None),
        (None, None),
        ("-1", None),
        ("NaN", None),
        ("1e9", None),
    ],
)
def test_billable_units(header: str | None, units: str | None) -> None:
    """Only a plain number is a bill."""
    assert protocol.billable_units(header) == (None if units is None else Decimal(units))
