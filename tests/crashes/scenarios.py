"""What happens to a story, the points at which a worker dies of it, and how it must end all the same.

Every method of every port is met by one of these at least; a test holds that. In a chain of effects, `after` the
first is `before` the second, and stands here once.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from functions.settings import Settings
from tests.crashes.beginnings import (
    beside_an_equal_clip,
    dead,
    failed_for_now,
    forgotten,
    held,
    mend_bucket,
    missed,
    never_billed,
    never_planned,
    no_film,
    no_host,
    no_moderator,
    on_the_ladder,
    over_cap,
    scripted,
    told,
    undeletable,
    unused,
    unwanted,
    without_hints,
)
from tests.crashes.site import Site

FINAL = ("final", "idle", None)


def _fell_back(reason: str) -> tuple[str, str, str]:
    return ("placeholder", "fallback", reason)


async def _nothing(site: Site) -> None:
    """Nothing happens."""


@dataclass(frozen=True)
class Scenario:
    """`begin` brings a story, whose id it returns, to where a worker that is to die begins.

    `ends` is what the video shows, its work and the reason; None where the story is deleted. `paid`: how many
    submits the provider accepts in all; `files`: how many are in the bucket then. `dying`: the settings of the
    worker that dies; `mend`: what happens before another comes. `owed`: of which renders it may not be known yet
    what they cost.
    """

    begin: Callable[[Site], Awaitable[str]]
    points: Sequence[str]
    ends: tuple[str, str, str | None] | None = FINAL
    paid: int = 1
    files: int = 4
    owed: Collection[str] = ("lost", "cancelled")
    dying: Callable[[Settings], Settings] = lambda settings: settings
    mend: Callable[[Site], Awaitable[None]] = _nothing


SCENARIOS: Mapping[str, Scenario] = {
    "plan": Scenario(
        told,
        [
            "plans.claim:after",
            "plans.missing_endpoints:after",
            "moderator.judge:before",
            "moderator.judge:after",
            "plans.save:inside:1",
            "plans.save:inside:3",
            "plans.save:after",
        ],
    ),
    "admit": Scenario(
        told,
        [
            "renders.admit:inside:1",
            "renders.admit:after",
            "generator.submit:after",
            "renders.submitted:inside",
            "renders.submitted:after",
        ],
    ),
    "fetch": Scenario(
        told,
        [
            "takes.claim_fetch:after",
            "renders.withdrawn:after",
            "source.download:after",
            "takes.note_files:after",
            "bucket.put:after",
            "takes.fetched:inside:1",
            "takes.fetched:after",
            "renders.unsettled:after",
            "generator.result:after",
            "renders.settle:inside:1",
            "renders.settle:after",
        ],
    ),
    "finish": Scenario(
        told,
        [
            "takes.claim_finish:after",
            "takes.renditions:after",
            "bucket.get:after",
            "transcoder.transcode:after",
            "takes.note_files:after:2",
            "bucket.put:after:2",
            "bucket.put:after:3",
            "bucket.put:after:4",
            "takes.finished:inside:1",
            "takes.finished:inside:4",
            "takes.finished:after",
        ],
    ),
    "renditions that are there": Scenario(
        beside_an_equal_clip,
        ["bucket.head:after", "takes.finished:after"],
        paid=2,
    ),
    "a story that is no story": Scenario(
        lambda site: site.tell("   "),
        ["plans.reject:before", "plans.reject:after"],
        ends=("placeholder", "rejected", "blank"),
        paid=0,
        files=0,
    ),
    "a story that is not allowed": Scenario(
        lambda site: site.tell("Write to jane.miller@gmail.com"),
        ["plans.refuse:before", "plans.refuse:inside:2", "plans.refuse:inside:3", "plans.refuse:after"],
        ends=("placeholder", "rejected", "content_rejected"),
        paid=0,
        files=0,
    ),
    "a story that nobody could be asked about": Scenario(
        told,
        ["plans.postpone:before", "plans.postpone:inside:2", "plans.postpone:after"],
        dying=no_moderator,
    ),
    "a story that nobody could plan": Scenario(
        never_planned,
        ["plans.give_up:before", "plans.give_up:inside", "plans.give_up:after"],
        ends=_fell_back("not_planned"),
        paid=0,
        files=0,
    ),
    "too many requests": Scenario(
        scripted({"refuse": 429}),
        ["renders.pause:before", "renders.pause:inside", "renders.pause:after", "renders.put_back:after"],
    ),
    "the ladder": Scenario(
        on_the_ladder,
        [
            "renders.note_missing:before",
            "renders.note_missing:after",
            "renders.climb_down:inside:1",
            "renders.climb_down:inside:2",
            "renders.climb_down:after",
        ],
    ),
    "refused": Scenario(
        scripted({"refuse": 422}, {"refuse": 422}),
        ["renders.conclude:before", "renders.conclude:inside:3", "renders.conclude:after"],
        ends=_fell_back("generator_refused"),
        paid=0,
        files=0,
    ),
    "an answer that was lost": Scenario(
        scripted({"drop_submit_answer": True}), ["renders.answer_lost:before", "renders.answer_lost:after"]
    ),
    "never sent": Scenario(
        dead("generator.submit:before"),
        ["sweep.lose_answers:before", "sweep.lose_answers:inside", "sweep.lose_answers:after"],
    ),
    "sent, and never heard of": Scenario(
        scripted({"lose_webhook": True}),
        [
            "generator.submit:after",
        ],
        paid=2,
    ),
    "silent for good": Scenario(
        scripted({"drop_submit_answer": True, "lose_webhook": True}),
        ["renders.conclude:before", "renders.conclude:inside:3", "renders.conclude:after"],
        paid=2,
    ),
    "hints that were lost": Scenario(
        without_hints,
        ["sweep.hint_overdue:before", "sweep.hint_overdue:after", "sweep.note:after", "sweep.silent:after"],
    ),
    "missed by the trigger": Scenario(
        missed, ["sweep.adopt_missed:before", "sweep.adopt_missed:inside", "sweep.adopt_missed:after"]
    ),
    "poll": Scenario(
        scripted({"lose_webhook": True}),
        [
            "sweep.claim_overdue:after:2",
            "generator.status:after",
            "generator.result:after",
            "renders.conclude:inside:3",
            "renders.conclude:after",
            "sweep.asked:after",
            "renders.settle:after",
        ],
    ),
    "forgotten by the provider": Scenario(forgotten, ["renders.conclude:after", "sweep.asked:after"], paid=2),
    "a bill": Scenario(
        dead("renders.unsettled:after"),
        [
            "sweep.unsettled:after",
            "generator.result:after",
            "renders.settle:inside:1",
            "renders.settle:after",
        ],
    ),
    "a bill that never came": Scenario(
        never_billed,
        ["sweep.settle_old:before", "sweep.settle_old:inside", "sweep.settle_old:after"],
        owed=(),
    ),
    "a clip that cannot be had yet": Scenario(
        told, ["takes.try_again:before", "takes.try_again:after"], dying=no_host
    ),
    "a clip that is none": Scenario(
        no_film,
        ["takes.give_up:before", "takes.give_up:inside:1", "takes.give_up:inside:2", "takes.give_up:after"],
        ends=_fell_back("unusable_clip"),
        files=1,
    ),
    "begun again": Scenario(
        failed_for_now,
        [
            "sweep.begin_again:before",
            "sweep.begin_again:inside:1",
            "sweep.begin_again:inside:3",
            "sweep.begin_again:after",
        ],
        paid=4,
    ),
    "unwanted": Scenario(
        unwanted(),
        ["sweep.withdraw:before", "sweep.withdraw:inside", "sweep.withdraw:after", "generator.cancel:after"],
        ends=None,
        owed=(),
    ),
    "over a cap": Scenario(
        over_cap,
        ["renders.over_cap:after", "renders.conclude:inside:3", "renders.conclude:after"],
        ends=_fell_back("total_budget"),
        paid=0,
        files=0,
    ),
    "held": Scenario(
        held,
        ["sweep.wake_held:before", "sweep.wake_held:inside", "sweep.wake_held:after", "sweep.mend_held:after"],
    ),
    "a rival": Scenario(
        scripted({"drop_submit_answer": True, "webhook_delay": 460}, {"latency": 900}),
        ["renders.withdrawn:after", "generator.cancel:after"],
        paid=2,
    ),
    "files that nobody needs": Scenario(
        unused,
        [
            "sweep.remove_unused:before",
            "sweep.remove_unused:inside:3",
            "sweep.remove_unused:inside:4",
            "sweep.remove_unused:after",
            "bucket.delete:after",
            "sweep.removed:after",
        ],
        ends=None,
        files=0,
    ),
    "files that cannot be removed": Scenario(
        undeletable,
        ["sweep.not_removed:before", "sweep.not_removed:after"],
        ends=None,
        files=0,
        mend=mend_bucket,
    ),
}

WEBHOOK = [
    "generator.read_delivery:before",
    "generator.read_delivery:after",
    "renders.deliver:before",
    "renders.deliver:inside:1",
    "renders.deliver:inside:4",
    "renders.deliver:after",
]
"""Points at which a functions server dies of a delivery."""

STOP = ["takes.hand_back:before", "takes.hand_back:after"]
"""Points at which a worker dies that was told to stop in the middle of a step."""

NEVER_MET: Mapping[str, str] = {
    "bucket.ensure": "it is called when a process begins, before there is a step; twice is as once",
    "bucket.list": "no step lists a bucket",
    "bucket.sign": "no step signs an address; it leaves nothing behind",
    "takes.renew": "it prolongs a lease that is held anyway; who dies of it dies as after the claim",
    "renders.unbilled": "the emulator tells of every failure what it billed: 0 is settled as a bill",
}
"""Methods of which no process can die, and why."""
