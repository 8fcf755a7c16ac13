"""What a re-render would bring and cost, before anything is asked: the very takes that the planner would want.

Reads rows and writes none. What is reckoned holds for this moment: others may ask for the same clips meanwhile.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pipeline.errors import BadRequest, BadStory
from pipeline.model import PlannedShot, PlannedTake, RevisionToPlan
from pipeline.moderation.categories import require_allowed
from pipeline.orders import Orders
from pipeline.ports import Moderator, PromptWriter
from pipeline.prompts import check
from pipeline.reasons import sentence
from storage.choices import NextOrder, PostgresChoices, Standing, TakeSeen, Wish
from storage.rerenders import Failed

_BATCH = 500  # takes that one statement looks up
_NOBODY = UUID(int=0)  # a revision that is only reckoned with


class Way(StrEnum):
    """How a story's next revision would come about."""

    FREE = "free"  # its clip is there
    IN_FLIGHT = "in_flight"  # its clip is being made, or will be for another story of the same re-render
    PAID = "paid"
    REFUSED = "refused"  # it would be rejected, or fail as before
    GONE = "gone"  # the story was deleted


@dataclass(frozen=True)
class Bill:
    """So many clips of one model, in US dollars."""

    clips: int = 0
    usd: Decimal = Decimal(0)

    def plus(self, usd: Decimal) -> "Bill":
        """One more clip."""
        return Bill(self.clips + 1, self.usd + usd)


@dataclass(frozen=True)
class Forecast:
    """Stories by the way they would go, those that would be refused one by one, and the bills by model."""

    ways: Mapping[Way, int]
    refused: Sequence[Failed]
    bills: Mapping[str, Bill]

    @property
    def stories(self) -> int:
        """All that were chosen."""
        return sum(self.ways.values())

    @property
    def clips(self) -> int:
        """What would be paid for."""
        return sum(bill.clips for bill in self.bills.values())

    @property
    def usd(self) -> Decimal:
        """What that would probably cost."""
        return sum((bill.usd for bill in self.bills.values()), Decimal(0))


@dataclass(frozen=True)
class _Reckoned:
    """A story with the shots that the planner would make of it, or why it would make none."""

    source_id: str
    shots: Sequence[PlannedShot] = ()
    refusal: Failed | None = None


async def forecast(
    choices: PostgresChoices,
    moderator: Moderator,
    writer: PromptWriter,
    orders: Orders,
    wish: Wish,
    wanted: Sequence[NextOrder],
) -> Forecast:
    """Reckon with the takes as they stand. `moderator` must be one that asks nobody outside."""
    reckoned = [await _reckoned(moderator, writer, orders, wish, order) for order in wanted]
    keys = list({take.take_key for story in reckoned for shot in story.shots for take in _both(shot)})
    seen: dict[str, TakeSeen] = {}
    for start in range(0, len(keys), _BATCH):
        seen |= await choices.takes(keys[start : start + _BATCH])
    tally = _Tally(seen)
    for story in reckoned:
        tally.add(story)
    return Forecast(tally.ways, tally.refused, tally.bills)


async def _reckoned(
    moderator: Moderator, writer: PromptWriter, orders: Orders, wish: Wish, order: NextOrder
) -> _Reckoned:
    """As `pipeline.plan` does."""
    if order.story is None:
        return _Reckoned(order.source_id)
    revision = RevisionToPlan(
        id=_NOBODY,
        attempt=1,
        story=order.story,
        model=order.model,
        seed=order.seed,
        priority=0,
        given=order.parameters,
        preview=(order.first if wish.preview is None else wish.preview) and not order.shows_final,
    )
    try:
        require_allowed(await moderator.judge(check(order.story)))
        shots = [orders.shot(revision, prompt) for prompt in await writer.write(order.story)]
    except BadStory as bad:
        return _Reckoned(order.source_id, refusal=Failed(order.source_id, bad.reason, str(bad)))
    except BadRequest as refused:
        return _Reckoned(order.source_id, refusal=Failed(order.source_id, refused.code, str(refused)))
    return _Reckoned(order.source_id, shots)


def _both(shot: PlannedShot) -> Iterator[PlannedTake]:
    yield shot.final
    if shot.preview:
        yield shot.preview


@dataclass
class _Tally:
    """Counts story by story, in the order in which they would be asked: a clip is paid by the first."""

    seen: Mapping[str, TakeSeen]
    begun: set[str] = field(default_factory=set)
    ways: Counter[Way] = field(default_factory=Counter)
    refused: list[Failed] = field(default_factory=list)
    bills: dict[str, Bill] = field(default_factory=dict)

    def add(self, story: _Reckoned) -> None:
        refusal = story.refusal or next(self._refusals(story), None)
        if refusal:
            self.ways[Way.REFUSED] += 1
            self.refused.append(refusal)
            return
        standings = {self._want(take) for shot in story.shots for take in self._wanted(shot)}
        if Standing.TO_RENDER in standings:
            self.ways[Way.PAID] += 1
        elif Standing.IN_FLIGHT in standings:
            self.ways[Way.IN_FLIGHT] += 1
        else:
            self.ways[Way.FREE if story.shots else Way.GONE] += 1

    def _refusals(self, story: _Reckoned) -> Iterator[Failed]:
        for shot in story.shots:
            take = self.seen.get(shot.final.take_key)
            if take and take.standing is Standing.REFUSED:
                reason = take.reason or "refused"
                yield Failed(story.source_id, reason, sentence(reason, permanent=True))

    def _wanted(self, shot: PlannedShot) -> Iterator[PlannedTake]:
        """A preview is made only where its final is still to be rendered."""
        final = self.seen.get(shot.final.take_key)
        yield shot.final
        if shot.preview and (final is None or final.previewed):
            yield shot.preview

    def _want(self, take: PlannedTake) -> Standing:
        if take.take_key in self.begun:
            return Standing.IN_FLIGHT
        seen = self.seen.get(take.take_key)
        standing = seen.standing if seen else Standing.TO_RENDER
        if standing is Standing.TO_RENDER:
            self.begun.add(take.take_key)
            self.bills[take.model] = self.bills.get(take.model, Bill()).plus(take.estimate)
        return standing
