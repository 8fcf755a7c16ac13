"""What news of a render means, verdict by verdict."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lifecycle import (
    RenderEvent,
    RenderStatus,
    TakeStatus,
    render_after,
)
from pipeline.model import Clip, Failure
from pipeline.outcome import LOST, RenderSeen, Verdict, on_clip, on_failure, on_silence
from pipeline.reasons import CONTENT_REJECTED, FALLBACK
from pipeline.receive import verdict_on
from pipeline.reconcile import ENDLESS, FORGOTTEN
from pipeline.retry import COMEBACKS, MAX_RENDERS, MAX_RENDERS_AFTER_LOSS

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CLIP = Clip("https://v3.fal.media/clip.mp4")
PASSING = Failure("provider_error", "try again", permanent=False)
FINAL = Failure("no_clip", "no", permanent=True)
DECLINED = Failure(CONTENT_REJECTED, "no", permanent=True)
BILLED = [FORGOTTEN, ENDLESS]  # they may have been paid for, and brought nothing


def seen(**more: object) -> RenderSeen:
    usual = RenderSeen(
        id=UUID(int=1),
        status=RenderStatus.SUBMITTED,
        provider="fal",
        endpoint="fal-ai/x",
        model="lightning",
        take_status=TakeStatus.RENDERING,
        made=1,
        lost=0,
        ever_lost=0,
        comebacks=0,
        rival=False,
    )
    return replace(usual, **more)  # type: ignore[arg-type]  # field names, checked by the dataclass


EVERY = [
    seen(status=status, take_status=take, made=made, lost=lost, ever_lost=lost, rival=rival)
    for status, take in itertools.product(RenderStatus, TakeStatus)
    for made, lost, rival in itertools.product((1, 2, 3, 4), (0, 1), (False, True))
]


@pytest.mark.parametrize("take", [TakeStatus.RENDERING, TakeStatus.FAILED, TakeStatus.REMOVED])
@pytest.mark.parametrize("status", sorted(set(RenderStatus) - {RenderStatus.DELIVERED}))
def test_a_clip_is_used_by_a_take_that_wants_one(status: RenderStatus, take: TakeStatus) -> None:
    """Whatever was thought of its render, lost, failed or cancelled: it is paid for."""
    verdict = on_clip(seen(status=status, take_status=take), CLIP)

    assert verdict == Verdict(render=RenderStatus.DELIVERED, take=TakeStatus.FETCHING, clip=CLIP)


@pytest.mark.parametrize("take", [TakeStatus.FETCHING, TakeStatus.FINISHING, TakeStatus.READY])
def test_a_second_clip_is_delivered_and_not_used(take: TakeStatus) -> None:
    """The first stays; the second is still paid for, so its render is delivered and will be settled."""
    assert on_clip(seen(take_status=take), CLIP) == Verdict(render=RenderStatus.DELIVERED)


def test_news_never_upsets() -> None:
    """Clip and failure have a verdict for every render of every take; it never asks for two things at once."""
    for each in EVERY:
        for verdict in (
            on_clip(each, CLIP),
            on_failure(each, PASSING, now=NOW, jitter=0.5),
            on_failure(each, FINAL, now=NOW, jitter=0.5),
        ):
            assert not (verdict.clip and verdict.retry_at)
            assert not (verdict.take is TakeStatus.FAILED and verdict.retry_at)
            assert verdict.take is not TakeStatus.FAILED or verdict.failure is not None
            assert verdict.render is not RenderStatus.FAILED or verdict.failure is not None


def test_old_news_of_a_failure_moves_nothing() -> None:
    """A render that has ended, or waits again, neither fails its take nor asks for another try."""
    for each in EVERY:
        if render_after(each.status, RenderEvent.ERROR) is None:
            verdict = on_failure(each, PASSING, now=NOW, jitter=0)
            assert (verdict.render, verdict.take, verdict.retry_at) == (None, None, None)


def test_a_failure_leaves_the_take_alone_while_another_render_is_awaited() -> None:
    """It is not the last word."""
    verdict = on_failure(seen(rival=True), FINAL, now=NOW, jitter=0)

    assert verdict == Verdict(render=RenderStatus.FAILED, failure=FINAL)


def test_declined_content_fails_the_take_whatever_else_is_awaited() -> None:
    """What a provider declines for its content is asked of nobody again: it never comes back."""
    for each in EVERY:
        verdict = on_failure(each, DECLINED, now=NOW, jitter=0.5)
        assert verdict.retry_at is None
        assert verdict.again_at is None
        if verdict.render and each.take_status is TakeStatus.RENDERING:
            assert verdict.take is TakeStatus.FAILED


@pytest.mark.parametrize("made", range(1, MAX_RENDERS))
def test_a_passing_failure_is_tried_again_later(made: int) -> None:
    """After a pause that grows with the renders made."""
    verdict = on_failure(seen(made=made), PASSING, now=NOW, jitter=0)

    assert verdict.take is None
    assert verdict.retry_at == NOW + timedelta(seconds=2.5 * 2 ** (made - 1))


@pytest.mark.parametrize(
    ("failure", "made", "lost"),
    [
        (FINAL, 1, 0),
        (PASSING, MAX_RENDERS, 0),
        (PASSING, MAX_RENDERS + 1, 0),
        (PASSING, MAX_RENDERS_AFTER_LOSS, 1),
    ],
)
def test_the_last_failure_fails_the_take(failure: Failure, made: int, lost: int) -> None:
    """Permanent, or no try left: fewer are left once an answer was lost."""
    verdict = on_failure(seen(made=made, lost=lost, ever_lost=lost), failure, now=NOW, jitter=0)

    ended = replace(verdict, again_at=None)
    assert ended == Verdict(render=RenderStatus.FAILED, take=TakeStatus.FAILED, failure=failure)


@pytest.mark.parametrize(("comebacks", "wait"), list(enumerate(COMEBACKS)))
def test_what_failed_in_passing_comes_back_by_itself(comebacks: int, wait: timedelta) -> None:
    """Each time after a longer while."""
    verdict = on_failure(seen(made=MAX_RENDERS, comebacks=comebacks), PASSING, now=NOW, jitter=0)

    assert (verdict.take, verdict.again_at) == (TakeStatus.FAILED, NOW + wait)


@pytest.mark.parametrize(
    ("failure", "more"),
    [
        pytest.param(FINAL, {}, id="it would fail alike"),
        pytest.param(PASSING, {"comebacks": len(COMEBACKS)}, id="it came back often enough"),
        pytest.param(PASSING, {"ever_lost": 1}, id="an earlier round may have been paid for"),
        pytest.param(ENDLESS, {}, id="this render may have been paid for"),
    ],
)
def test_what_would_not_come_right_or_might_be_paid_twice_stays_failed(
    failure: Failure, more: dict[str, int]
) -> None:
    """Until a person asks."""
    verdict = on_failure(seen(made=MAX_RENDERS, **more), failure, now=NOW, jitter=0)

    assert (verdict.take, verdict.again_at) == (TakeStatus.FAILED, None)


def test_only_what_has_failed_comes_back() -> None:
    """A take that goes on has no time to begin again."""
    for each in EVERY:
        verdict = on_failure(each, PASSING, now=NOW, jitter=0)
        assert verdict.again_at is None or verdict.take is TakeStatus.FAILED


@pytest.mark.parametrize("failure", BILLED, ids=lambda failure: failure.code)
def test_what_may_have_been_billed_leaves_one_more_attempt(failure: Failure) -> None:
    """It counts like a lost answer: one double payment at most, never a third."""
    first = on_failure(seen(made=1), failure, now=NOW, jitter=0)
    second = on_failure(seen(made=MAX_RENDERS_AFTER_LOSS), failure, now=NOW, jitter=0)

    assert (first.render, first.take, first.retry_at) == (
        RenderStatus.FAILED,
        None,
        NOW + timedelta(seconds=2.5),
    )
    assert second == Verdict(render=RenderStatus.FAILED, take=TakeStatus.FAILED, failure=failure)


def test_silence_brings_one_more_attempt_at_once() -> None:
    """It has been waited for long enough."""
    verdict = on_silence(seen(status=RenderStatus.UNKNOWN), now=NOW)

    assert verdict == Verdict(render=RenderStatus.LOST, retry_at=NOW)


@pytest.mark.parametrize("made", [2, 3])
def test_silence_of_a_later_attempt_fails_the_take(made: int) -> None:
    """Never a third attempt after a lost answer."""
    verdict = on_silence(seen(status=RenderStatus.UNKNOWN, made=made), now=NOW)

    assert verdict == Verdict(render=RenderStatus.LOST, take=TakeStatus.FAILED, failure=LOST)


@pytest.mark.parametrize("status", [RenderStatus.DELIVERED, RenderStatus.FAILED, RenderStatus.CANCELLED])
def test_silence_of_what_was_heard_of_meanwhile_is_nothing(status: RenderStatus) -> None:
    """Reconcile was a moment late."""
    assert on_silence(seen(status=status), now=NOW) == Verdict()


def test_silence_of_what_was_answered_meanwhile_is_nothing() -> None:
    """Unknown a moment ago, submitted now (the late answer, or a webhook without content): nothing is lost."""
    assert on_silence(seen(status=RenderStatus.SUBMITTED), now=NOW) == Verdict()


def test_news_without_content_decides_nothing() -> None:
    """Its result is still to be asked for."""
    assert verdict_on(seen(), None, now=NOW, jitter=0) == Verdict()


@given(st.floats(0, 1, exclude_max=True), st.integers(1, MAX_RENDERS - 1))
def test_a_retry_is_never_in_the_past(jitter: float, made: int) -> None:
    """Whatever the jitter."""
    verdict = on_failure(seen(made=made), PASSING, now=NOW, jitter=jitter)

    assert verdict.retry_at is not None
    assert verdict.retry_at > NOW


def test_our_own_failures_have_a_sentence() -> None:
    """What reconcile and silence say is told to users in words of its own."""
    assert {LOST.code, *(failure.code for failure in BILLED)} <= set(FALLBACK)
    assert not LOST.permanent
    assert all(failure.billed and not failure.permanent for failure in BILLED)
