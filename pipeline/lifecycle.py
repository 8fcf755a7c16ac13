"""What may follow what: the status of takes and renders, and what a video shows and how its work stands.

Pure, and the only place where these words and their order are decided. The named CHECKs in the migrations
mirror the words (a test holds the two equal) and `docs/lifecycle.md` is drawn from the tables below. News
that a status has already absorbed (late or repeated) gives None; the impossible raises KeyError.

Two things are kept apart on purpose. A take is one paid clip and does not care how often it is tried; a
render is one try with one provider. A video `shows` something that plays, whatever its `work` is doing.
"""

from collections.abc import Mapping
from enum import StrEnum


class TakeStatus(StrEnum):
    """Where one paid clip stands."""

    RENDERING = "rendering"  # a render of it waits, runs or is to be made
    FETCHING = "fetching"  # the provider has the clip; we do not yet
    FINISHING = "finishing"  # the original is in our bucket; its renditions are not
    READY = "ready"
    FAILED = "failed"
    REMOVED = "removed"  # nobody referred to it for long: its files are gone, the record stays


class TakeEvent(StrEnum):
    """What can happen to a take."""

    DELIVERED = "delivered"  # a render of it brought a clip
    FETCHED = "fetched"  # the original is stored
    FINISHED = "finished"  # every rendition is stored
    GAVE_UP = "gave_up"  # no try is left
    WANTED_AGAIN = "wanted_again"  # a new revision asks for a take that had failed
    RESUMED = "resumed"  # the same, of one whose original we have: nothing is paid again
    REFETCHED = "refetched"  # the same, of one whose clip still lies at the provider
    REMADE = "remade"  # somebody asks for its renditions anew
    KEPT = "kept"  # they could not be made anew: the old ones stay
    REMOVED = "removed"


class RenderStatus(StrEnum):
    """Where one try with one provider stands."""

    WAITING = "waiting"  # for a slot; one that was put back keeps what was reserved for it
    ADMITTED = "admitted"  # slot and money reserved, intent on record; the POST may or may not have been made
    SUBMITTED = "submitted"  # the provider has it, and we know its request id
    UNKNOWN = "unknown"  # the answer to the POST was lost: it may be running, and paid
    DELIVERED = "delivered"  # it brought a clip
    FAILED = "failed"  # the provider's final no
    LOST = "lost"  # unknown, and silent until it could not be running any more
    CANCELLED = "cancelled"


class RenderEvent(StrEnum):
    """What can happen to a render."""

    ADMITTED = "admitted"
    PUT_BACK = "put_back"  # the provider took nothing: back to the queue
    SUBMITTED = "submitted"
    ANSWER_LOST = "answer_lost"
    CLIP = "clip"  # news of a clip, by webhook or by asking
    ERROR = "error"  # news of a failure, likewise
    SILENCE = "silence"
    WITHDRAWN = "withdrawn"  # nobody wants it any more, or another render was first
    TAKEN_BACK = "taken_back"  # somebody wants it after all, before the provider has said how it ended


class Work(StrEnum):
    """What is being done for a video, apart from what it shows."""

    IDLE = "idle"
    WORKING = "working"
    HELD = "held"  # waits for room in a budget or a quota, or for a moderator
    FALLBACK = "fallback"  # every try failed; what was showing stays
    REJECTED = "rejected"  # the story cannot become a video; or what it is about is not allowed
    CANCELLED = "cancelled"


class WorkEvent(StrEnum):
    """What can happen to a video's work."""

    ASKED = "asked"
    HELD = "held"
    RESUMED = "resumed"  # there is room again
    FINAL_SHOWN = "final_shown"
    GAVE_UP = "gave_up"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Shows(StrEnum):
    """What a video plays, worst first: the order is the rank."""

    PLACEHOLDER = "placeholder"
    PREVIEW = "preview"
    FINAL = "final"


_T, _TE = TakeStatus, TakeEvent
TAKE: Mapping[TakeStatus, Mapping[TakeEvent, TakeStatus | None]] = {
    _T.RENDERING: {_TE.DELIVERED: _T.FETCHING, _TE.GAVE_UP: _T.FAILED, _TE.WANTED_AGAIN: None},
    _T.FETCHING: {
        _TE.DELIVERED: None,
        _TE.FETCHED: _T.FINISHING,
        _TE.GAVE_UP: _T.FAILED,
        _TE.WANTED_AGAIN: None,
    },
    _T.FINISHING: {
        _TE.DELIVERED: None,
        _TE.FETCHED: None,
        _TE.FINISHED: _T.READY,
        _TE.KEPT: _T.READY,
        _TE.GAVE_UP: _T.FAILED,
        _TE.WANTED_AGAIN: None,
    },
    _T.READY: {
        _TE.DELIVERED: None,
        _TE.FETCHED: None,
        _TE.FINISHED: None,
        _TE.WANTED_AGAIN: None,
        _TE.REMADE: _T.FINISHING,
        _TE.REMOVED: _T.REMOVED,
    },
    # A clip that turns up after we gave up is still a paid clip: it is used.
    _T.FAILED: {
        _TE.DELIVERED: _T.FETCHING,
        _TE.WANTED_AGAIN: _T.RENDERING,
        _TE.RESUMED: _T.FINISHING,
        _TE.REFETCHED: _T.FETCHING,
        _TE.GAVE_UP: None,
        _TE.REMOVED: None,  # and with it why
    },
    _T.REMOVED: {_TE.DELIVERED: _T.FETCHING, _TE.WANTED_AGAIN: _T.RENDERING, _TE.REMOVED: None},
}

_R, _RE = RenderStatus, RenderEvent
_NEWS_ABSORBED: Mapping[RenderEvent, RenderStatus | None] = {
    _RE.CLIP: None,
    _RE.ERROR: None,
    _RE.SILENCE: None,
    _RE.SUBMITTED: None,
    _RE.ANSWER_LOST: None,
    _RE.WITHDRAWN: None,
}
RENDER: Mapping[RenderStatus, Mapping[RenderEvent, RenderStatus | None]] = {
    _R.WAITING: {
        _RE.ADMITTED: _R.ADMITTED,
        _RE.WITHDRAWN: _R.CANCELLED,
        _RE.CLIP: _R.DELIVERED,  # put back because nothing was accepted, and yet it was
        _RE.ERROR: None,
        _RE.SILENCE: None,
    },
    _R.ADMITTED: {
        _RE.PUT_BACK: _R.WAITING,
        _RE.SUBMITTED: _R.SUBMITTED,
        _RE.ANSWER_LOST: _R.UNKNOWN,
        _RE.CLIP: _R.DELIVERED,  # a delivery that outran our saving of the request id
        _RE.ERROR: _R.FAILED,
        _RE.SILENCE: None,
        _RE.WITHDRAWN: _R.CANCELLED,
    },
    _R.SUBMITTED: {
        _RE.SUBMITTED: None,
        _RE.CLIP: _R.DELIVERED,
        _RE.ERROR: _R.FAILED,
        _RE.SILENCE: None,  # its answer came between a sweep's look and its verdict
        _RE.WITHDRAWN: _R.CANCELLED,
    },
    _R.UNKNOWN: {
        _RE.SUBMITTED: _R.SUBMITTED,  # the answer came after all, late
        _RE.CLIP: _R.DELIVERED,
        _RE.ERROR: _R.FAILED,
        _RE.SILENCE: _R.LOST,
        _RE.WITHDRAWN: _R.CANCELLED,
    },
    # What we gave up on may still bring a clip that was paid for.
    _R.LOST: {**_NEWS_ABSORBED, _RE.CLIP: _R.DELIVERED, _RE.ERROR: _R.FAILED},
    _R.CANCELLED: {**_NEWS_ABSORBED, _RE.CLIP: _R.DELIVERED, _RE.TAKEN_BACK: _R.SUBMITTED},
    _R.FAILED: {**_NEWS_ABSORBED, _RE.CLIP: _R.DELIVERED},
    _R.DELIVERED: _NEWS_ABSORBED,
}

HOLDS_SLOT = frozenset({_R.ADMITTED, _R.SUBMITTED, _R.UNKNOWN})
"""Statuses in which the provider may be working for us: they count against its concurrency limit."""

ENDED = frozenset({_R.DELIVERED, _R.FAILED, _R.LOST, _R.CANCELLED})
"""Statuses in which nothing more is awaited of a render."""

_W, _WE = Work, WorkEvent
_ASKABLE: Mapping[WorkEvent, Work | None] = {
    _WE.ASKED: _W.WORKING,
    _WE.FINAL_SHOWN: _W.IDLE,  # a clip given up on that turned up after all
    _WE.GAVE_UP: None,
    _WE.WITHDRAWN: None,
}
WORK: Mapping[Work, Mapping[WorkEvent, Work | None]] = {
    _W.WORKING: {
        _WE.ASKED: None,
        _WE.HELD: _W.HELD,
        _WE.RESUMED: None,
        _WE.FINAL_SHOWN: _W.IDLE,
        _WE.GAVE_UP: _W.FALLBACK,
        _WE.REJECTED: _W.REJECTED,
        _WE.WITHDRAWN: _W.CANCELLED,
    },
    _W.HELD: {
        _WE.ASKED: _W.WORKING,
        _WE.HELD: None,
        _WE.RESUMED: _W.WORKING,
        _WE.FINAL_SHOWN: _W.IDLE,
        _WE.GAVE_UP: _W.FALLBACK,
        _WE.REJECTED: _W.REJECTED,
        _WE.WITHDRAWN: _W.CANCELLED,
    },
    _W.IDLE: _ASKABLE,
    # A clip that is begun again by itself may be declined for its content.
    _W.FALLBACK: {**_ASKABLE, _WE.REJECTED: _W.REJECTED},
    _W.REJECTED: _ASKABLE,
    _W.CANCELLED: _ASKABLE,
}


def take_after(status: TakeStatus, event: TakeEvent) -> TakeStatus | None:
    """The status that follows, or None where the news is old. Raises KeyError for the impossible."""
    return TAKE[status][event]


def render_after(status: RenderStatus, event: RenderEvent) -> RenderStatus | None:
    """The status that follows, or None where the news is old. Raises KeyError for the impossible."""
    return RENDER[status][event]


def work_after(work: Work, event: WorkEvent) -> Work | None:
    """The work that follows, or None where the news is old. Raises KeyError for the impossible."""
    return WORK[work][event]


def moves_up(shown: tuple[Shows, int], offered: tuple[Shows, int]) -> bool:
    """Whether the second may replace the first: final before preview, then the higher revision."""
    rank = list(Shows)
    return (rank.index(offered[0]), offered[1]) > (rank.index(shown[0]), shown[1])
