"""Direct calls of models, whatever carries them: HTTP, a stream, a socket. Each is run once, and noted.

Places of the account are taken by whoever answers: a call holds one, a realtime session one for all its inputs.
"""

from collections.abc import Callable
from dataclasses import replace

from local.fal.clock import Clock
from local.fal.orders import Order
from local.fal.outcomes import Outcome
from local.fal.queue import Job, Priority, State
from local.fal.runner import Runner


class Calls:
    """Runs and notes; all methods belong to the event loop's thread."""

    def __init__(self, *, runner: Runner, clock: Clock, note: Callable[[Job], None]) -> None:
        """`note` is told of every call as it begins and as it ends."""
        self._runner = runner
        self._clock = clock
        self._note = note

    async def run(self, order: Order, *, request_id: str) -> Outcome:
        """How the one attempt ends."""
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
        outcome = await self._runner.run(order.work)
        self._note(replace(begun, state=State.COMPLETED, completed_at=self._clock.now(), outcome=outcome))
        return outcome
