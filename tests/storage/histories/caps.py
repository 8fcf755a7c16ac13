"""What the caps allow, reckoned from the ledger alone: no account is asked."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def assert_no_cap_was_passed(ledger: Sequence[Any], caps: Sequence[float | None], *, new: Sequence[Any]) -> None:
    """Where something was reserved just now, all that may yet be billed and all that was, fits under each cap."""
    ended = {(line["render_id"], line["endpoint"]) for line in ledger if line["kind"] != "reserved"}

    def committed(day: str | None, **of: object) -> float:
        """What is reserved, and what was spent on the day, of those lines."""
        lines = [line for line in ledger if all(line[name] == value for name, value in of.items())]
        return sum(
            float(line["amount_usd"])
            for line in lines
            if (line["kind"] == "reserved" and (line["render_id"], line["endpoint"]) not in ended)
            or (line["kind"] == "settled" and (day is None or _day(line) == day))
        )

    total, day_usd, owner_day, story = caps
    for line in new:
        if line["kind"] != "reserved":
            continue
        found = [(total, committed(None)), (day_usd, committed(_day(line)))]
        found += [(story, committed(None, video_id=line["video_id"]))]
        if line["owner_id"]:
            found += [(owner_day, committed(_day(line), owner_id=line["owner_id"]))]
        assert all(cap is None or sum_ <= cap + 1e-9 for cap, sum_ in found), f"a cap was passed: {found}"


def _day(line: Mapping[str, str]) -> str:
    """As UTC counts them."""
    return datetime.fromisoformat(line["at"]).astimezone(UTC).date().isoformat()
