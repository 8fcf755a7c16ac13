"""How a deployment is, for people and as JSON. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from cli.wording.amounts import moment, money, span
from cli.wording.needs import Need, late_text, somebody_runs
from storage.money import ManyUnanswered
from storage.overview import Budget, Finding, Overview, ProviderSeen, VideosSeen

_WAITS = {
    "turn": "for their turn",
    "time": "to be tried again later",
    "owner": "for other renders of their owner",
    "day": "for today's budget",
    "owner_day": "for their owner's budget of today",
    "story": "to be given up, over the budget of a story",
    "total": "to be given up, over the budget of all",
}
_WORKS = {"idle": "ready"}
_FINDINGS = {
    "plan": "stories seen waiting to be planned",
    "admit": "renders seen waiting for their turn",
    "fetch": "clips seen waiting to be collected",
    "finish": "clips seen waiting to be made playable",
    "missed": "stories without a video",
    "unsettled_for_long": "costs never told, settled at the estimate",
    "admitted": "answers lost",
    "unknown": "renders given up after a lost answer",
    "failed": "failures begun again",
    "held": "held videos that go on",
    "unwanted": "renders cancelled that nobody waited for",
    "submitted": "silent renders asked about",
    "unsettled": "costs asked for",
    "unused_files": "unused files removed",
    "stalled_jobs": "jobs of dead workers",
}
"""What reconcile finds, by the words of `pipeline.reconcile`."""


def status_lines(seen: Overview, needs: Sequence[Need], *, now: datetime, emulated: str | None) -> list[str]:
    """What a person must do first, then everything in a few lines; `emulated`: the provider that is a stand-in."""
    head = {0: "All is well.", 1: "One thing is for you to do:"}.get(
        len(needs), f"{len(needs)} things are for you to do:"
    )
    parts = [
        *((p.name + (" (emulated)" if p.name == emulated else ""), _provider(p, now)) for p in seen.providers),
        ("budget", _budget(seen.budget)),
        ("videos", [_videos(seen.videos)]),
        ("workers", _workers(seen, now)),
        ("found", _findings(seen.findings, now)),
    ]
    width = max(len(name) for name, _ in parts)
    lines = [head, *_needs(needs), ""]
    for name, said in parts:
        lines += [
            f"{label:{width}}   {line}" for label, line in zip([name] + [""] * len(said), said, strict=False)
        ]
    return lines


def _needs(needs: Sequence[Need]) -> list[str]:
    return [
        line
        for number, need in enumerate(needs, start=1)
        for line in (f"  {number}. {need.what}", f"     {need.do}")
    ]


def _provider(provider: ProviderSeen, now: datetime) -> list[str]:
    flying = f"{provider.in_flight} of {provider.slots} renders in flight"
    flying += f", {provider.unanswered} of them unanswered" if provider.unanswered else ""
    bounds = [
        f"{provider.owner_slots} of one owner" if provider.owner_slots else "",
        f"{provider.per_minute} a minute" if provider.per_minute else "",
    ]
    most = " and ".join(bound for bound in bounds if bound)
    flying += f" (at most {most})" if most else ""
    waiting = sum(provider.waiting.values())
    if not waiting:
        return [f"{flying}; none waits", *_pause(provider, now)]
    why = ", ".join(f"{count:,} {_WAITS.get(reason, reason)}" for reason, count in provider.waiting.items())
    return [flying, f"{waiting:,} {'waits' if waiting == 1 else 'wait'}: {why}", *_pause(provider, now)]


def _pause(provider: ProviderSeen, now: datetime) -> list[str]:
    if provider.until_resumed:
        return ["paused until you resume it"]
    if provider.paused_until is None:
        return []
    when = (
        f"until {moment(provider.paused_until)}"
        if provider.paused_until > now
        else "until one render gets through"
    )
    return [f"paused {when}: {provider.pause_message}"]


def _budget(budget: Budget) -> list[str]:
    today, ever = budget.reserved + budget.spent_today, budget.reserved + budget.spent
    reserved = f"; {money(budget.reserved)} of both is reserved, not billed yet" if budget.reserved else ""
    spent = ["today's is spent: what waits goes on tomorrow (UTC)"] if budget.passed == "day" else []
    return [f"today {_of(today, budget.day_cap)}, ever {_of(ever, budget.total_cap)}{reserved}", *spent]


def _of(usd: Decimal, cap: Decimal | None) -> str:
    return f"{money(usd)} (no cap)" if cap is None else f"{money(usd)} of {money(cap)}"


def _videos(videos: Sequence[VideosSeen]) -> str:
    works: dict[str, list[VideosSeen]] = {}
    for found in videos:
        works.setdefault(found.work, []).append(found)
    parts = []
    for work, several in works.items():
        why = ", ".join(f"{found.videos:,} {found.reason}" for found in several if found.reason)
        count = sum(found.videos for found in several)
        parts.append(f"{count:,} {_WORKS.get(work, work)}" + (f" ({why})" if why else ""))
    return ", ".join(parts) or "none yet"


def _workers(seen: Overview, now: datetime) -> list[str]:
    run = {0: "none runs at this moment", 1: "1 runs"}.get(seen.workers, f"{seen.workers} run")
    looked = f"last began {span(now - seen.looked_at)} ago" if seen.looked_at else "has never run"
    late = [f"overdue: {late_text(seen.late, now=now)}"] if seen.late and somebody_runs(seen, now=now) else []
    return [f"{run}; reconcile {looked}", *late]


def _findings(findings: Sequence[Finding], now: datetime) -> list[str]:
    today = now.astimezone(UTC).date()
    lines = [
        f"{'today' if found.day == today else 'yesterday':9}  {found.found:>6,}  "
        f"{_FINDINGS.get(found.kind, found.kind)}, last at {found.last_at.astimezone(UTC):%H:%M} UTC"
        for found in findings
    ]
    return lines or ["nothing was found since yesterday"]


def status_json(
    seen: Overview, unanswered: ManyUnanswered, needs: Sequence[Need], *, emulated: str | None
) -> dict[str, object]:
    """The object that `--json` prints; amounts in US dollars, times in ISO 8601."""
    return {
        "needs": [{"what": need.what, "do": need.do} for need in needs],
        "providers": {p.name: _provider_json(p, emulated=p.name == emulated) for p in seen.providers},
        "budget": {
            "reserved_usd": float(seen.budget.reserved),
            "spent_usd": float(seen.budget.spent),
            "spent_today_usd": float(seen.budget.spent_today),
            "day_usd": None if seen.budget.day_cap is None else float(seen.budget.day_cap),
            "total_usd": None if seen.budget.total_cap is None else float(seen.budget.total_cap),
        },
        "videos": [{"work": v.work, "reason": v.reason, "videos": v.videos} for v in seen.videos],
        "found": [
            {"day": str(f.day), "kind": f.kind, "found": f.found, "last_at": f.last_at.isoformat()}
            for f in seen.findings
        ],
        "unanswered": unanswered.count,
        "overdue": {"what": seen.late.what, "since": seen.late.since.isoformat()} if seen.late else None,
        "workers": seen.workers,
        "looked_at": _iso(seen.looked_at),
    }


def _provider_json(provider: ProviderSeen, *, emulated: bool) -> Mapping[str, object]:
    paused = provider.pause_code is not None
    return {
        "emulated": emulated,
        "slots": provider.slots,
        "owner_slots": provider.owner_slots,
        "per_minute": provider.per_minute,
        "in_flight": provider.in_flight,
        "unanswered": provider.unanswered,
        "waiting": dict(provider.waiting),
        "paused": {
            "code": provider.pause_code,
            "message": provider.pause_message,
            "until": "infinity" if provider.until_resumed else _iso(provider.paused_until),
        }
        if paused
        else None,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
