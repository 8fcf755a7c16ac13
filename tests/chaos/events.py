"""What was done to a run while it was on, written down at once: a run that is killed forgets nothing of it."""

import json
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Event:
    """`what`: kill, memory, cap, lift, begin, end. `who`: a process, a cap. `amount`: bytes, dollars."""

    at: float
    what: str
    who: str
    amount: float = 0


class Events:
    """A file of them, a line each."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def note(self, what: str, who: str, amount: float = 0) -> None:
        """Write down what has just happened."""
        with self._file.open("a") as file:
            file.write(json.dumps(asdict(Event(time.time(), what, who, amount))) + "\n")

    def read(self) -> list[Event]:
        """All of them, oldest first; the last may be half written where a run was killed."""
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [Event(**json.loads(line)) for line in lines if line.endswith("}")]


def recoveries(events: Sequence[Event], ready_at: Sequence[float]) -> Mapping[str, Sequence[float]]:
    """Seconds from each kill until the next take became ready, by what was killed: worker, functions, postgres.

    `ready_at` is sorted. A kill after which nothing was left to do counts nowhere.
    """
    found: defaultdict[str, list[float]] = defaultdict(list)
    for event in events:
        following = bisect_right(ready_at, event.at)
        if event.what == "kill" and following < len(ready_at):
            found[event.who.partition("-")[0]].append(ready_at[following] - event.at)
    return found
