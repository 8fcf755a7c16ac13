"""The named CHECKs say what pipeline/lifecycle.py says, and refuse every row that contradicts itself."""

import re
from enum import StrEnum
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from pipeline.lifecycle import ENDED, HOLDS_SLOT, RenderStatus, Shows, TakeStatus, Work, moves_up
from pipeline.model import Opinion
from tests.storage.world import World

WORDS: dict[str, type[StrEnum]] = {
    "videos_shows_known": Shows,
    "videos_work_known": Work,
    "takes_status_known": TakeStatus,
    "renders_status_known": RenderStatus,
    "revisions_moderation_known": Opinion,
}


async def test_the_words_of_the_checks_are_those_of_the_lifecycle(world: World) -> None:
    """No status in one place that the other does not know."""
    for constraint, words in WORDS.items():
        (definition,) = await world.one(
            "select pg_get_constraintdef(oid) from pg_constraint where conname = %s", constraint
        )
        assert set(re.findall(r"'(\w+)'", definition)) == set(words), constraint


async def test_the_indexes_count_what_holds_a_slot_and_what_is_live(world: World) -> None:
    """Partial indexes name the statuses that lifecycle.py calls slot-holding, and those that have not ended."""
    for index, words in {
        "renders_in_flight": HOLDS_SLOT,
        "renders_overdue": HOLDS_SLOT,
        "renders_one_live": frozenset(RenderStatus) - ENDED,
    }.items():
        (definition,) = await world.one("select pg_get_indexdef(%s::regclass)", f"storyreel.{index}")
        assert set(re.findall(r"'(\w+)'", definition)) == words, index


async def test_what_may_replace_what_is_the_same_in_sql(world: World) -> None:
    """Every pair of (shows, revision) compares alike in the database and in lifecycle.py."""
    sides = [(shows, revision) for shows in Shows for revision in range(4)]
    for shown in sides:
        for offered in sides:
            (sql_says,) = await world.one("select storyreel.moves_up(%s, %s, %s, %s)", *shown, *offered)
            assert sql_says == moves_up(shown, offered), (shown, offered)


# A change to a row in a good state that makes it contradict itself, and the CHECK that refuses it.
VIDEOS: list[tuple[LiteralString, str]] = [
    ("shows = 'movie'", "videos_shows_known"),
    ("shows = 'final', shown_revision = 1", "videos_made_is_playable"),
    ("shows = 'preview', shown_revision = 1, bucket = 'b'", "videos_made_is_playable"),
    ("shown_revision = 1", "videos_revision_where_made"),
    ("shows = 'final', bucket = 'b', path = 'p'", "videos_revision_where_made"),
    ("work = 'busy'", "videos_work_known"),
    ("work = 'fallback'", "videos_reason_where_stuck"),
    ("work = 'held', message = 'm'", "videos_message_with_reason"),
    ("reason = 'r', message = 'm'", "videos_reason_where_stuck"),
    ("work = 'idle', reason = 'r', message = 'm'", "videos_reason_where_stuck"),
    ("work = 'rejected', reason = 'r'", "videos_message_with_reason"),
    ("shape = 'round'", "videos_shape_known"),
]
REVISIONS: list[tuple[LiteralString, str]] = [
    ("kind = 'last'", "revisions_kind_known"),
    ("kind = 'restore'", "revisions_restore_goes_back"),
    ("restores = 0", "revisions_restore_goes_back"),
    ("kind = 'restore', restores = number", "revisions_restore_goes_back"),
    ("number = 0", "revisions_number_positive"),
    ("seed = -1", "revisions_seed_31_bits"),
    ("seed = 2147483648", "revisions_seed_31_bits"),
    ("parameters = '[]'", "revisions_parameters_object"),
    ("parameters = 'null'", "revisions_parameters_object"),
    ("parameters = jsonb_build_object('x', repeat('y', 8192))", "revisions_parameters_small"),
    ("parameters = jsonb_build_object('x', (repeat('[', 9) || repeat(']', 9))::jsonb)",
     "revisions_parameters_flat"),
    ("parameters = jsonb_build_object('x', 9007199254740993)", "revisions_parameters_exact"),
    ("parameters = jsonb_build_object('x', array[1e400])", "revisions_parameters_exact"),
    ("due_at = now()", "revisions_due_until_planned"),
    ("planned_at = null", "revisions_due_until_planned"),
    ("held_until = now()", "revisions_held_until_planned"),
    ("moderation = 'perhaps'", "revisions_moderation_known"),
    ("moderation = 'passed', moderated_by = 'chance'", "revisions_moderator_known"),
    ("moderation = 'passed'", "revisions_judged_by_somebody"),
    ("moderation = 'unchecked', moderated_by = 'rules'", "revisions_judged_by_somebody"),
    ("moderated_by = 'rules'", "revisions_judged_by_somebody"),
    ("moderation = 'rejected', moderated_by = 'rules', story = ''", "revisions_category_where_rejected"),
    ("moderation = 'passed', moderated_by = 'rules', moderation_category = 'hate'",
     "revisions_category_where_rejected"),
    ("moderation = 'rejected', moderated_by = 'rules', moderation_category = 'A <b>', story = ''",
     "revisions_category_plain"),
    ("moderation = 'rejected', moderated_by = 'rules', moderation_category = repeat('x', 61), story = ''",
     "revisions_category_plain"),
    ("moderation = 'rejected', moderated_by = 'rules', moderation_category = 'hate'",
     "revisions_rejected_has_no_text"),
    ("postponed = attempt + 1, postponed_for = 'c'", "revisions_postponed_attempts"),
    ("postponed = -1", "revisions_postponed_attempts"),
    ("postponed = attempt", "revisions_postponed_for_a_reason"),
    ("postponed_for = 'c'", "revisions_postponed_for_a_reason"),
]  # fmt: skip
TAKES: list[tuple[LiteralString, str]] = [
    ("status = 'done'", "takes_status_known"),
    ("due_at = now()", "takes_due_where_ours"),
    ("status = 'fetching'", "takes_due_where_ours"),
    ("status = 'fetching', due_at = now()", "takes_clip_where_delivered"),
    ("status = 'fetching', due_at = now(), render_id = gen_random_uuid(), clip_url = 'u'",
     "takes_clip_where_delivered"),
    ("status = 'finishing', due_at = now(), render_id = gen_random_uuid(), clip_url = 'u', delivered_at = now()",
     "takes_original_where_fetched"),
    ("status = 'ready'", "takes_ready_iff_rendered"),
    ("ready_at = now(), rendition_key = 'k'", "takes_ready_iff_rendered"),
    ("status = 'failed'", "takes_failed_iff_reason"),
    ("status = 'failed', failed_at = now(), failure_code = 'c', failure_message = 'm'", "takes_failed_iff_reason"),
    ("failed_at = now(), failure_code = 'c', failure_message = 'm', failure_permanent = true",
     "takes_failed_iff_reason"),
    ("again_at = now()", "takes_again_where_failed"),
    ("status = 'failed', failure_permanent = true, again_at = now()", "takes_again_where_failed"),
    ("status = 'removed', clip_url = 'u'", "takes_removed_has_no_files"),
    ("status = 'removed', original_path = 'p'", "takes_removed_has_no_files"),
    ("status = 'removed', original_sha256 = 's'", "takes_removed_has_no_files"),
    ("status = 'removed', rendition_key = 'k'", "takes_removed_has_no_files"),
]  # fmt: skip
RENDERS: list[tuple[LiteralString, str]] = [
    ("status = 'gone'", "renders_status_known"),
    ("attempt = 0", "renders_attempt_positive"),
    ("due_at = null", "renders_due_while_awaited"),
    ("ended_at = now()", "renders_ended_iff_over"),
    ("status = 'delivered', due_at = null", "renders_ended_iff_over"),
    ("status = 'delivered', ended_at = now()", "renders_due_while_awaited"),
    ("admitted_at = now()", "renders_waiting_has_no_slot"),
    ("status = 'admitted'", "renders_slot_was_admitted"),
    ("status = 'unknown'", "renders_slot_was_admitted"),
    ("status = 'submitted', admitted_at = now()", "renders_submitted_has_request"),
    ("status = 'submitted', admitted_at = now(), request_id = 'r'", "renders_submitted_has_request"),
    ("status = 'failed', due_at = null, ended_at = now()", "renders_failed_has_reason"),
    ("status = 'failed', due_at = null, ended_at = now(), failure_code = 'c'", "renders_failed_has_reason"),
    ("settled_at = now()", "renders_settled_has_cost"),
    ("waits_for = 'luck'", "renders_waits_for_known"),
    ("status = 'admitted', admitted_at = now(), waits_for = 'time'", "renders_waits_while_waiting"),
]
CONTRADICTIONS = {"videos": VIDEOS, "revisions": REVISIONS, "takes": TAKES, "renders": RENDERS}


@pytest.mark.parametrize("table", CONTRADICTIONS)
async def test_a_row_that_contradicts_itself_is_refused(world: World, table: LiteralString) -> None:
    """By the very CHECK whose name says what is wrong: the others are dropped while it is tried."""
    await world.waiting()
    checks = await world.rows(
        "select conname from pg_constraint where contype = 'c' and conrelid = %s::regclass", f"storyreel.{table}"
    )

    for change, constraint in CONTRADICTIONS[table]:
        others = [name for (name,) in checks if name != constraint]
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            await _change_without(world, table, change, others)
        assert refused.value.diag.constraint_name == constraint, change


async def _change_without(world: World, table: LiteralString, change: LiteralString, checks: list[str]) -> None:
    async with world.owner.transaction(force_rollback=True):
        for name in checks:
            drop = "alter table storyreel." + table + " drop constraint {}"
            await world.owner.execute(sql.SQL(drop).format(sql.Identifier(name)))
        await world.owner.execute("update storyreel." + table + " set " + change)


PLACEHOLDER: LiteralString = """
    insert into storyreel.placeholders
      (theme, shape, variant, bucket, path, poster_path, preview_path, blurhash, width, height)
"""
RERENDER: LiteralString = """
    insert into storyreel.rerenders (source_table, kind, parameters, estimate_usd, created_at)
"""
RERENDERED: LiteralString = """
    with made as (
      insert into storyreel.rerenders (source_table, kind, estimate_usd, created_at)
      values ('t', 'rerender', 0, now()) returning id
    )
    insert into storyreel.rerender_items
      (rerender_id, number, source_id, seed, revision_id, outcome, reason, message, paid)
    select id,
"""
WAKING: LiteralString = "insert into storyreel.waking (only_one, url, secret_name, timeout_ms)"
OTHERS: dict[str, LiteralString] = {
    "buckets_base_url_bare": "insert into storyreel.buckets values ('b', 'https://x/')",
    "providers_slots_positive": "update storyreel.providers set slots = 0",
    "providers_owner_slots_positive": "update storyreel.providers set owner_slots = 0",
    "providers_per_minute_positive": "update storyreel.providers set per_minute = 0",
    "providers_pause_has_reason":
        "update storyreel.providers set paused_until = now(), pause_code = 'busy', pauses = 1",
    "providers_pauses_while_paused": "update storyreel.providers set pauses = 1",
    "limits_one_row": "insert into storyreel.limits (only_row) values (false)",
    "limits_not_negative": "update storyreel.limits set story_usd = -1",
    "limits_stories_positive": "update storyreel.limits set owner_stories_per_hour = 0",
    "limits_overrun_sensible": "update storyreel.limits set overrun_factor = 0.5",
    "accounts_scope_known": "insert into storyreel.accounts (scope, key) values ('week', '')",
    "themes_name_plain": "insert into storyreel.themes values ('../Ocean')",
    "theme_words_weight_known": "insert into storyreel.theme_words (language, lexeme, theme, weight)"
                                " values ('english', 'whale', 'dream', 100)",
    "placeholders_shape_known": PLACEHOLDER + " values ('dream', 'round', 1, '', '', '', '', '', 1, 1)",
    "placeholders_variant_positive": PLACEHOLDER + " values ('dream', 'wide', 0, '', '', '', '', '', 1, 1)",
    "attachments_shape_known": "update storyreel.attachments set shape = 'round'",
    "missed_what_known":
        "insert into storyreel.missed (source_table, source_id, what, error) values ('t', '1', 'love', '')",
    "waking_only_one": WAKING + " values (false, 'https://x/run-jobs', '', 2000)",
    "waking_calls_run_jobs": WAKING + " values (true, 'https://x/other', '', 2000)",
    "waking_timeout_sane": WAKING + " values (true, 'https://x/run-jobs', '', 1)",
    "shots_number_positive": "update storyreel.shots set number = 0",
    "shots_shows_known": "update storyreel.shots set shows = 'placeholder'",
    "ledger_kind_known": "insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, at)"
                         " values (gen_random_uuid(), 'e', 'gift', 1, now())",
    "ledger_amount_not_negative": "insert into storyreel.ledger (render_id, endpoint, kind, amount_usd, at)"
                                  " values (gen_random_uuid(), 'e', 'settled', -1, now())",
    "renditions_kind_known":
        "insert into storyreel.renditions values ('k', 'gif', 'b', 'p', 't', 1, 1, 1, null, now())",
    "renditions_blurhash_of_poster":
        "insert into storyreel.renditions values ('k', 'poster', 'b', 'p', 't', 1, 1, 1, null, now())",
    "deliveries_outcome_known": "insert into storyreel.deliveries"
        " (provider, request_id, body_sha256, body, render_id, outcome, received_at)"
        " values ('fal', 'r', 's', 'b', gen_random_uuid(), 'odd', now())",
    "objects_removed_when_unused": "insert into storyreel.objects (bucket, path, due_at, removing_at)"
                                   " values ('b', 'p', now(), now())",
    "rerenders_kind_known": RERENDER + "values ('t', 'first', null, 0, now())",
    "rerenders_parameters_object": RERENDER + "values ('t', 'rerender', '[]', 0, now())",
    "rerenders_estimate_not_negative": RERENDER + "values ('t', 'rerender', null, -1, now())",
    "rerender_items_number_positive": RERENDERED + "0, 's', null, null, null, null, null, null from made",
    "rerender_items_seed_31_bits": RERENDERED + "1, 's', -1, null, null, null, null, null from made",
    "rerender_items_outcome_known":
        RERENDERED + "1, 's', null, gen_random_uuid(), 'lost', null, null, true from made",
    "rerender_items_asked_unless_gone": RERENDERED + "1, 's', null, null, 'done', null, null, true from made",
    "rerender_items_reason_where_failed":
        RERENDERED + "1, 's', null, gen_random_uuid(), 'failed', null, null, true from made",
    "rerender_items_paid_once_ended": RERENDERED + "1, 's', null, null, null, null, null, true from made",
}  # fmt: skip


async def test_the_other_tables_refuse_nonsense_too(world: World) -> None:
    """Each of their CHECKs, on a row that only it forbids."""
    await world.waiting()

    for constraint, statement in OTHERS.items():
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            await world.owner.execute(statement)
        assert refused.value.diag.constraint_name == constraint


async def test_every_check_is_named_and_tried(world: World) -> None:
    """A CHECK that is added must be tried here."""
    named = await world.rows("""
        select conname from pg_constraint where contype = 'c' and connamespace = 'storyreel'::regnamespace""")

    tried = set(OTHERS) | {name for changes in CONTRADICTIONS.values() for _, name in changes}
    assert {name for (name,) in named} - tried == set()


NEW_RENDER: LiteralString = """
    insert into storyreel.renders
      (take_id, round, attempt, provider, endpoint, priority, turn, estimate_usd, created_at,
       status, due_at, ended_at, request_id)
"""
UNIQUE: dict[str, LiteralString] = {
    "videos_source_key": """
        insert into storyreel.videos (source_table, source_id, theme)
        select source_table, source_id, 'dream' from storyreel.videos""",
    "revisions_number_key": """
        insert into storyreel.revisions (video_id, number, kind, story, priority, preview)
        select video_id, 1, 'rerender', '', 0, false from storyreel.revisions""",
    "takes_take_key_key": """
        insert into storyreel.takes
          (take_key, model, parameters, prompt, negative_prompt, seed, emulated, created_at)
        select take_key, '', '{}', '', '', 1, true, now() from storyreel.takes""",
    "shots_number_key": """
        insert into storyreel.shots (revision_id, number, take_id)
        select revision_id, number, take_id from storyreel.shots""",
    "renders_attempt_key": NEW_RENDER
    + "select take_id, 1, 1, 'fal', '', 0, 0, 0, now(), 'cancelled', null, now(), null from storyreel.renders",
    "renders_one_live": NEW_RENDER
    + "select take_id, 1, 2, 'fal', '', 0, 0, 0, now(), 'waiting', now(), null, null from storyreel.renders",
    "renditions_path_key": """
        insert into storyreel.renditions
        select key, 'video', 'b', 'p', 't', 1, 1, 1, null, now() from unnest(array['k', 'l']) key""",
    "renders_request_key": NEW_RENDER
    + "select take_id, 1, 3, 'fal', '', 0, 0, 0, now(), 'cancelled', null, now(), request_id from"
    + " storyreel.renders",
}


async def test_each_unique_index_prevents_what_its_line_says(world: World) -> None:
    """Two videos of a story, two newest revisions, two takes of a key, two live renders, one file of two, …"""
    await world.submitted()

    for constraint, statement in UNIQUE.items():
        with pytest.raises(psycopg.errors.UniqueViolation) as refused:
            await world.owner.execute(statement)
        assert refused.value.diag.constraint_name == constraint
