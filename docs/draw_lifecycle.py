# ruff: noqa: INP001 - a script of the repository's, run from its root, and no part of the application
"""Draws docs/lifecycle.md from the tables in pipeline/lifecycle.py; `make docs` runs it.

The sentences that explain a status stand here and nowhere else; a status without one fails the drawing. Decides
nothing: what follows what is read from the tables.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.lifecycle import RENDER, TAKE, WORK, RenderStatus, TakeStatus, Work

_OPENING = """\
# Lifecycles

Generated from `pipeline/lifecycle.py` by `make docs`; do not edit. An arrow is a status and an event that leads
on. News that a status has already absorbed changes nothing and is listed under *ignores*. Any other pair is
impossible and an error.
"""

_TAKES: Mapping[TakeStatus, str] = {
    TakeStatus.RENDERING: "A render of it waits, runs or is to be made.",
    TakeStatus.FETCHING: "The provider has the clip; it is being brought into our bucket.",
    TakeStatus.FINISHING: "The original is in our bucket; its renditions are being made.",
    TakeStatus.READY: "Every rendition is stored, and every subscribed video shows them.",
    TakeStatus.FAILED: "No try is left; subscribed videos keep what they show. It may come back by itself later.",
    TakeStatus.REMOVED: "Nobody had referred to it for long, and its files were removed; it is rendered anew.",
}
_RENDERS: Mapping[RenderStatus, str] = {
    RenderStatus.WAITING: "It waits for a slot, or for the time of its next try.",
    RenderStatus.ADMITTED: "Slot and money are reserved and the intent is on record; the POST may be under way.",
    RenderStatus.SUBMITTED: "The provider has it, and we know its request id.",
    RenderStatus.UNKNOWN: "The answer to the POST was lost: it may be running, and paid.",
    RenderStatus.DELIVERED: "It brought a clip.",
    RenderStatus.FAILED: "The provider said no for good, forgot it, or never came to an end with it.",
    RenderStatus.LOST: "It was unknown, and silent until it could not be running any more.",
    RenderStatus.CANCELLED: "Nobody wants it any more, or another render was first.",
}
_WORK: Mapping[Work, str] = {
    Work.WORKING: "A clip is being made.",
    Work.HELD: "It waits for room in a budget or a quota, or for a moderator who cannot be asked at present.",
    Work.IDLE: "Nothing is to be done: the newest revision is shown.",
    Work.FALLBACK: "Every try failed; what was showing stays.",
    Work.REJECTED: "The story cannot become a video, or what it is about is not allowed; what was showing stays.",
    Work.CANCELLED: "It was withdrawn; what was showing stays.",
}


@dataclass(frozen=True)
class _Machine:
    """One table under its heading, a sentence for each status, and the status in which each life begins."""

    heading: str
    about: str
    table: Mapping[str, Mapping[str, str | None]]
    meaning: Mapping[str, str]
    start: str


def _machines() -> tuple[_Machine, ...]:
    return (
        _Machine(
            "Takes",
            "A take is one paid clip, shared by every shot that asks for the same one.",
            {status: dict(row.items()) for status, row in TAKE.items()},
            dict(_TAKES.items()),
            TakeStatus.RENDERING,
        ),
        _Machine(
            "Renders",
            "A render is one try at a take with one provider.",
            {status: dict(row.items()) for status, row in RENDER.items()},
            dict(_RENDERS.items()),
            RenderStatus.WAITING,
        ),
        _Machine(
            "A video's work",
            "What is being done for a video, apart from what it shows, which only moves up.",
            {work: dict(row.items()) for work, row in WORK.items()},
            dict(_WORK.items()),
            Work.WORKING,
        ),
    )


def page() -> str:
    """The whole document. Raises KeyError for a status that has no sentence."""
    return "\n".join([_OPENING, *(line for machine in _machines() for line in _section(machine))])


def _section(machine: _Machine) -> Iterator[str]:
    yield from (f"## {machine.heading}", "", machine.about, "", "```mermaid", "stateDiagram-v2")
    yield f"    [*] --> {machine.start}"
    for status, row in machine.table.items():
        yield from (f"    {status} --> {to}: {event}" for event, to in row.items() if to is not None)
    yield from ("```", "", "| status | what it means | ignores |", "|---|---|---|")
    for status, row in machine.table.items():
        ignored = ", ".join(f"`{event}`" for event, to in row.items() if to is None)
        yield f"| `{status}` | {machine.meaning[status]} | {ignored} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
