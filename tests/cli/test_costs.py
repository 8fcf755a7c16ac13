"""`storyreel costs` and `storyreel settle`: what was spent, what of it is exact, and what a person settles."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from click import UsageError

from cli.main import command
from cli.wording.costs import costs_lines
from storage.money import Costs, ManyUnanswered, Spending
from tests.cli.deployment import Deployment
from tests.cli.running import assert_sentence
from tests.storage.builders import CLIP

PRICED, UNPRICED = "fal-ai/wan-t2v", "fal-ai/fast-animatediff/turbo/text-to-video"
NOBODY = ManyUnanswered(0, [])
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def test_all_that_was_spent_is_shown_and_what_is_not_exact(deployment: Deployment) -> None:
    """Three tables, the endpoints without a price, and the renders that wait for a person, as text and as JSON."""
    world = deployment.world
    await world.waiting("dear", endpoint=UNPRICED)
    render = await world.admit()
    await world.submit(render, "r1")
    await world.conclude(render.id, CLIP)
    settle = world.stores.renders.settle
    await settle(render.id, units=Decimal(3), cost=Decimal("0.0475"), now=world.clock())
    await world.waiting("lost", endpoint=PRICED, estimate="0.2")
    lost = await world.admit()
    await world.lose(lost)

    text = deployment.run("costs").out
    found = deployment.as_json("costs", "--by", "model")

    day = f"{world.clock():%Y-%m-%d}"
    for head, key in (("day (UTC)", day), ("model", "lightning"), ("owner", "(no owner)")):
        line = next(line for line in text.splitlines() if line.startswith(key))
        assert line.removeprefix(key).split() == ["2", "0.0100", "0.0475", "0.0375", "0.2000"]
        assert f"\n{head} " in text
    assert "all of it emulated (no money flowed)" in text
    assert f"No price is published for {UNPRICED}:" in text
    assert PRICED in text.partition("No price")[2].partition("were lost")[2], "only as what waits for a person"
    assert f"\n{lost.id}  {PRICED} " in text
    assert (found["model"][0]["billed_usd"], found["model"][0]["overrun_usd"]) == (0.0475, 0.0375)
    assert found["ever"] == {"billed_usd": 0.0475, "reserved_usd": 0.2}
    assert found["without_published_price"] == [UNPRICED]
    assert [row["render"] for row in found["unanswered"]] == [str(lost.id)]
    assert not {"day", "owner"} & found.keys()


async def test_a_person_settles_a_lost_answer_once(deployment: Deployment) -> None:
    """With what the bill says; a second time it is refused, with the first figure."""
    world = deployment.world
    render = await world.admitted()
    await world.lose(render)

    done = deployment.run("settle", str(render.id), "--usd", "0.05")

    assert (done.code, done.said) == (0, "")
    assert "cost $0.05; the $0.01 that was reserved for it is free" in done.out
    assert await world.ledger(render.id) == {"reserved": Decimal("0.01"), "settled": Decimal("0.05")}
    assert_sentence(deployment.run("settle", str(render.id), "--nothing"), "settled already, at $0.0500")


@pytest.mark.parametrize("arguments", [[], ["--usd", "1", "--nothing"], ["--usd", "five"], ["--usd", "-1"]])
def test_what_is_no_figure_is_refused_before_anything_is_opened(arguments: list[str]) -> None:
    """No deployment is needed to say so."""
    with pytest.raises(UsageError, match="--usd"):
        command.main(["settle", str(UUID(int=1)), *arguments], standalone_mode=False)


def spent(key: str | None, billed: str, *, emulated: bool = False) -> Spending:
    usd = Decimal(billed)
    return Spending(key, emulated, 1, usd, usd, Decimal(0), Decimal(0), Decimal(0))


def text(by: str, *rows: Spending, totals: list[Spending]) -> str:
    costs = Costs(
        {"day": [], "model": [], "owner": [], "endpoint": [], by: rows, "total": totals}, Decimal(0), Decimal(1)
    )
    return "\n".join(costs_lines(costs, NOBODY, since=NOW, chosen=[by]))


def test_a_long_table_ends_in_the_sum_of_the_rest() -> None:
    """So that what is shown adds up to the total."""
    rows = [spent(str(UUID(int=number)), "0.01") for number in range(1000)]

    lines = text("owner", *rows, totals=[spent(None, "10")]).splitlines()

    rest = next(line for line in lines if line.startswith("and "))
    assert rest.split()[:5] == ["and", "970", "more", "970", "9.7000"]
    assert len(lines) < 40


def test_real_and_emulated_money_stand_in_lines_of_their_own() -> None:
    """Where there are both; the sums too."""
    both = [spent("lightning", "0.5"), spent("lightning", "0.25", emulated=True)]
    said = text("model", *both, totals=[spent(None, "0.5"), spent(None, "0.25", emulated=True)])

    assert "all of it emulated" not in said
    for line in ("lightning", "lightning (emulated)", "in all", "in all (emulated)"):
        assert f"\n{line}  " in said
    assert "counts against the limits" in said


def test_nothing_spent_is_said_in_a_sentence() -> None:
    """Not in an empty table."""
    said = text("day", totals=[])

    assert "Nothing was billed or reserved." in said
    assert "estimated" not in said
