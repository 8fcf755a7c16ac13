"""Somebody who sets caps on money while a run is on, each where it is about to be met."""

from decimal import Decimal

from tests.chaos.app import Owner
from tests.chaos.events import Events

_STORY = Decimal("0.65")  # three clips without a published price, each reserved at $0.20
_DAY_FROM, _DAY_UNTIL = 0.3, 0.5  # shares of the stories that have ended
_TOTAL_FROM = 0.97
_PROMISED = "select reserved_usd + spent_usd as dollars from storyreel.accounts where scope = 'all'"


class Money:
    """A story's cap holds always, the day's for a while in the middle, that of the total from near the end on."""

    def __init__(self, owner: Owner, events: Events) -> None:
        self._owner = owner
        self._events = events
        # A run before this one may have come further.
        self._done = {f"{event.what} {event.who}" for event in events.read() if event.what in {"cap", "lift"}}

    async def look(self, *, ended: float, only_held: bool) -> None:
        """Do what is due. `ended`: the share of the stories; `only_held`: all that is left waits for money."""
        if "cap story" not in self._done:
            await self._owner.ask("update storyreel.limits set story_usd = %s", _STORY)
            self._note("cap", "story", _STORY)
        if ended >= _DAY_FROM and "cap day" not in self._done:
            now = await self._promised()
            await self._owner.ask("update storyreel.limits set day_usd = %s", now)
            self._note("cap", "day", now)
        elif "cap day" in self._done and "lift day" not in self._done and (ended >= _DAY_UNTIL or only_held):
            self._note("lift", "day", Decimal(0))  # before it is done: what is reserved from now on is none of its
            await self._owner.ask("update storyreel.limits set day_usd = null")
        if ended >= _TOTAL_FROM and "cap total" not in self._done:
            now = await self._promised()  # there is room again as bills come, below what was reserved for them
            await self._owner.ask("update storyreel.limits set total_usd = %s", now)
            self._note("cap", "total", now)

    async def _promised(self) -> Decimal:
        [row] = await self._owner.ask(_PROMISED)
        return round(Decimal(row["dollars"]), 2)

    def _note(self, what: str, cap: str, dollars: Decimal) -> None:
        self._events.note(what, cap, float(dollars))
        self._done.add(f"{what} {cap}")
