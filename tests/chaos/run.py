"""One run: the world outside, our side, an app that tells stories, and somebody who kills processes meanwhile.

Ends by itself: when nothing is left to be done, or when its time is up. Killed, it goes on where it was when it is
started on the same folder.
"""

import asyncio
import contextlib
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from local.sockets import PortTakenError, listen
from tests.chaos.app import App, Owner
from tests.chaos.clips import make_clips
from tests.chaos.events import Events
from tests.chaos.facts import Facts, read_facts
from tests.chaos.money import Money
from tests.chaos.ours import SURVIVOR, VICTIMS, Ours, open_ours
from tests.chaos.outside import Outside, open_outside
from tests.chaos.scenario import acts, kills

TICK = 0.5  # seconds; each is a minute of ours
_AT_ONCE = 200  # stories under way at which the app waits
_RESTARTS = (0.35, 0.7)  # shares of the stories that have ended when Postgres is restarted
_FEWEST_CLIPS, _STORIES_PER_CLIP = 12, 25
_TELL_EVERY = 20  # ticks
_OUTSIDE_SECONDS = 24 * 3600
_LET_GO_SECONDS = 60
_STRAGGLING = (
    240.0  # seconds of the provider's: all late webhooks and five repetitions, and a clock we still trust
)
_STRAGGLERS = 6  # ticks that they may take

_LOOK = """
select storyreel.hint('reconcile'),
  (select count(*) from storyreel.videos where work not in ('working', 'held')) as ended,
  (select count(*) from storyreel.videos where work in ('working', 'held')) as working,
  (select count(*) from storyreel.videos where work = 'held') as held,
  (select count(*) from storyreel.revisions where planned_at is null) as unplanned,
  (select count(*) from storyreel.renders
     where status in ('waiting', 'admitted', 'submitted', 'unknown')) as renders,
  (select count(*) from storyreel.takes t where t.status in ('fetching', 'finishing')
     or t.status = 'rendering' and storyreel.is_wanted(t.id)) as takes
"""


@dataclass(frozen=True)
class Plan:
    """What a folder's run is. It never changes; `patience` is what makes minutes short (`pipeline.timing`)."""

    stories: int
    seed: int
    patience: float
    secret: str
    functions_port: int


@dataclass(frozen=True)
class Look:
    """How much has ended, and what has not; `held` are some of `working`."""

    ended: int
    working: int
    held: int
    unplanned: int
    renders: int
    takes: int

    def unfinished(self) -> int:
        return self.working + self.unplanned + self.renders + self.takes


@dataclass(frozen=True)
class Ending:
    """How a run ended. `last`: what was left when its time was up, nothing where it finished."""

    plan: Plan
    facts: Facts
    last: Look


def make_plan(folder: Path, *, stories: int, seed: int, patience: float) -> Plan:
    """The plan of the folder's run; what an earlier start has planned stays. Raises `ValueError` if it differs."""
    file = folder / "plan.json"
    if file.exists():
        plan = Plan(**json.loads(file.read_text()))
        if (plan.stories, plan.seed, plan.patience) != (stories, seed, patience):
            raise ValueError(f"the run in {folder} is another: {plan.stories} stories from seed {plan.seed}")
        return plan
    for name in ("logs", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with listen(0, exact=True) as free:
        port = free.getsockname()[1]
    plan = Plan(stories, seed, patience, f"sb_secret_{secrets.token_urlsafe(24)}", port)
    file.write_text(json.dumps(asdict(plan)))
    return plan


async def run(folder: Path, plan: Plan, *, seconds: float, tell: Callable[[str], None]) -> Ending:
    """Run it, for so many seconds at most. The world outside ends with it, unless it is killed or cancelled."""
    deadline = time.monotonic() + seconds
    events = Events(folder / "events.jsonl")
    await asyncio.to_thread(
        make_clips, folder / "clips", count=max(_FEWEST_CLIPS, plan.stories // _STORIES_PER_CLIP)
    )
    outside = open_outside(
        folder,
        stories=plan.stories,
        seed=plan.seed,
        patience=plan.patience,
        secret=plan.secret,
        seconds=_OUTSIDE_SECONDS,
    )
    with await _listen(plan.functions_port) as gateway:
        async with _course(folder, plan, outside, gateway) as (ours, course):
            events.note("begin", "run")
            async with _killing(ours, plan.seed, events):
                await course.finish(deadline, events, tell)
            await outside.hurry(_STRAGGLING)
            last = await course.finish(deadline, events, tell, at_least=_STRAGGLERS)
            events.note("end", "run")
            facts = await read_facts(folder, Owner(ours.owner_url), outside)
    await asyncio.to_thread(outside.end)
    return Ending(plan, facts, last)


async def _listen(port: int) -> socket.socket:
    """The address that the provider knows; processes of a run that was killed let go of it within their grace."""
    async with asyncio.timeout(_LET_GO_SECONDS):
        while True:
            try:
                return listen(port, exact=True)
            except PortTakenError:
                await asyncio.sleep(0.1)


class _Course:
    """The app's side of a run, tick by tick."""

    def __init__(self, plan: Plan, ours: Ours) -> None:
        self._plan = plan
        self._ours = ours
        self._owner = Owner(ours.owner_url)
        self._app = App(self._owner, acts(plan.stories, plan.seed), plan.seed)

    async def finish(
        self, deadline: float, events: Events, tell: Callable[[str], None], *, at_least: int = 0
    ) -> Look:
        """Tick until nothing is left, `at_least` so often, or until the deadline, and say what is left."""
        tick, telling = 0, True
        look = await self._look()
        money = Money(self._owner, events)
        restarts = [share for share in _RESTARTS if look.ended < share * self._plan.stories]
        while (telling or look.unfinished() or tick < at_least) and time.monotonic() < deadline:
            if look.working < _AT_ONCE:
                telling = await self._app.go_on()
            look = await self._look()
            self._note_memory(events)
            await money.look(ended=look.ended / self._plan.stories, only_held=look.working == look.held > 0)
            if restarts and look.ended >= restarts[0] * self._plan.stories:
                restarts.pop(0)
                await self._ours.kill_postgres()
                events.note("kill", "postgres")
                await self._ours.start_postgres()
            if tick % _TELL_EVERY == 0:
                tell(f"{look.ended} ended, {look.working} under way, {look.renders} renders awaited")
            tick += 1
            await asyncio.sleep(TICK)
        return look

    async def _look(self) -> Look:
        [row] = await self._owner.ask(_LOOK)
        return Look(**{name: count for name, count in row.items() if name != "hint"})

    def _note_memory(self, events: Events) -> None:
        if (survivor := self._ours.survivor()) is not None:
            pid, resident = survivor
            events.note("memory", f"{SURVIVOR} {pid}", resident)


@asynccontextmanager
async def _course(
    folder: Path, plan: Plan, outside: Outside, gateway: socket.socket
) -> AsyncIterator[tuple[Ours, _Course]]:
    async with open_ours(folder, outside, gateway, secret=plan.secret, patience=plan.patience) as ours:
        yield ours, _Course(plan, ours)


@asynccontextmanager
async def _killing(ours: Ours, seed: int, events: Events) -> AsyncIterator[None]:
    """Within the block, some process of ours is killed every few seconds."""

    async def kill() -> None:
        killed = sum(event.what == "kill" for event in events.read())  # by a run before this one
        for pause, victim in islice(kills(VICTIMS, seed), killed, None):
            await asyncio.sleep(pause)
            if ours.kill(victim):
                events.note("kill", victim)

    killing = asyncio.create_task(kill())
    try:
        yield
    finally:
        killing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await killing
