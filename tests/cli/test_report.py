"""What `storyreel make` reports, from a video's trace."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from cli.make import sentences
from cli.report import report
from cli.watch import stage
from storage.stories import Trace, VideoView

_NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return _NOON + timedelta(seconds=seconds)


_TRACE = Trace(
    created_at=_at(0),
    planned_at=_at(1),
    preview_at=_at(4),
    take_status="ready",
    emulated=True,
    delivered_at=_at(6),
    fetched_at=_at(7),
    ready_at=_at(9),
    render_id=uuid4(),
    render_status="delivered",
    endpoint="owner/alias",
    request_id="r1",
    admitted_at=_at(2),
    submitted_at=_at(3),
    cost_usd=Decimal("0.003"),
    estimate_usd=Decimal("0.01"),
    failure_code=None,
    failure_message=None,
)
_VIDEO = VideoView(
    id=uuid4(),
    source_table="public.stories",
    source_id="s",
    theme="ocean",
    shape="square",
    shows="final",
    shown_revision=1,
    work="idle",
    reason=None,
    message=None,
    bucket="b",
    path="p",
    poster_path="q",
    width=512,
    height=512,
    blurhash="h",
    progress=1.0,
    url="u",
    poster_url="v",
)


def test_every_stage_has_its_seconds_and_ours_leaves_out_the_providers() -> None:
    """The stages add up to the total; what is the provider's is told apart, and how soon a preview was there."""
    told = report("s", _VIDEO, _TRACE, path="p")

    assert told.timings == {
        "plan": 1.0,
        "admit": 1.0,
        "submit": 1.0,
        "provider": 3.0,
        "fetch": 1.0,
        "finish": 2.0,
        "preview": 4.0,
        "total": 9.0,
        "ours": 6.0,
    }
    assert told.cost_usd == Decimal("0.003")


def test_a_clip_that_was_there_before_has_no_stages() -> None:
    """A story that shares a finished clip has none but planning."""
    earlier = replace(_TRACE, created_at=_at(100), planned_at=_at(101))

    told = report("s", _VIDEO, earlier, path="p")

    assert told.timings == {"plan": 1.0}


def test_the_sentence_of_a_stage_says_that_a_preview_plays() -> None:
    """And where its final clip stands."""
    rendering = replace(_TRACE, take_status="rendering", render_status="submitted", ready_at=None)
    waiting = replace(_VIDEO, work="working", shows="placeholder")

    assert stage(waiting, rendering, "") == "rendering at the provider"
    early = stage(replace(waiting, shows="preview"), rendering, "")
    assert early == "preview shown; the final clip: rendering at the provider"
    assert stage(replace(waiting, shows="preview", work="idle"), _TRACE, "") == "ready"


def test_the_report_names_the_story_and_how_to_make_it_again() -> None:
    """The id is drawn by the database or by us, and stands nowhere else for a person to see."""
    told = sentences(report("a-story", _VIDEO, _TRACE, path="p"))

    assert "  story   a-story" in told
    assert "again: storyreel rerender a-story" in told


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    """A cost that has not been settled is null in JSON, not a guess."""
    told = report("s", _VIDEO, replace(_TRACE, cost_usd=None), path="p").as_json()

    assert told["cost_usd"] is None
