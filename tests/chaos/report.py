"""The table that a run ends with, for people and as JSON. Decides nothing but what is a zero that must be one."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich import box
from rich.table import Table

from tests.chaos.caps import caps_of
from tests.chaos.events import Event, recoveries
from tests.chaos.facts import Request
from tests.chaos.judgement import Cause, Judgement
from tests.chaos.run import Ending

_MEGABYTE = 1024 * 1024
_BUSY = 0.95
"""Of the clips: while the last few wait to be tried again, a pause before the next says nothing of recovery."""

_INJECTED: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "webhooks lost": lambda fate: fate["webhook_copies"] == 0,
    "webhooks doubled": lambda fate: fate["webhook_copies"] > 1,
    "webhooks late by minutes": lambda fate: fate["webhook_delay"] > 0,
    "submits accepted without an answer": lambda fate: fate["stall_answer"] or fate["drop_answer"],
    "clips damaged": lambda fate: fate["damage"] is not None,
    "failures of the model": lambda fate: fate["fail"] is not None,
    "polls refused": lambda fate: fate["refuse_poll"] is not None,
}


@dataclass(frozen=True)
class Report:
    """One run's figures, ready to be printed."""

    ending: Ending
    judgement: Judgement
    events: Sequence[Event]

    @property
    def failures(self) -> list[str]:
        """What a run must not have, a sentence each."""
        unfinished = [f"not finished: {self.ending.last}"] if self.ending.last.unfinished() else []
        died = ["the worker that nobody kills has died"] if self._survivors > self._begins else []
        return [*unfinished, *died, *self.judgement.defects]

    @property
    def _begins(self) -> int:
        return sum(event.what == "begin" for event in self.events)

    @property
    def _survivors(self) -> int:
        return len({event.who for event in self.events if event.what == "memory"})

    @property
    def seconds(self) -> float:
        """From the first story to the last clip."""
        facts = self.ending.facts
        return max(facts.ready_at[-1] - facts.first_story_at, 0.001) if facts.ready_at else 0.001

    def table(self) -> Table:
        """As a table of plain characters, readable in a log."""
        plan = self.ending.plan
        title = f"{plan.stories} stories, seed {plan.seed}, minutes of {60 * plan.patience:.1f} s"
        table = Table("What", "How many", title=title, box=box.ASCII, title_justify="left")
        for section in self._sections():
            for what, count in section.items():
                table.add_row(what, count)
            table.add_section()
        return table

    def as_json(self) -> dict[str, Any]:
        """The same rows, and what must not be there."""
        rows = {what: count for section in self._sections() for what, count in section.items()}
        plan = self.ending.plan
        return {"stories": plan.stories, "seed": plan.seed, "rows": rows, "failures": self.failures}

    def _sections(self) -> Iterator[Mapping[str, str]]:
        yield self._stories()
        yield self._submissions()
        yield self._money()
        yield self._recovery()
        yield self._course()
        yield self._injected()
        yield {f"reconcile found: {kind}": str(n) for kind, n in sorted(self.ending.facts.reconciled.items())}

    def _stories(self) -> Mapping[str, str]:
        found = self.judgement
        return {
            "ready": str(found.ready),
            **{f"fallback: {reason}": str(count) for reason, count in sorted(found.fallback.items())},
            **{f"rejected: {reason}": str(count) for reason, count in sorted(found.rejected.items())},
            "lost (must be 0)": str(len(found.lost)),
        }

    def _submissions(self) -> Mapping[str, str]:
        found, facts = self.judgement, self.ending.facts
        takes = sum(found.accepted.values())
        return {
            "submits accepted, per story": f"{len(facts.requests) / max(len(facts.videos), 1):.3f}",
            "submits accepted, per take": f"{len(facts.requests) / max(takes, 1):.3f}",
            **{f"takes accepted {often} times": str(n) for often, n in sorted(found.accepted.items())},
            **{f"accepted again after {cause}": str(found.again.get(cause, 0)) for cause in Cause},
        }

    def _money(self) -> Mapping[str, str]:
        found = self.judgement
        reservations = sum(line.kind == "reserved" for line in self.ending.facts.ledger)
        return {
            "takes paid twice": str(found.paid_twice),
            "paid results thrown away (must be 0)": str(len(found.thrown_away)),
            "paid results that nobody wanted any more": str(found.for_nobody),
            "paid results that no answer and no webhook told of": str(found.never_told),
            "reservations over a cap (must be 0)": f"{len(found.over_caps)} of {reservations}",
            **{f"cap: {cap.name}": f"${cap.dollars}" for cap in caps_of(self.events)},
            "bills never read (must be 0)": str(self.ending.facts.unread_bills),
            "reserved and spent in the end": f"${self.ending.facts.promised:.2f}",
        }

    def _recovery(self) -> Mapping[str, str]:
        killed = Counter(event.who.partition("-")[0] for event in self.events if event.what == "kill")
        ready_at = self.ending.facts.ready_at
        recovered = recoveries(self.events, ready_at[: round(len(ready_at) * _BUSY)])
        return {
            f"kills: {what}": str(count)
            + (f", next clip after {median(times):.1f} s, at most {max(times):.1f} s" if times else "")
            for what, count in sorted(killed.items())
            for times in [recovered.get(what, [])]
        }

    def _course(self) -> Mapping[str, str]:
        memory = [event for event in self.events if event.what == "memory"]
        start, middle, end = (_memory_at(memory, share) for share in (0.1, 0.5, 1.0))
        return {
            "seconds": f"{self.seconds:.0f}",
            "stories per second": f"{self.ending.plan.stories / self.seconds:.2f}",
            "memory of the worker that lives: start, middle, end": f"{start:.0f}, {middle:.0f}, {end:.0f} MB",
            "starts of the run, and of that worker (must be equal)": f"{self._begins}, {self._survivors}",
        }

    def _injected(self) -> Mapping[str, str]:
        facts = self.ending.facts
        return {
            "went wrong: submits refused with 5xx": str(facts.refused_submits),
            **{f"went wrong: {what}": str(_count(facts.requests, what)) for what in _INJECTED},
            "went wrong: calls of the bucket": f"{facts.bucket['wrong']} of {facts.bucket['calls']}",
        }


def _count(requests: Sequence[Request], what: str) -> int:
    return sum(_INJECTED[what](request.fate) for request in requests)


def _memory_at(memory: Sequence[Event], share: float) -> float:
    """Megabytes after that share of the run."""
    return memory[max(round(len(memory) * share) - 1, 0)].amount / _MEGABYTE if memory else 0.0
