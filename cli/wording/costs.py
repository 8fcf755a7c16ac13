"""What was spent, as tables and as JSON. Pure."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from cli.wording.amounts import moment, money, table
from pipeline.fal.catalog import is_known
from storage.money import Costs, ManyUnanswered, Spending

TABLES = {"day": "day (UTC)", "model": "model", "owner": "owner"}
_HEAD = ("renders", "estimated", "billed", "above estimate", "reserved")
_LINES = 30  # of one table
_EMULATED = ", all of it emulated (no money flowed)"
_NOBODY = {"model": "(not known any more)", "owner": "(no owner)"}


def costs_lines(costs: Costs, unanswered: ManyUnanswered, *, since: datetime, chosen: Sequence[str]) -> list[str]:
    """The tables that were chosen, what is not exact about them, and what waits for a person."""
    totals = costs.by["total"]
    lines = [f"Since {moment(since)}, in US dollars{_EMULATED if _only_emulated(totals) else ''}:"]
    for by in chosen if totals else ():
        lines += ["", *_table(by, costs)]
    lines += [] if totals else ["", "Nothing was billed or reserved."]
    lines += [
        "",
        f"Ever: {money(costs.all_spent)} billed, {money(costs.all_reserved)} reserved and not billed yet.",
    ]
    return [*lines, *_notes(costs), *_unanswered(unanswered)]


def _only_emulated(totals: Sequence[Spending]) -> bool:
    return bool(totals) and all(row.emulated for row in totals)


def _table(by: str, costs: Costs) -> list[str]:
    """Emulated money stands in lines of its own beside real money."""
    rows, totals = costs.by[by], costs.by["total"]
    mixed = len(totals) > 1
    shown = [_row((row.key or _NOBODY.get(by, "")) + _mark(row, mixed=mixed), row) for row in rows[:_LINES]]
    if rest := rows[_LINES:]:
        shown.append(_row(f"and {len(rest):,} more", *rest))
    shown += [_row("in all" + _mark(row, mixed=mixed), row) for row in totals]
    return table((TABLES[by], *_HEAD), shown)


def _mark(row: Spending, *, mixed: bool) -> str:
    return " (emulated)" if mixed and row.emulated else ""


def _row(key: str, *rows: Spending) -> tuple[str, ...]:
    renders = sum(row.renders for row in rows)
    estimated = sum((row.estimated for row in rows), Decimal(0))
    billed, overrun, reserved = (
        sum((getattr(row, column) for row in rows), Decimal(0)) for column in ("billed", "overrun", "reserved")
    )
    return (key, f"{renders:,}", *(f"{usd:,.4f}" for usd in (estimated, billed, overrun, reserved)))


def _notes(costs: Costs) -> list[str]:
    notes = []
    if len(costs.by["total"]) > 1:
        notes.append("Emulated money is reckoned as if it were real, and counts against the limits; none flowed.")
    if unpriced := reckoned(costs):
        notes.append(
            f"No price is published for {', '.join(unpriced)}: what they cost is reckoned, on the dear side."
        )
    if untold := sum((row.untold for row in costs.by["total"]), Decimal(0)):
        notes.append(
            f"For {money(untold)} of what was billed the provider told no figure: that is the estimate, or what a "
            "person said."
        )
    return notes


def reckoned(costs: Costs) -> list[str]:
    """Endpoints among them that have no published price, so that no figure of theirs is exact."""
    return sorted({row.key for row in costs.by["endpoint"] if row.key and not is_known(row.key)})


def _unanswered(unanswered: ManyUnanswered) -> list[str]:
    if not unanswered.count:
        return []
    rows = [
        (str(lost.id), lost.endpoint, moment(lost.since), f"{lost.reserved:.4f}") for lost in unanswered.oldest
    ]
    more = unanswered.count - len(rows)
    return [
        "",
        "The answers of these were lost, and only your bill at the provider tells what was billed. Until you say,",
        "money stays reserved: `storyreel settle RENDER_ID --nothing`, or `--usd AMOUNT`.",
        *table(("render", "endpoint", "sent", "reserved"), rows, left=3),
        *([f"and {more:,} more"] if more else []),
    ]


def costs_json(
    costs: Costs, unanswered: ManyUnanswered, *, since: datetime, chosen: Sequence[str]
) -> dict[str, object]:
    """The object that `--json` prints; amounts in US dollars."""
    return {
        "since": since.isoformat(),
        **{by: [_spending_json(row) for row in costs.by[by]] for by in (*chosen, "total")},
        "ever": {"billed_usd": float(costs.all_spent), "reserved_usd": float(costs.all_reserved)},
        "without_published_price": reckoned(costs),
        "unanswered": [
            {
                "render": str(lost.id),
                "provider": lost.provider,
                "endpoint": lost.endpoint,
                "since": lost.since.isoformat(),
                "reserved_usd": float(lost.reserved),
            }
            for lost in unanswered.oldest
        ],
    }


def _spending_json(row: Spending) -> dict[str, object]:
    return {
        "key": row.key,
        "emulated": row.emulated,
        "renders": row.renders,
        "estimated_usd": float(row.estimated),
        "billed_usd": float(row.billed),
        "overrun_usd": float(row.overrun),
        "untold_usd": float(row.untold),
        "reserved_usd": float(row.reserved),
    }


def settled_line(render_id: object, usd: Decimal, reserved: Decimal | None) -> str:
    """What became of a render's money."""
    cost = f"cost {money(usd)}" if usd else "cost nothing"
    held = f"; the {money(reserved)} that was reserved for it is free" if reserved is not None else ""
    return f"Render {render_id} {cost}{held}. Whatever comes of it now changes that no more."
