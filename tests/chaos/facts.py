"""What there is to know of a run once it has ended: from the database, and from the provider's record."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.chaos.app import Owner
from tests.chaos.caps import Line
from tests.chaos.ours import BUCKET
from tests.chaos.outside import Outside


@dataclass(frozen=True)
class Video:
    """What an app sees of a story. `plays`: the bucket has the file that it shows."""

    story: UUID
    shows: str
    work: str
    reason: str | None
    plays: bool


@dataclass(frozen=True)
class Take:
    """A clip that is paid for once, in the end. `wanted`: a video waits for it."""

    id: UUID
    status: str
    failure: str | None
    wanted: bool


@dataclass(frozen=True)
class Render:
    """One attempt at a take. `named`: we know the provider's name for it. `history`: all statuses it had."""

    id: UUID
    take: UUID
    attempt: int
    status: str
    named: bool
    history: Sequence[str]


@dataclass(frozen=True)
class Request:
    """One submit that the provider accepted. `good`: it ended in a clip that can be used; `answers` are those that
    its webhook got from us.
    """

    number: int
    render: UUID
    paid: bool
    good: bool
    answers: Sequence[str]
    fate: Mapping[str, Any]

    @property
    def told(self) -> bool:
        """Whether a webhook of it was taken."""
        return any(answer.startswith("2") for answer in self.answers)


@dataclass(frozen=True)
class Facts:
    """All of it. Times in Unix seconds."""

    videos: Sequence[Video]
    takes: Sequence[Take]
    renders: Sequence[Render]
    requests: Sequence[Request]
    ready_at: Sequence[float]  # of each take, sorted
    first_story_at: float
    refused_submits: int
    bucket: Mapping[str, int]
    reconciled: Mapping[str, int]
    ledger: Sequence[Line]
    promised: Decimal  # reserved and spent, as the database has added it up
    unread_bills: int  # clips that were settled at their estimate, though the provider says what they cost


_VIDEOS = "select source_id, shows, work, reason, path from storyreel.videos"
_TAKES = "select id, status, failure_code, storyreel.is_wanted(id) as wanted from storyreel.takes"
_RENDERS = "select id, take_id, attempt, status, request_id is not null as named from storyreel.renders"
_HISTORY = "select render_id, status from public.chaos_renders order by at"
_READY = (
    "select extract(epoch from ready_at)::float8 as at from storyreel.takes where ready_at is not null order by 1"
)
_FIRST = "select extract(epoch from min(created_at))::float8 as at from storyreel.videos"
_LEDGER = """
select l.render_id, l.endpoint, l.kind, l.amount_usd, l.video_id,
  extract(epoch from l.at)::float8 as asked_at, extract(epoch from w.at)::float8 as at
from storyreel.ledger l join public.chaos_ledger w on w.id = l.id order by l.id
"""
_PROMISED = "select reserved_usd + spent_usd as promised from storyreel.accounts where scope = 'all'"
_UNREAD = """
select count(*) as unread from storyreel.renders
where status = 'delivered' and settled_at is not null and billable_units is null
"""
_FOUND = "select kind, sum(found)::bigint as found from storyreel.findings group by kind"


async def read_facts(folder: Path, owner: Owner, outside: Outside) -> Facts:
    """Everything, asked when nothing moves any more."""
    record = await outside.requests()
    (folder / "requests.json").write_text(json.dumps(record))  # the provider's memory ends with the run
    requests = [_request(entry) for entry in record]
    histories: defaultdict[UUID, list[str]] = defaultdict(list)
    for row in await owner.ask(_HISTORY):
        histories[row["render_id"]].append(row["status"])
    kept = folder / "bucket" / BUCKET
    return Facts(
        videos=[
            Video(
                UUID(row["source_id"]),
                row["shows"],
                row["work"],
                row["reason"],
                row["path"] is not None and (kept / row["path"]).is_file(),
            )
            for row in await owner.ask(_VIDEOS)
        ],
        takes=[Take(*row.values()) for row in await owner.ask(_TAKES)],
        renders=[
            Render(row["id"], row["take_id"], row["attempt"], row["status"], row["named"], histories[row["id"]])
            for row in await owner.ask(_RENDERS)
        ],
        requests=requests,
        ready_at=[row["at"] for row in await owner.ask(_READY)],
        first_story_at=(await owner.ask(_FIRST))[0]["at"],
        # The emulator numbers what it refuses, too.
        refused_submits=max((request.number for request in requests), default=0) - len(requests),
        bucket=await outside.bucket_calls(),
        reconciled={row["kind"]: row["found"] for row in await owner.ask(_FOUND)},
        ledger=[Line(*row.values()) for row in await owner.ask(_LEDGER)],
        unread_bills=(await owner.ask(_UNREAD))[0]["unread"],
        promised=(await owner.ask(_PROMISED))[0]["promised"],
    )


def _request(entry: Mapping[str, Any]) -> Request:
    paid = entry["status"] is not None and entry["status"] < 300
    return Request(
        number=entry["number"],
        render=UUID(str(entry["webhook_url"]).split("/")[-2]),
        paid=paid,
        good=paid and entry["fate"]["damage"] is None,
        answers=[delivery["answer"] for delivery in entry["deliveries"]],
        fate=entry["fate"],
    )
