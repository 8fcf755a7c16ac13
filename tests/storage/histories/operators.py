"""What those do who look after a deployment: limits, pauses, bills that nobody else can tell."""

from decimal import Decimal
from functools import partial
from typing import Literal, LiteralString
from uuid import UUID

from pipeline import retry
from pipeline.errors import GeneratorBusy
from pipeline.lifecycle import RenderEvent
from pipeline.outcome import on_over_cap
from pipeline.reasons import OVER_CAP
from tests.storage.histories.scene import Scene

Limit = Literal[
    "day_usd", "owner_day_usd", "story_usd", "total_usd", "owner_stories_per_hour", "owner_slots", "per_minute"
]
_NO_CAPS: LiteralString = (
    "update storyreel.limits set day_usd = null, owner_day_usd = null, story_usd = null, total_usd = null,"
    " owner_stories_per_hour = null"
)


class Operators(Scene):
    """A scene whose limits change."""

    def limit(self, limit: Limit | None, amount: int | None = None) -> None:
        """An operator sets one limit, in cents where it is money; without one, takes all of them away."""
        match limit:
            case None:
                self.owners(_NO_CAPS)
                self.owners("update storyreel.providers set owner_slots = null, per_minute = null")
            case "owner_slots":
                self.owners("update storyreel.providers set owner_slots = %s", amount)
            case "per_minute":
                self.owners("update storyreel.providers set per_minute = %s", amount)
            case "owner_stories_per_hour":
                self.owners("update storyreel.limits set owner_stories_per_hour = %s", amount)
            case "day_usd":
                self.owners("update storyreel.limits set day_usd = %s * 0.01", amount)
            case "owner_day_usd":
                self.owners("update storyreel.limits set owner_day_usd = %s * 0.01", amount)
            case "story_usd":
                self.owners("update storyreel.limits set story_usd = %s * 0.01", amount)
            case "total_usd":
                self.owners("update storyreel.limits set total_usd = %s * 0.01", amount)

    def give_up_over_cap(self) -> None:
        """What may never be paid for is not made."""
        for render, cap in sorted(self.ask(self.stores.renders.over_cap("fal")).items()):
            self.note(render, RenderEvent.WITHDRAWN)
            decide = partial(on_over_cap, reason=OVER_CAP[cap])
            self.do(self.stores.renders.conclude(render, decide, now=self.clock()))

    def pause(self) -> None:
        """The provider takes nothing at present."""
        wait = partial(retry.pause, jitter=0)
        self.do(self.stores.renders.pause("fal", wait, why=GeneratorBusy("busy"), now=self.clock()))

    def resume(self) -> None:
        """A person looked at it."""
        self.owners("select storyreel.resume('fal', %s)", self.clock())

    def settle_by_hand(self, render: UUID) -> None:
        """A person has looked at the provider's own list: it never got there."""
        reserved: LiteralString = (
            "select from storyreel.ledger l where l.render_id = %(id)s and l.kind = 'reserved' and not exists ("
            " select from storyreel.ledger o where o.render_id = l.render_id and o.kind <> 'reserved'"
            " and o.endpoint = l.endpoint)"
        )
        if self.owner.execute(reserved, {"id": render}).fetchall():
            self.do(self.stores.renders.settle(render, units=None, cost=Decimal(0), now=self.clock()))
