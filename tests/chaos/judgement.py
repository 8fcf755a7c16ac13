"""What the facts of a run amount to: what was lost, what was paid for twice, what was thrown away. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from tests.chaos.caps import Cap, passed, promised
from tests.chaos.facts import Facts, Render, Request, Take, Video


class Cause(StrEnum):
    """Why a take was submitted once more after a submit that the provider had accepted."""

    REFUSED = "the provider's own failure"
    UNKNOWABLE = "an answer that was lost"
    UNWANTED = "nobody wanted it for a while"
    NONE = "no reason"


@dataclass(frozen=True)
class Judgement:
    """The figures; `defects` are sentences, one for each thing that must not be.

    `accepted`: how many takes were accepted so often. `for_nobody`: takes with a clip that was withdrawn.
    `never_told`: those of which the provider has a clip, and neither its answer nor its webhook ever came.
    """

    ready: int
    fallback: Mapping[str, int]
    rejected: Mapping[str, int]
    lost: Sequence[UUID]
    again: Mapping[Cause, int]
    accepted: Mapping[int, int]
    paid_twice: int
    thrown_away: Sequence[UUID]
    for_nobody: int
    never_told: int
    over_caps: Sequence[str]
    defects: Sequence[str] = field(default=())


def judge(facts: Facts, stories: Sequence[UUID], caps: Sequence[Cap]) -> Judgement:
    """Judge a run; `stories` are those that are there in the end."""
    videos = {video.story: video for video in facts.videos}
    by_take = _by_take(facts)
    again = Counter(cause for requests in by_take.values() for cause in _causes(requests))
    paid = {take: sum(request.paid for request, _ in requests) for take, requests in by_take.items()}
    lost = [story for story in stories if story not in videos or not _ended(videos[story])]
    good = {take.id: _good(by_take.get(take.id, [])) for take in facts.takes if take.status != "ready"}
    told = {take: [pair for pair in pairs if _was_told(*pair)] for take, pairs in good.items() if pairs}
    wasted = [take for take in facts.takes if told.get(take.id)]
    thrown_away = [take.id for take in wasted if take.wanted or not _all_withdrawn(told[take.id])]
    over_caps = list(passed(facts.ledger, caps))
    sums = sum(promised(facts.ledger).values(), Decimal(0))
    return Judgement(
        ready=sum(video.work == "idle" for video in facts.videos),
        fallback=Counter(video.reason or "" for video in facts.videos if video.work == "fallback"),
        rejected=Counter(video.reason or "" for video in facts.videos if video.work == "rejected"),
        lost=lost,
        again=again,
        accepted=Counter(len(requests) for requests in by_take.values()),
        paid_twice=sum(count == 2 for count in paid.values()),
        thrown_away=thrown_away,
        for_nobody=len(wasted) - len(thrown_away),
        never_told=len(told) - len(wasted),
        over_caps=over_caps,
        defects=[
            *over_caps,
            *([f"{facts.unread_bills} bills were never read"] if facts.unread_bills else []),
            *([f"the accounts say ${facts.promised}, the ledger ${sums}"] if facts.promised != sums else []),
            *(f"story {story} is lost: {videos.get(story)}" for story in lost),
            *(f"take {take} was submitted again for {Cause.NONE}" for take in _unexplained(by_take)),
            *(f"take {take} was paid {count} times" for take, count in paid.items() if count > 2),
            *(f"take {take.id} is {take.status} ({take.failure}), and a good clip of it was paid for"
              for take in _of(facts.takes, thrown_away)),
            *(f"the webhook of {request.number} was answered with {', '.join(request.answers)}"
              for request in facts.requests if any(answer.startswith("4") for answer in request.answers)),
        ],
    )  # fmt: skip


Accepted = Sequence[tuple[Request, Render]]


def _by_take(facts: Facts) -> Mapping[UUID, Accepted]:
    renders = {render.id: render for render in facts.renders}
    found: defaultdict[UUID, list[tuple[Request, Render]]] = defaultdict(list)
    for request in sorted(facts.requests, key=lambda request: request.number):
        render = renders[request.render]
        found[render.take].append((request, render))
    return found


def _causes(requests: Accepted) -> Iterator[Cause]:
    """Why each submit after the first was made, from what had become of the one before it."""
    for (earlier, render), (_, next_render) in pairwise(requests):
        if render.id == next_render.id:
            yield Cause.NONE  # an attempt is one submit, whatever becomes of it
        elif "lost" in render.history:
            yield Cause.UNKNOWABLE
        elif not earlier.paid and "failed" in render.history:
            yield Cause.REFUSED
        elif "cancelled" in render.history:
            yield Cause.UNWANTED
        else:
            yield Cause.NONE


def _unexplained(by_take: Mapping[UUID, Accepted]) -> list[UUID]:
    return [take for take, requests in by_take.items() if Cause.NONE in _causes(requests)]


def _ended(video: Video) -> bool:
    """Whether a story has an end, and something plays; one that is ready plays its own clip."""
    done = video.work in {"fallback", "rejected", "cancelled"} or (video.work, video.shows) == ("idle", "final")
    return done and video.plays


def _good(requests: Accepted) -> Accepted:
    return [(request, render) for request, render in requests if request.good]


def _was_told(request: Request, render: Render) -> bool:
    return request.told or render.named


def _all_withdrawn(requests: Accepted) -> bool:
    return all("cancelled" in render.history for _, render in requests)


def _of(takes: Sequence[Take], ids: Sequence[UUID]) -> list[Take]:
    return [take for take in takes if take.id in set(ids)]
