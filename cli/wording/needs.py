"""What a person must do about a deployment, from one look at it. Pure.

What comes right by itself is not among it: a provider that is busy, a day's budget that is spent, a worker that is
between two runs.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.wording.amounts import moment, span
from pipeline.errors import GeneratorKeyRefused, ModerationKeyRefused
from storage.money import ManyUnanswered
from storage.overview import NO_WORKER, Budget, Late, Overview, ProviderSeen

_BETWEEN = timedelta(minutes=5)  # two calls of run-jobs, each of which may take its time
_LATE = {
    "plan": "a story has waited to be planned",
    "admit": "a render has waited to be sent, though there is room for it",
    "fetch": "a clip has waited to be collected",
    "finish": "a clip has waited to be made playable",
    "admitted": "a render that was being sent has not been heard of",
    "submitted": "a render at the provider has not been asked about",
    "unknown": "a render whose answer was lost has not been given up",
}


@dataclass(frozen=True)
class Need:
    """What is the matter, and what to do about it: a command to be pasted, or a few words."""

    what: str
    do: str


def needs(seen: Overview, unanswered: ManyUnanswered, *, now: datetime) -> list[Need]:
    """One for each thing, the gravest first; nothing where all goes by itself."""
    found = [
        _standstill(seen, now),
        *map(_paused, seen.providers),
        _unjudged(seen.postponed),
        _spent(seen.budget),
        _unanswered(unanswered),
    ]
    return [need for need in found if need]


def _standstill(seen: Overview, now: datetime) -> Need | None:
    if seen.late is None or somebody_runs(seen, now=now):
        return None
    what, _, do = NO_WORKER.partition(": ")
    return Need(f"Nothing moves: {late_text(seen.late, now=now)}, and {what}.", do)


def _paused(provider: ProviderSeen) -> Need | None:
    if provider.until_resumed:
        return Need(
            f"Nothing is begun at {provider.name}: {provider.pause_message}.",
            f"storyreel resume {shlex.quote(provider.name)}     (once you know why)",
        )
    if provider.pause_code != GeneratorKeyRefused.code:
        return None
    tried = f"at {moment(provider.paused_until)}" if provider.paused_until else "soon"
    return Need(
        f"{provider.name} refuses the workers' key, so that nothing is begun there.",
        f"{provider.pause_message}. One render tries it again {tried}.",
    )


def _unjudged(postponed: Mapping[str, int]) -> Need | None:
    """Nothing for a person to do while the endpoint is merely away: what waits goes on by itself."""
    stories = postponed.get(ModerationKeyRefused.code, 0)
    if not stories:
        return None
    wait = "1 story waits" if stories == 1 else f"{stories:,} stories wait"
    return Need(
        f"The moderation endpoint refuses the workers' key: {wait} to be checked.",
        "Set STORYREEL_MODERATION_KEY to a key that it accepts, and start the workers anew.",
    )


def _spent(budget: Budget) -> Need | None:
    if budget.passed != "total":
        return None
    return Need(
        "The budget of all is spent: new stories keep their placeholders.", "storyreel limits set total=AMOUNT"
    )


def _unanswered(unanswered: ManyUnanswered) -> Need | None:
    if not unanswered.count:
        return None
    oldest = unanswered.oldest[0]
    one = unanswered.count == 1
    whose = "The answer of a render was" if one else f"The answers of {unanswered.count:,} renders were"
    return Need(
        f"{whose} lost. Money stays reserved until you have looked at your bill at {oldest.provider} and say:",
        f"storyreel settle {oldest.id} --nothing     (or --usd {oldest.reserved.normalize():f}"
        + (")" if one else "; `storyreel costs` lists the others)"),
    )


def somebody_runs(seen: Overview, *, now: datetime) -> bool:
    """Whether anybody runs the steps: a worker, or a scheduler that calls run-jobs each minute."""
    return bool(seen.workers) or (seen.looked_at is not None and now - seen.looked_at < _BETWEEN)


def late_text(late: Late, *, now: datetime) -> str:
    """What is overdue, and for how long."""
    return f"{_LATE.get(late.what, late.what)} for {span(now - late.since)}"
