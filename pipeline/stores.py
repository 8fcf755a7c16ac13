"""What the steps need of our own rows, as small Protocols; together they are the job store. Pure: no I/O here.

Postgres implements them, in `storage`, and nothing else ever will. Every method is one transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from pipeline.errors import GeneratorError, GeneratorMissing, ModerationError, StoryreelError
from pipeline.model import (
    AdmittedRender,
    Delivery,
    Failure,
    Judgement,
    PlannedShot,
    RevisionToPlan,
    StoredRendition,
    SubmittedRender,
    TakeInHand,
)
from pipeline.outcome import RenderSeen, Verdict


class Plans(Protocol):
    """Revisions that wait to be planned."""

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> list[RevisionToPlan]:
        """Take revisions that are due, the most urgent first; the lease keeps others off them.

        Those of owners who have asked for more in an hour than they may are held instead, and their videos say so.
        """

    async def missing_endpoints(self, provider: str, *, since: datetime) -> frozenset[str]:
        """Endpoints that the provider answered 404 for after that time."""

    async def save(
        self,
        revision: RevisionToPlan,
        shots: Sequence[PlannedShot],
        *,
        judgement: Judgement | None = None,
        now: datetime,
    ) -> bool:
        """Subscribe the revision's shots to their takes, making those that are new. False: another was first.

        A take that is ready shows at once, or has its renditions made anew where that was asked for; one under
        way is waited for; one that failed in a way that can pass is begun again, as is one whose files were
        removed; a new one waits to be admitted, unless a provider declined the content of another of these words.
        A preview is wanted only where the final is still to be rendered. What the moderators said is kept.
        """

    async def reject(self, revision: RevisionToPlan, *, reason: str, message: str, now: datetime) -> bool:
        """The story cannot become a video; its placeholder stays. False: another was first."""

    async def refuse(self, revision: RevisionToPlan, judgement: Judgement, *, message: str, now: datetime) -> bool:
        """The content of the story is not allowed: likewise, and the verdict is kept, and the text is not."""

    async def postpone(
        self, revision: RevisionToPlan, *, why: ModerationError, due_at: datetime, now: datetime
    ) -> bool:
        """No moderator could be asked: it is planned when due, and its video says that it waits.

        This attempt does not count among those that come to no end. False: another was first.
        """

    async def give_up(self, revision: RevisionToPlan, *, reason: str, message: str, now: datetime) -> bool:
        """The story may well become a video, but planning it never came to an end. False: another was first."""


class Renders(Protocol):
    """Renders on their way to a provider and back."""

    async def admit(self, provider: str, *, now: datetime, lease: timedelta) -> list[AdmittedRender]:
        """Reserve slots and money for as many waiting renders as may go now, the most urgent first.

        What would pass the budget of a day is held, and its videos say so; for what would pass one of a story or
        of all, see `over_cap`.
        """

    async def over_cap(self, provider: str) -> Mapping[UUID, str]:
        """Renders that would pass a cap for good, and which: they are to be given up."""

    async def pause(
        self, provider: str, wait: Callable[[int], timedelta], *, why: GeneratorError, now: datetime
    ) -> datetime:
        """Begin nothing more at the provider for a while, and then one render, to see whether it goes again.

        `wait` is given how many pauses came before in a row. Returns when the pause ends.
        """

    async def submitted(self, render: AdmittedRender, request_id: str, *, now: datetime, due_at: datetime) -> bool:
        """The provider has it. By `due_at` there should be news. False: something else was first."""

    async def put_back(self, render: AdmittedRender, *, due_at: datetime, why: StoryreelError) -> bool:
        """Nothing was handed over: free the slot, wait until `due_at`; what was reserved stays so."""

    async def climb_down(
        self, render: AdmittedRender, endpoint: str, estimate: Decimal, *, why: GeneratorMissing, now: datetime
    ) -> bool:
        """The provider has no such endpoint: free slot and money, and wait for both at another one, at once."""

    async def answer_lost(self, render: AdmittedRender, *, due_at: datetime) -> bool:
        """Whether the provider took it is not known. Its webhook is waited for until `due_at`."""

    async def note_missing(self, provider: str, endpoint: str, *, now: datetime) -> None:
        """The provider has no such endpoint."""

    async def conclude(
        self, render_id: UUID, decide: Callable[[RenderSeen], Verdict], *, now: datetime
    ) -> Verdict | None:
        """Lock render and take, decide, apply, all at once. None: there is no such render.

        `decide` must be pure. A take that gets a clip cancels its other renders and is fetched next.
        """

    async def deliver(
        self, render_id: UUID, delivery: Delivery, decide: Callable[[RenderSeen], Verdict], *, provider: str
    ) -> str:
        """Record the delivery and conclude with it, in one transaction.

        Returns what it was: `accepted`, `late` (paid, but another clip was first), `stale` (old news),
        `orphan` (no such render is left), `repeated` (this very delivery was recorded before).
        """

    async def withdrawn(self, take_id: UUID) -> list[SubmittedRender]:
        """Renders of the take that nobody wants any more and the provider may still be working on."""

    async def unsettled(self, render_id: UUID) -> SubmittedRender | None:
        """The render, if it delivered and its cost is not written down yet."""

    async def unbilled(self, render_id: UUID, *, now: datetime) -> None:
        """The provider made nothing of a render that was given up, and billed nothing: its reservation is free."""

    async def settle(self, render_id: UUID, *, units: Decimal | None, cost: Decimal | None, now: datetime) -> None:
        """Write down what the render cost, its estimate where `cost` is None. The first figure stays."""


class Takes(Protocol):
    """Takes whose clip exists and is on its way to the viewers."""

    async def claim_fetch(self, take_id: UUID, *, now: datetime, lease: timedelta) -> TakeInHand | None:
        """Take it in hand for `fetch`; None where it needs no fetching, or someone else is at it."""

    async def claim_finish(self, take_id: UUID, *, now: datetime, lease: timedelta) -> TakeInHand | None:
        """Take it in hand for `finish`; None as above."""

    async def renew(self, take: TakeInHand, *, due_at: datetime) -> bool:
        """The step goes on: nobody else takes it before then. False: it is in hand no more."""

    async def note_files(self, bucket: str, paths: Sequence[str], *, now: datetime) -> None:
        """Files are about to be put there: those that no row refers to in the end, reconcile removes.

        Raises `FileBeingRemoved` where one is on its way out at this moment.
        """

    async def fetched(self, take: TakeInHand, *, bucket: str, path: str, sha256: str, now: datetime) -> bool:
        """The original is in the bucket; `finish` is next. False: we were cut off and another was first."""

    async def renditions(self, rendition_key: str) -> Sequence[str]:
        """The paths of the renditions of that key; none where they were never made, or were removed."""

    async def finished(
        self,
        take: TakeInHand,
        *,
        rendition_key: str,
        bucket: str,
        renditions: Sequence[StoredRendition],
        now: datetime,
    ) -> bool:
        """The renditions are in the bucket: every subscribed video shows them. False: another was first.

        Without `renditions`, those of that key are taken to be there. Raises `FileBeingRemoved` where they are not
        any more.
        """

    async def try_again(self, take: TakeInHand, *, due_at: datetime) -> bool:
        """The step failed in a way that can pass: run it again when due."""

    async def hand_back(self, take: TakeInHand, *, now: datetime) -> bool:
        """The step was interrupted by an orderly stop: another worker may have it at once."""

    async def give_up(
        self, take: TakeInHand, failure: Failure, *, now: datetime, again_at: datetime | None = None
    ) -> bool:
        """There will be no video of this clip, or not before `again_at`. Every subscribed video falls back."""


class Sweep(Protocol):
    """What `reconcile` looks for: rows compared with the clock."""

    async def adopt_missed(self) -> int:
        """Make up for what the triggers could not do; how many videos were made."""

    async def hint_overdue(self, *, now: datetime) -> Mapping[str, int]:
        """Hint every step whose rows are due; how many rows were found for each."""

    async def lose_answers(self, *, now: datetime, patience: timedelta, usual: timedelta) -> int:
        """Renders whose submitter died between intent and answer: their answers count as lost; how many.

        Waited for as long as their endpoint usually takes, `usual` where that is not known, and `patience` beyond.
        """

    async def wake_held(self, *, now: datetime) -> int:
        """What waited for room in a budget, a quota or an owner's slots, and has it: it may go on; how many."""

    async def mend_held(self, *, now: datetime) -> int:
        """Videos that say they are held and are not, or the reverse: set right; how many."""

    async def note(self, findings: Mapping[str, int], *, now: datetime) -> None:
        """Count what was found, for people to see."""

    async def silent(self, *, now: datetime, limit: int) -> list[UUID]:
        """Renders whose answer was lost and whose webhook did not come in time."""

    async def claim_overdue(self, *, now: datetime, due_at: datetime, limit: int) -> list[SubmittedRender]:
        """Renders at a provider that should have been heard of, and those it announced an end of without

        saying which. Nobody else gets them before `due_at`.
        """

    async def asked(self, render_id: UUID) -> None:
        """The result of a render that nobody waits for was asked for; it need not be again."""

    async def unsettled(self, *, before: datetime, limit: int) -> list[SubmittedRender]:
        """Delivered renders whose cost is not written down yet."""

    async def begin_again(self, *, now: datetime, limit: int) -> int:
        """Takes that failed, and whose time to come back has come: begun again where somebody waits; how many."""

    async def withdraw(self, *, now: datetime) -> list[SubmittedRender]:
        """Renders at a provider that nobody waits for any more: withdrawn, for the provider to be told."""

    async def remove_unused(self, bucket: str, *, now: datetime, before: datetime, limit: int) -> list[str]:
        """Look at so many files of the bucket that are due to be; the paths of those to be removed.

        A file is unused where no video, take in hand or revision, however old, refers to it; it is to be removed
        where it has been so since before then. Until it is removed nobody puts it again; after ten minutes, it is
        another sweep's to remove.
        """

    async def removed(self, bucket: str, paths: Sequence[str], *, marked_at: datetime) -> None:
        """Those files are gone, of which `remove_unused` was told then. Nothing where another sweep took over."""

    async def not_removed(
        self, bucket: str, paths: Sequence[str], *, marked_at: datetime, due_at: datetime
    ) -> None:
        """They cannot be removed, and will not be: they may be put again, and are looked at again when due."""

    async def settle_old(self, *, now: datetime, before: datetime) -> int:
        """Settle at the estimate what ended before then and nobody could tell the cost of; how many."""
