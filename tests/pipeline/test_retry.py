"""When to try again: bounds, growth, what the provider asks for; and that leases outlast what they cover."""

from dataclasses import fields
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.admit import _SAVE_PAUSES
from pipeline.download import MAX_SECONDS
from pipeline.fal.wire import Patience
from pipeline.ffmpeg.transcoder import SECONDS
from pipeline.retry import (
    COMEBACKS,
    MAX_MISSES,
    MAX_RENDERS,
    MAX_RENDERS_AFTER_LOSS,
    MAX_STEP_FAILURES,
    MAX_STEP_TRIES,
    backoff,
    comeback,
)
from pipeline.timing import Timing

SHORTEST, LONGEST = timedelta(seconds=2.5), timedelta(minutes=10)
jitters = st.floats(0, 1, exclude_max=True)
failures = st.integers(0, 10**9)


@given(failures, jitters)
def test_a_wait_has_bounds(count: int, jitter: float) -> None:
    """From half of 5 s to 10 min, however often it failed."""
    assert SHORTEST <= backoff(count, jitter=jitter) <= LONGEST


@given(failures, failures, jitters)
def test_a_wait_grows(one: int, other: int, jitter: float) -> None:
    """More failures never wait less, the jitter being the same."""
    fewer, more = sorted((one, other))

    assert backoff(fewer, jitter=jitter) <= backoff(more, jitter=jitter)


@given(st.integers(1, 6), jitters)
def test_a_wait_doubles_and_spreads_over_its_upper_half(count: int, jitter: float) -> None:
    """Equal failures return at different times, none of them before half the delay."""
    full = timedelta(seconds=5) * 2 ** (count - 1)

    assert full / 2 <= backoff(count, jitter=jitter) <= full
    assert backoff(count + 1, jitter=0) == 2 * backoff(count, jitter=0)


@given(failures, jitters, st.floats(0, 10**6))
def test_the_provider_is_given_the_time_it_asks_for(count: int, jitter: float, seconds: float) -> None:
    """Never before Retry-After, an hour of it at most, and never sooner for it than without."""
    wait = backoff(count, jitter=jitter, retry_after=seconds)

    assert wait >= min(timedelta(seconds=seconds), timedelta(hours=1))
    assert wait >= backoff(count, jitter=jitter)


@given(failures, jitters)
def test_no_word_of_the_provider_is_no_wait_of_its_own(count: int, jitter: float) -> None:
    """None and 0 change nothing."""
    usual = backoff(count, jitter=jitter)

    assert backoff(count, jitter=jitter, retry_after=None) == usual
    assert backoff(count, jitter=jitter, retry_after=0.0) == usual


def test_a_lost_answer_leaves_one_more_attempt() -> None:
    """Two in all, and no more than there are without a loss."""
    assert MAX_RENDERS_AFTER_LOSS == 2 <= MAX_RENDERS


def test_a_step_is_begun_more_than_once() -> None:
    """A single kill costs nothing but time."""
    assert MAX_STEP_TRIES > 1


def test_a_failing_step_is_tried_for_over_an_hour() -> None:
    """A bucket that is away for half an hour costs no clip, however the dice of the waits fall."""
    waits = [backoff(count, jitter=0) for count in range(1, MAX_STEP_FAILURES)]

    assert sum(waits, timedelta()) > timedelta(hours=1)


def test_a_clip_that_is_gone_is_looked_for_more_than_once_and_not_for_an_hour() -> None:
    """A fresh one may not have reached every server yet; who waits for it must not wait for long."""
    assert 1 < MAX_MISSES < MAX_STEP_FAILURES
    assert sum((backoff(count, jitter=1) for count in range(1, MAX_MISSES)), timedelta()) < timedelta(minutes=1)


@given(st.integers(0, 10), jitters)
def test_comebacks_are_few_and_spread(count: int, jitter: float) -> None:
    """After its while and at most a quarter more, so that what failed together comes back apart; then never."""
    wait = comeback(count, jitter=jitter)

    if count >= len(COMEBACKS):
        assert wait is None
    else:
        assert wait is not None
        assert COMEBACKS[count] <= wait <= COMEBACKS[count] * 1.25


def test_comebacks_outlast_a_bad_day_and_come_ever_less_often() -> None:
    """The last is a day later; and none comes while the renders of the round before may still be tried."""
    assert list(COMEBACKS) == sorted(set(COMEBACKS))
    assert COMEBACKS[-1] >= timedelta(days=1)
    assert COMEBACKS[0] >= LONGEST


def test_a_request_id_is_saved_again_within_its_lease() -> None:
    """Otherwise reconcile takes its render for lost while the database is still being waited for."""
    timing, pauses = Timing(), timedelta(seconds=sum(_SAVE_PAUSES))

    assert timedelta(seconds=15) <= pauses
    assert pauses + timedelta(seconds=Patience().total) < timing.submit_lease + timing.until_lost(None)


def test_leases_outlast_the_work_they_cover() -> None:
    """Otherwise a second worker begins while the first is still within its own time limits."""
    timing = Timing()

    assert timing.submit_lease > timedelta(seconds=Patience().total)
    assert timing.fetch_lease > timedelta(seconds=MAX_SECONDS)
    assert timing.finish_lease > timedelta(seconds=SECONDS)


def test_a_silent_submit_is_waited_for_until_it_cannot_run_any_more() -> None:
    """The start timeout that was sent, the usual time, and something on top."""
    timing = Timing()

    assert timing.until_lost(None) > timing.start_timeout + timing.usual


def test_results_are_polled_well_before_they_expire() -> None:
    """fal keeps a large result for six minutes; a poll that failed once is made again in time."""
    assert 3 * Timing().poll_after < timedelta(minutes=6)


@given(st.floats(0.01, 100))
def test_patience_scales_as_a_whole(factor: float) -> None:
    """Every time but those of hours, which no stand-in shortens, grows by the same factor."""
    usual, scaled = Timing(), Timing().scaled(factor)

    for name in (field.name for field in fields(Timing)):
        times = 1 if name in {"missing_endpoint", "endless", "unsettled", "keep"} else factor
        assert getattr(scaled, name) == getattr(usual, name) * times
