"""Moderators of several kinds, and what is made of them together. Does no I/O of its own.

Each does one thing: the rules judge, the others say in what order moderators are asked, and what it means that one
does not answer. `functions.services` puts together what a deployment wants.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline.errors import ModerationError
from pipeline.model import Judgement, Opinion
from pipeline.moderation.rules import category_of
from pipeline.ports import Moderator

_PAUSE = timedelta(seconds=10)  # at least, after a question without an answer
_LONGEST_PAUSE = timedelta(minutes=10)  # at most, whatever Retry-After says

_log = logging.getLogger(__name__)


class OfflineRules:
    """The `Moderator` that asks nobody. It never fails."""

    async def judge(self, text: str) -> Judgement:
        """By the words of the text alone."""
        category = category_of(text)
        return Judgement(Opinion.PASSED if category is None else Opinion.REJECTED, by="rules", category=category)


class Nobody:
    """The `Moderator` of a deployment that wants none."""

    async def judge(self, text: str) -> Judgement:  # noqa: ARG002 - it looks at nothing
        """Leaves the text unchecked."""
        return Judgement(Opinion.UNCHECKED)


class InTurn:
    """Two moderators, of which the second hears of nothing that the first rejects."""

    def __init__(self, first: Moderator, then: Moderator) -> None:
        self._first, self._then = first, then

    async def judge(self, text: str) -> Judgement:
        """The first rejection, or what the second said."""
        judgement = await self._first.judge(text)
        return judgement if judgement.category is not None else await self._then.judge(text)


class FailingOpen:
    """A moderator without whom it goes on: what it could not be asked about is unchecked."""

    def __init__(self, moderator: Moderator) -> None:
        self._moderator = moderator

    async def judge(self, text: str) -> Judgement:
        """As the moderator does, but never fails."""
        try:
            return await self._moderator.judge(text)
        except ModerationError:
            return Judgement(Opinion.UNCHECKED)


class Pausing:
    """A moderator that is not asked again for a while after it did not answer.

    Otherwise every story that waits would wait for a time-out of its own, one after the other.
    """

    def __init__(self, moderator: Moderator, *, clock: Callable[[], datetime]) -> None:
        self._moderator, self._clock = moderator, clock
        self._why: ModerationError | None = None
        self._until: datetime | None = None

    async def judge(self, text: str) -> Judgement:
        """As the moderator does; while it pauses, fails as it did last."""
        if self._why and self._until and (left := self._until - self._clock()) > timedelta():
            raise type(self._why)(str(self._why), retry_after=left.total_seconds())
        try:
            judgement = await self._moderator.judge(text)
        except ModerationError as error:
            self._begin_pause(error)
            raise
        self._why = self._until = None
        return judgement

    def _begin_pause(self, error: ModerationError) -> None:
        told = timedelta(seconds=error.retry_after or 0.0)
        pause = min(max(_PAUSE, told), _LONGEST_PAUSE)
        if self._why is None:
            _log.warning("stories cannot be moderated: %s", error)
        self._why, self._until = error, self._clock() + pause
