"""Moderators put together: who is asked when, and what it means that one does not answer."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.errors import ModerationError, ModerationKeyRefused, ModerationUnavailable
from pipeline.model import Judgement, Opinion
from pipeline.moderation.moderators import FailingOpen, InTurn, Nobody, OfflineRules, Pausing

PASSED = Judgement(Opinion.PASSED, by="endpoint")
AWAY = ModerationUnavailable("it is away")


class Scripted:
    """A moderator that says, or fails with, one thing after the other, and then passes everything."""

    def __init__(self, *script: Judgement | ModerationError) -> None:
        self._script: Sequence[Judgement | ModerationError] = script
        self.asked = 0

    async def judge(self, text: str) -> Judgement:  # noqa: ARG002 - it looks at nothing
        self.asked += 1
        said = self._script[self.asked - 1] if self.asked <= len(self._script) else PASSED
        if isinstance(said, ModerationError):
            raise said
        return said


class Time:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def test_the_rules_judge_and_say_that_it_was_they() -> None:
    """Passed or rejected, never unchecked."""
    assert await OfflineRules().judge("A whale") == Judgement(Opinion.PASSED, by="rules")
    assert await OfflineRules().judge("Mail a@b.de") == Judgement(
        Opinion.REJECTED, by="rules", category="personal-data"
    )


async def test_nobody_leaves_everything_unchecked() -> None:
    """Which is told apart from passed."""
    assert await Nobody().judge("Mail a@b.de") == Judgement(Opinion.UNCHECKED)


async def test_what_the_first_rejects_the_second_never_hears_of() -> None:
    """A text with personal data in it goes to nobody."""
    second = Scripted()
    both = InTurn(OfflineRules(), second)

    assert (await both.judge("Mail a@b.de")).by == "rules"
    assert second.asked == 0
    assert await both.judge("A whale") == PASSED
    assert second.asked == 1


async def test_failing_open_an_unanswered_question_is_unchecked() -> None:
    """And a rejection stays one."""
    no = Judgement(Opinion.REJECTED, by="endpoint", category="hate")
    moderator = FailingOpen(Scripted(AWAY, ModerationKeyRefused("no"), no, PASSED))

    assert [await moderator.judge("x") for _ in range(4)] == [
        Judgement(Opinion.UNCHECKED), Judgement(Opinion.UNCHECKED), no, PASSED
    ]  # fmt: skip


async def test_after_a_failure_it_is_not_asked_for_a_while() -> None:
    """It fails at once as it did last, and says when to come back; then one question tries."""
    time, endpoint = Time(), Scripted(AWAY)
    moderator = Pausing(endpoint, clock=time)
    for _ in range(3):
        with pytest.raises(ModerationUnavailable, match="it is away"):
            await moderator.judge("x")
        time.now += timedelta(seconds=3)
    assert endpoint.asked == 1

    with pytest.raises(ModerationUnavailable) as waits:
        await moderator.judge("x")
    assert waits.value.retry_after == 1
    time.now += timedelta(seconds=1)
    assert await moderator.judge("x") == PASSED
    assert await moderator.judge("x") == PASSED
    assert endpoint.asked == 3


@pytest.mark.parametrize(("told", "waits"), [(2.0, 10), (60.0, 60), (86_400.0, 600)])
async def test_retry_after_is_heeded_within_bounds(told: float, waits: int) -> None:
    """Ten seconds at least, ten minutes at most."""
    time, endpoint = Time(), Scripted(ModerationUnavailable("busy", retry_after=told))
    moderator = Pausing(endpoint, clock=time)
    for after in (0, waits - 1):
        with pytest.raises(ModerationUnavailable):
            await moderator.judge("x")
        time.now += timedelta(seconds=after)
    time.now += timedelta(seconds=1)

    assert await moderator.judge("x") == PASSED


async def test_a_refused_key_stays_one_through_a_pause() -> None:
    """Whoever is told that it waits is told why."""
    moderator = Pausing(Scripted(ModerationKeyRefused("no such key")), clock=Time())
    for _ in range(2):
        with pytest.raises(ModerationKeyRefused, match="no such key"):
            await moderator.judge("x")


async def test_an_outage_is_logged_once_and_without_the_text(caplog: pytest.LogCaptureFixture) -> None:
    """Not once for every story that waits."""
    time = Time()
    moderator = FailingOpen(Pausing(Scripted(AWAY, AWAY, PASSED, AWAY), clock=time))
    with caplog.at_level(logging.WARNING):
        for _ in range(4):
            await moderator.judge("a secret whale")
            time.now += timedelta(seconds=11)

    assert [record.getMessage() for record in caplog.records] == ["stories cannot be moderated: it is away"] * 2
    assert "whale" not in caplog.text
