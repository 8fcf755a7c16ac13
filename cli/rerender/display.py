"""Shows how far a re-render is, on standard error: a bar on a terminal, else a line for every tenth of the way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.rerender.wording import standing
from cli.say import complain
from storage import rerenders

_LINES = 10  # of a re-render without a terminal


@dataclass(frozen=True)
class Display:
    """Where a re-render's progress and warnings go."""

    tell: Callable[[rerenders.Progress], None]
    warn: Callable[[str], None]


@contextmanager
def display(*, quiet: bool) -> Iterator[Display]:
    """A bar, lines, or with `quiet` nothing but warnings."""
    console = Console(stderr=True, highlight=False, markup=False)
    if quiet:
        yield Display(lambda _: None, complain)
    elif console.is_terminal:
        with _bar(console) as shown:
            yield shown
    else:
        yield Display(_Lines().tell, complain)


@contextmanager
def _bar(console: Console) -> Iterator[Display]:
    columns = (
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None)

        def tell(seen: rerenders.Progress) -> None:
            bar.update(task, total=seen.stories, completed=seen.stories - seen.open, description=standing(seen))

        yield Display(tell, bar.console.print)


class _Lines:
    """A line where a further tenth has ended, and at the beginning and the end."""

    def __init__(self) -> None:
        self._told = -1

    def tell(self, seen: rerenders.Progress) -> None:
        ended = seen.stories - seen.open
        tenth = ended * _LINES // max(seen.stories, 1)
        if tenth > self._told:
            self._told = tenth
            complain(f"{ended} of {seen.stories}: {standing(seen)}")
