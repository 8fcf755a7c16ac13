"""Row security as an app writes it: a user is looked for with the very policies that the API goes by."""

import json
from collections.abc import AsyncIterator

import pytest

from local.postgres import EmbeddedPostgres
from tests.functions.user_sites import ANNA, RowSite, open_site


@pytest.fixture(scope="module")
async def site(postgres: EmbeddedPostgres, _template: str) -> AsyncIterator[RowSite]:
    async with open_site(RowSite, postgres, _template, "users_policies") as opened:
        yield opened


async def test_a_restrictive_policy_counts(site: RowSite) -> None:
    """For instance: nothing without a second factor."""
    table = await site.table()
    await site.do(
        f"create policy second on public.{table} as restrictive to authenticated"
        " using (auth.jwt() ->> 'aal' = 'aal2')"
    )
    key = await site.put(table, ANNA)

    await site.assert_hidden(ANNA, table, key)
    await site.assert_made(ANNA, table, key, claims={"aal": "aal2"})


async def test_row_security_without_a_policy_shows_nothing(site: RowSite) -> None:
    table = await site.table(None)
    await site.do(f"alter table public.{table} enable row level security")

    await site.assert_hidden(ANNA, table, await site.put(table, ANNA))


async def test_a_policy_of_another_role_is_not_the_users(site: RowSite) -> None:
    """Those of anon, of the service and of the workers' own login show a user nothing."""
    table = await site.table("false")
    for role in ("anon", "service_role", "storyreel"):
        await site.do(f"create policy for_{role} on public.{table} to {role} using (true)")

    await site.assert_hidden(ANNA, table, await site.put(table, ANNA))


async def test_a_policy_that_may_not_read_what_it_asks_is_a_no(site: RowSite) -> None:
    """PostgREST would answer the user 42501; here the row is not theirs to see."""
    await site.do("create table public.private_members (member uuid)")
    table = await site.table("auth.uid() in (select member from public.private_members)")

    await site.assert_hidden(ANNA, table, await site.put(table, ANNA))


async def test_policies_see_the_whole_token(site: RowSite) -> None:
    """auth.uid(), and every claim by auth.jwt(): the organisation, the role, the e-mail address."""
    table = await site.table(
        "auth.jwt() -> 'app_metadata' ->> 'org' = org and auth.jwt() ->> 'role' = 'authenticated'"
        " and auth.jwt() ->> 'email' like '%@example.com' and auth.uid() = owner"
        " and current_user = 'authenticated'",
        columns=", org text",
    )
    org = "Ünï'corp \\ {x} %s"
    key = await site.put(table, ANNA, org=org)

    others: list[dict[str, object]] = [
        {"app_metadata": {"org": "other"}},
        {"app_metadata": {}},
        {"user_metadata": {"org": org}},
    ]
    for claims in others:
        await site.assert_hidden(ANNA, table, key, claims=claims)
    await site.assert_made(ANNA, table, key, claims={"app_metadata": {"org": org}})


MEMBERSHIP = "select exists (select from members m where m.team = $1 and m.member = auth.uid())"


@pytest.mark.parametrize(
    "function",
    [
        f"language sql stable as '{MEMBERSHIP}'",
        f"language sql stable security definer as '{MEMBERSHIP}'",
        f"language plpgsql stable as 'begin return ({MEMBERSHIP}); end'",
    ],
    ids=["sql", "definer", "plpgsql"],
)
async def test_policies_may_call_functions_that_name_tables_plainly(site: RowSite, function: str) -> None:
    """As apps write them: `members`, which their API finds in public, and so must we."""
    await site.do(
        "create table if not exists public.members (team int, member uuid)",
        "grant select on public.members to authenticated",
        f"insert into public.members values (1, '{ANNA}')",
        f"create or replace function public.is_member(team int) returns boolean {function}",
    )
    table = await site.table("is_member(team)", columns=", team int")

    await site.assert_made(ANNA, table, await site.put(table, ANNA, team=1))
    await site.assert_hidden(ANNA, table, await site.put(table, ANNA, team=2))
    await site.do("drop function public.is_member cascade")


@pytest.mark.parametrize(
    "claims",
    [
        {"user_metadata": {"name": "a\0b"}},
        {"user_metadata": {"\0": 1}},
        {"user_metadata": {"name": "\ud800"}},
        {"user_metadata": {"n": 1e308, "m": 10**400}},
        {"user_metadata": {"nan": float("nan")}},
        {"user_metadata": {"long": "x" * 6000}},
        {"'; reset role; --": "'; reset role; --"},
        *({"user_metadata": json.loads("[" * depth + "]" * depth)} for depth in (200, 450, 700, 900)),
    ],
    ids=lambda claims: ascii(claims)[:50],
)
async def test_nothing_that_a_token_may_say_is_a_fault_of_ours(site: RowSite, claims: dict[str, object]) -> None:
    """Users choose much of their own metadata; whatever Postgres cannot hold is a no, not a 500."""
    table = await site.table()
    answer = await site.ask(ANNA, table, await site.put(table, ANNA), claims=claims)

    assert answer.status_code in {202, 401, 404, 422}, answer.text


async def test_a_policy_that_fails_leaves_the_connection_in_order(site: RowSite) -> None:
    """An app's own mistake, here a division by zero, is not answered with a video; and the next call works."""
    table = await site.table("1 / (length(body) - length(body)) = 1")
    key = await site.put(table, ANNA)
    before = await site.videos()
    for _ in range(10):
        answer = await site.ask(ANNA, table, key)
        assert answer.status_code >= 400
        assert "division" not in answer.text
    assert await site.videos() == before

    good = await site.table()
    await site.assert_made(ANNA, good, await site.put(good, ANNA))
