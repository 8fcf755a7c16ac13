"""Direct calls of models, whatever carries them: HTTP, a stream, a socket. Each is run once, and noted.

A call holds one of the account's places while it runs, a realtime session one for all its inputs. A caller that
hangs up ends its run: nobody is there to hear of it.
"""

from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from local.fal import replies
from local.fal.account import Account
from local.fal.clock import Clock
from local.fal.dispatcher import Dispatcher
from local.fal.orders import Order, Orders
from local.fal.outcomes import Outcome
from local.fal.queue import Job, Priority, State
from local.fal.race import unless
from local.fal.runner import Runner, interrupted

Gone = Callable[[], Coroutine[Any, Any, object]]
"""Returns once the caller has hung up."""


class Calls:
    """Takes, runs and notes; all methods belong to the event loop's thread."""

    def __init__(
        self,
        *,
        account: Account,
        orders: Orders,
        dispatcher: Dispatcher,
        runner: Runner,
        clock: Clock,
        note: Callable[[Job], None],
    ) -> None:
        """`note` is told of every call as it begins and as it ends."""
        self._account = account
        self._orders = orders
        self._dispatcher = dispatcher
        self._runner = runner
        self._clock = clock
        self._note = note

    def knows(self, endpoint: str) -> bool:
        """Whether there is such a model."""
        return self._orders.knows(endpoint)

    def take(self, endpoint: str, *, headers: Mapping[str, str], body: bytes, address: str) -> Order | Outcome:
        """The order, or what the caller is told instead; a socket may be older than the account's lock."""
        if self._account.locked:
            return replies.LOCKED
        return self._orders.take(endpoint, headers=headers, body=body, address=address)

    def place(self) -> AbstractContextManager[bool]:
        """One of the account's places, for as long as the context lasts; False where all are taken."""
        return self._dispatcher.place()

    async def in_a_place(self, order: Order, *, request_id: str, gone: Gone) -> Outcome:
        """How the one attempt ends; at once where all places are taken."""
        with self.place() as free:
            if not free:
                return replies.TOO_MANY_AT_ONCE
            return await self.run(order, request_id=request_id, gone=gone)

    async def run(self, order: Order, *, request_id: str, gone: Gone) -> Outcome:
        """How the one attempt ends, in a place that the caller holds."""
        now = self._clock.now()
        begun = Job(
            request_id=request_id,
            gateway_request_id=request_id,
            number=order.number,
            work=order.work,
            base_url="",
            webhook_url=None,
            priority=Priority.NORMAL,
            start_by=None,
            may_retry=False,
            submitted_at=now,
            state=State.IN_PROGRESS,
            attempts=1,
            started_at=now,
            direct=True,
        )
        self._note(begun)
        outcome = await unless(self._runner.run(order.work), gone()) or interrupted("client_disconnected")
        self._note(replace(begun, state=State.COMPLETED, completed_at=self._clock.now(), outcome=outcome))
        return outcome
