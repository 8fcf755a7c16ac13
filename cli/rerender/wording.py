"""What `storyreel rerender` says, in sentences and as JSON. Pure."""

import shlex
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal

from cli.rerender.forecast import Forecast, Way
from storage.choices import Undone, Wish
from storage.rerenders import Failed, Progress, Rerender

_SHOWN = 10  # stories that are named one by one before anything is asked

_REMADE = "its files are made anew from the original that is kept"
_SHOWN_AT_ONCE = "its clip is there already"


def dollars(usd: Decimal) -> str:
    """An amount as it is shown everywhere."""
    return f"${usd:.4f}"


def counted(count: int, thing: str = "video") -> str:
    """`1 video`, `2 videos`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def forecast_lines(found: Forecast, table: str, wish: Wish, *, emulated: bool) -> list[str]:
    """The groups with their counts, and what they would cost."""
    free = _REMADE if wish.kind == "rerender" else _SHOWN_AT_ONCE
    sentences = {
        Way.FREE: f"free: {free}",
        Way.IN_FLIGHT: "free: the clip is being made already, or will be for another of these",
        Way.PAID: f"paid: {_bills(found)}",
        Way.REFUSED: "would be refused",
        Way.GONE: "left out: the story was deleted",
    }
    if not found.stories:
        return [f"No video of {table} was chosen."]
    lines = [f"{counted(found.stories)} of {table}"]
    lines += [f"  {found.ways[way]:>6}  {sentences[way]}" for way in Way if found.ways.get(way)]
    lines += [f"          {line}" for line in failed_lines(found.refused[:_SHOWN])]
    if len(found.refused) > _SHOWN:
        lines.append(f"          and {len(found.refused) - _SHOWN} more")
    if not found.clips:
        return [*lines, "This costs nothing."]
    return [*lines, f"About {dollars(found.usd)} in all{_emulated(emulated)}."]


def _bills(found: Forecast) -> str:
    return ", ".join(
        f"{bill.clips} of {model} for about {dollars(bill.usd)}" for model, bill in sorted(found.bills.items())
    )


def _emulated(emulated: bool) -> str:
    return " (emulated: nothing is charged)" if emulated else ""


def forecast_json(found: Forecast, table: str, wish: Wish, *, emulated: bool) -> dict[str, object]:
    """The object that `--dry-run --json` prints; amounts in US dollars."""
    return {
        "dry_run": True,
        "table": table,
        "kind": wish.kind,
        "videos": found.stories,
        **{str(way): found.ways.get(way, 0) for way in Way if way is not Way.REFUSED},
        "refused": failed_json(found.refused),
        "models": {
            model: {"clips": bill.clips, "estimate_usd": float(bill.usd)} for model, bill in found.bills.items()
        },
        "estimate_usd": float(found.usd),
        "emulated": emulated,
    }


def standing(seen: Progress) -> str:
    """How far it is, beside the count of those that have ended."""
    parts = [
        f"{seen.free + seen.paid} done" + (f" ({seen.free} free)" if seen.free else ""),
        f"{seen.failed} failed" if seen.failed else "",
        f"{seen.gone} gone" if seen.gone else "",
        f"{seen.overtaken} overtaken" if seen.overtaken else "",
        f"{dollars(seen.cost_usd)} so far",
    ]
    return ", ".join(part for part in parts if part)


def result_lines(rerender: Rerender, seen: Progress, failures: Sequence[Failed], *, emulated: bool) -> list[str]:
    """How it went, with the list of what failed."""
    head = f"Re-render {rerender.id}: {seen.free + seen.paid} of {counted(seen.stories)} done"
    groups = {"paid": seen.paid, "free": seen.free}
    done = ", ".join(f"{count} {word}" for word, count in groups.items() if count)
    head += f" ({done})" if done else ""
    head += f", {seen.failed} failed" if seen.failed else ""
    head += f", {seen.gone} deleted meanwhile" if seen.gone else ""
    head += f", {seen.overtaken} overtaken by a later revision" if seen.overtaken else ""
    cost = f"; cost {dollars(seen.cost_usd)}{_charged(seen, emulated=emulated)}."
    return [head + cost, *(f"  {line}" for line in failed_lines(failures))]


def _charged(seen: Progress, *, emulated: bool) -> str:
    if seen.cost_usd and emulated:
        return " (emulated: nothing was charged)"
    return ", some of it still an estimate" if seen.unsettled else ""


def result_json(
    rerender: Rerender, seen: Progress, failures: Sequence[Failed], *, emulated: bool
) -> dict[str, object]:
    """The object that `--json` prints at the end; amounts in US dollars."""
    return {
        "dry_run": False,
        "rerender": rerender.id,
        "table": rerender.source_table,
        "kind": rerender.kind,
        **_counts(seen),
        "failed": failed_json(failures),
        "estimate_usd": float(rerender.estimate_usd),
        "cost_usd": float(seen.cost_usd),
        "emulated": emulated,
    }


def nothing_json(table: str, wish: Wish, *, emulated: bool) -> dict[str, object]:
    """The same where no video was chosen."""
    return {
        "dry_run": False,
        "rerender": None,
        "table": table,
        "kind": wish.kind,
        **_counts(Progress()),
        "failed": [],
        "estimate_usd": 0.0,
        "cost_usd": 0.0,
        "emulated": emulated,
    }


def _counts(seen: Progress) -> dict[str, object]:
    return {
        "videos": seen.stories,
        "done": seen.free + seen.paid,
        "free": seen.free,
        "paid": seen.paid,
        "gone": seen.gone,
        "overtaken": seen.overtaken,
    }


def elsewhere(others: Sequence[str]) -> str:
    """Where there are videos, after none was chosen of a table."""
    return f"There are videos of other tables: {' or '.join(f'--table {shlex.quote(table)}' for table in others)}."


def stopped_line(rerender: int, *, deployed: bool) -> str:
    """What becomes of a re-render whose command is told to stop: a stack of this folder may end with it."""
    resume = f"`storyreel rerender --resume {rerender}`"
    if deployed:
        return f"Stopped. What was asked goes on at the workers; {resume} goes on with the rest."
    return f"Stopped. It goes on with {resume}; what was asked, also while `storyreel up` runs here."


def undo_lines(chosen: int, undone: Undone, *, dry_run: bool) -> list[str]:
    """How many go back, and that it is to before what plays now, also where something newer was under way."""
    verb, had = ("would go back", "have") if dry_run else ("went back", "had")
    left = chosen - undone.restored
    nothing = f"; {left} {had} nothing to go back to" if left else ""
    said = f"{undone.restored} of {counted(chosen)} {verb} to what was shown before, for nothing{nothing}."
    if not undone.under_way:
        return [said]
    if dry_run:
        end = "it would not be waited for any more, and what plays now would be replaced all the same"
    else:
        end = "it is not waited for any more, and what played meanwhile was replaced all the same"
    return [said, f"{undone.under_way} of these {'has' if dry_run else 'had'} a re-render under way: {end}."]


def undo_json(table: str, chosen: int, undone: Undone, *, dry_run: bool) -> dict[str, object]:
    """The object that `--undo --json` prints."""
    return {
        "dry_run": dry_run,
        "table": table,
        "kind": "restore",
        "videos": chosen,
        "restored": undone.restored,
        "nothing_before": chosen - undone.restored,
        "under_way": undone.under_way,
    }


def rerender_line(rerender: Rerender) -> str:
    """One re-render in a list of them."""
    ended = "ended" if rerender.ended_at else f"unfinished, {rerender.ended} ended"
    kind = {"rerender": "re-render", "new_take": "new take"}.get(rerender.kind, rerender.kind)
    asked = f"{rerender.created_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{rerender.id:>6}  {asked}  {kind} of {counted(rerender.stories)} of {rerender.source_table}, {ended}"


def failed_lines(failures: Sequence[Failed]) -> list[str]:
    """A story a line, with its reason and the sentence for it."""
    return [f"{failed.source_id}  {failed.reason}: {failed.message}" for failed in failures]


def failed_json(failures: Sequence[Failed]) -> list[dict[str, object]]:
    """The same for programs."""
    return [
        {"story_id": failed.source_id, "reason": failed.reason, "message": failed.message} for failed in failures
    ]
