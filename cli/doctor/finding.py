"""One thing that was looked at, and how findings are printed. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    """`NOTE`: right for some deployments and wrong for others; the reader knows which."""

    OK = "ok"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """`part`: what was looked at; `do`: what to do about it, a command to be pasted or a sentence."""

    part: str
    state: State
    says: str
    do: str | None = None


def ok(part: str, says: str) -> Finding:
    """As it should be."""
    return Finding(part, State.OK, says)


def note(part: str, says: str, do: str | None = None) -> Finding:
    """As it may be."""
    return Finding(part, State.NOTE, says, do)


def bad(part: str, says: str, do: str | None = None) -> Finding:
    """A deployment cannot work, or not fully, as it is."""
    return Finding(part, State.BAD, says, do)


_SIGN = {State.OK: "ok", State.NOTE: "note", State.BAD: "BAD"}


def lines(findings: Sequence[Finding]) -> Iterable[str]:
    """A line for each, with what to do below it, and the verdict at the end."""
    width = max((len(finding.part) for finding in findings), default=0)
    for finding in findings:
        yield f"{_SIGN[finding.state]:<4}  {finding.part:<{width}}  {finding.says}"
        if finding.do:
            yield f"{'':<4}  {'':<{width}}  -> {finding.do}"
    wrong = sum(finding.state is State.BAD for finding in findings)
    yield ""
    yield "all is well" if not wrong else f"{wrong} to see to"


def as_json(findings: Sequence[Finding]) -> list[dict[str, str | None]]:
    """The same for programs."""
    return [asdict(finding) for finding in findings]
