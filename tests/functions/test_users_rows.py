"""`generate-video` for a signed-in user's row: only what row security shows them, and of that only their own."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from local.postgres import EmbeddedPostgres
from tests.functions.serving import assert_problem
from tests.functions.user_sites import ANNA, BERT, OWN, RowSite, open_site


@pytest.fixture(scope="module")
async def site(postgres: EmbeddedPostgres, _template: str) -> AsyncIterator[RowSite]:
    async with open_site(RowSite, postgres, _template, "users_rows") as opened:
        yield opened


async def test_a_row_of_the_users_own_gets_its_video(site: RowSite) -> None:
    """Once, however often it is asked for; of the example table, too."""
    table = await site.table()
    key = await site.put(table, ANNA)
    for _ in range(2):
        await site.assert_made(ANNA, table, key)
    assert await site.rows("select count(*) from storyreel.videos where source_id = %s", key) == [(1,)]

    story = uuid4()
    await site.do(
        "set session_replication_role = replica",
        f"insert into public.stories (id, owner_id, text) values ('{story}', '{ANNA}', 'A whale')",
        "set session_replication_role = origin",
    )
    await site.assert_made(ANNA, "stories", str(story), schema="public")


async def test_others_rows_are_not_there(site: RowSite) -> None:
    """Hidden by row security; nor one that is nobody's."""
    table = await site.table()

    await site.assert_hidden(BERT, table, await site.put(table, ANNA))
    await site.assert_hidden(ANNA, table, await site.put(table, None))


async def test_a_row_that_all_may_read_is_still_its_owners(site: RowSite) -> None:
    """Reading it costs nothing, a video of it does."""
    for policy in ("true", None):
        table = await site.table(policy)
        key, nobodys = await site.put(table, ANNA), await site.put(table, None)

        await site.assert_hidden(BERT, table, key)
        await site.assert_hidden(BERT, table, nobodys)
        await site.assert_made(ANNA, table, key)


async def test_an_owned_row_that_is_hidden_stays_hidden(site: RowSite) -> None:
    """The app has reasons of its own, such as a row that was deleted or blocked."""
    table = await site.table(f"{OWN} and not blocked", columns=", blocked boolean default false")
    blocked, free = await site.put(table, ANNA, blocked=True), await site.put(table, ANNA)

    await site.assert_hidden(ANNA, table, blocked)
    await site.assert_made(ANNA, table, free)


async def test_a_table_that_is_nobodys_is_no_users(site: RowSite) -> None:
    """Without an owner column nobody can say whose its rows are."""
    for policy in (OWN, "true", None):
        table = await site.table(policy, owned=False)
        await site.assert_hidden(ANNA, table, await site.put(table, ANNA))


async def test_a_table_that_users_may_not_read_is_not_there(site: RowSite) -> None:
    """Since 2026-10-30 that is how every new table is; nor where they may not enter its schema."""
    table = await site.table("true")
    await site.do(f"revoke all on public.{table} from authenticated")
    await site.assert_hidden(ANNA, table, await site.put(table, ANNA))

    await site.do("create schema closed")
    hidden = await site.table("true", schema="closed")
    key = await site.put(hidden, ANNA, schema="closed")
    await site.assert_hidden(ANNA, hidden, key, schema="closed")
    await site.do("grant usage on schema closed to authenticated")
    await site.assert_made(ANNA, hidden, key, schema="closed")


async def test_a_table_of_which_users_read_some_columns(site: RowSite) -> None:
    """A grant by column: that is no fault of ours, whichever way it is decided."""
    table = await site.table()
    await site.do(
        f"revoke all on public.{table} from authenticated",
        f"grant select (id, body) on public.{table} to authenticated",
    )
    answer = await site.ask(ANNA, table, await site.put(table, ANNA))

    assert answer.status_code in {202, 404}, answer.text


@pytest.mark.parametrize(
    "key", ["uuid", "bigint", "smallint", "text", "numeric(9)", "date", "public.slug", "public.mood"]
)
async def test_an_id_that_is_no_key_is_404(site: RowSite, key: str) -> None:
    """Whatever type the table's key has: nothing of the sender's becomes SQL, or a fault."""
    await site.do(
        "drop domain if exists public.slug cascade",
        "create domain public.slug as text check (value ~ '^[a-z]{3}$')",
        "drop type if exists public.mood cascade; create type public.mood as enum ('glad')",
    )
    table = await site.table("true", key=key)
    for name in (
        "x",
        "-",
        "'",
        "1; drop table x",
        "1 or 1=1",
        "9" * 40,
        "NaN",
        "\u0661",
        "..",
        "{}",
        "a" * 190,
        "\u202e",
    ):
        await site.assert_hidden(ANNA, table, name)


@pytest.mark.parametrize(
    ("key", "value", "spellings"),
    [
        ("uuid", UUID(int=0xABC), [str(UUID(int=0xABC)).upper(), UUID(int=0xABC).hex, f"{{{UUID(int=0xABC)}}}"]),
        ("bigint", 7, ["07", " 7", "+7", "7 "]),
        ("varchar(5)", "abcde", ["abcdefgh"]),
        ("numeric(9, 2)", 1, ["1", "1.001"]),
        ("date", "2026-11-21", ["20261121", "21 nov 2026"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_key_that_is_spelt_otherwise_is_the_row_or_none(
    site: RowSite, key: str, value: object, spellings: list[str]
) -> None:
    """Postgres reads more than it writes: either that is the row's video, or it is no key and nothing is made."""
    table = await site.table(key=key)
    own = await site.put(table, ANNA, id=value)
    for spelling in spellings:
        before = await site.videos()
        answer = await site.ask(ANNA, table, spelling)
        if answer.status_code == 202:
            assert answer.json()["source_id"] == own
        else:
            assert_problem(answer, 404)
            assert await site.videos() == before, f"404, and yet a video was made by {spelling!r}"


async def test_an_id_that_no_row_has_is_404(site: RowSite) -> None:
    """And said in the same words as of a row that is hidden."""
    table = await site.table()
    hidden, missing = await site.put(table, BERT), str(uuid4())
    said = []
    for key in (hidden, missing):
        answer = await site.ask(ANNA, table, key)
        said.append((answer.status_code, answer.text.replace(key, "<id>")))

    assert said[0] == said[1]
    assert said[0][0] == 404


@pytest.mark.parametrize(
    ("schema", "table"),
    [
        ("public", "nothing"),
        ("nowhere", "stories"),
        ("pg_catalog", "pg_authid"),
        ("storyreel", "videos"),
        ("storyreel", "limits"),
        ("information_schema", "tables"),
        ("public", "story_videos"),
        ("public", 'stories"; drop table public.stories; --'),
        ("public", "stories where true; --"),
        ("public", "stories, storyreel.limits"),
        ("public", "public.stories"),
        ("public.stories", "x"),
        ("public", "STORIES"),
        ("public", "%I"),
        ("public", "\u202estories"),
        ("pg_temp", "stories"),
    ],
)
async def test_a_table_that_was_never_attached_is_404(site: RowSite, schema: str, table: str) -> None:
    """Ours, the system's, or none at all: not told apart from one that is hidden."""
    await site.assert_hidden(ANNA, table, str(uuid4()), schema=schema)


async def test_a_row_is_looked_at_anew_each_time(site: RowSite) -> None:
    """That it had a video when it was seen does not show it to a token that sees it no more."""
    table = await site.table("auth.jwt() -> 'app_metadata' ->> 'org' = 'one'")
    key = await site.put(table, ANNA)
    await site.assert_made(ANNA, table, key, claims={"app_metadata": {"org": "one"}})

    await site.assert_hidden(ANNA, table, key, claims={"app_metadata": {"org": "two"}})


async def test_a_row_that_changed_hands_is_no_more_its_former_owners(site: RowSite) -> None:
    """Not even where its video was made in the former owner's time."""
    table = await site.table()
    key = await site.put(table, ANNA)
    await site.assert_made(ANNA, table, key)
    await site.do(f"update public.{table} set owner = '{BERT}'")

    await site.assert_hidden(ANNA, table, key)


@pytest.mark.parametrize(
    "claims", [{"sub": str(BERT)}, {"owner": str(BERT)}, {"role": "authenticated", "uid": str(BERT)}]
)
async def test_the_owner_is_whom_the_token_names_and_no_other_claim(
    site: RowSite, claims: dict[str, object]
) -> None:
    """A row shown to all: only `sub` decides."""
    table = await site.table("true")
    key = await site.put(table, ANNA)
    answer = await site.ask(ANNA, table, key, claims=claims)

    assert answer.status_code == (404 if "sub" in claims else 202)
