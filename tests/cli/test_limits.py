"""`storyreel limits` and `resume`: what is set is shown, what cannot be meant is told with what would do."""

from decimal import Decimal

import pytest
from click import UsageError

from cli.wording.limits import ALL, OF_DEPLOYMENT, OF_PROVIDER, columns, parse
from tests.cli.deployment import Deployment
from tests.cli.running import assert_sentence

GIVEN = (
    "day=20", "owner-day=1", "story=0.50", "total=500", "owner-stories-per-hour=20", "overrun=2.5",
    "overrun-bills=10", "slots=9", "owner-slots=2", "per-minute=60",
)  # fmt: skip


def test_what_is_set_is_shown_and_can_be_lifted(deployment: Deployment) -> None:
    """Every limit by its name; `none` lifts those that may be lifted, and leaves the others."""
    set_ = deployment.as_json("limits", "set", *GIVEN)
    shown = deployment.run("limits").out
    lifted = deployment.as_json(
        "limits", "set", "day=none", "owner-slots=NONE", "overrun=none", "--provider", "fal"
    )

    assert set_ == {
        "day": 20.0, "owner-day": 1.0, "story": 0.5, "total": 500.0, "owner-stories-per-hour": 20, "overrun": 2.5,
        "overrun-bills": 10, "providers": {"fal": {"slots": 9, "owner-slots": 2, "per-minute": 60}},
    }  # fmt: skip
    values = {line.split()[0]: line.split()[1] for line in shown.splitlines() if line.startswith("  ")}
    assert values == {
        "day": "$20.00", "owner-day": "$1.00", "story": "$0.50", "total": "$500.00",
        "owner-stories-per-hour": "20", "overrun": "2.5", "overrun-bills": "10", "slots": "9", "owner-slots": "2",
        "per-minute": "60",
    }  # fmt: skip
    fal = {"slots": 9, "owner-slots": None, "per-minute": 60}
    assert lifted == set_ | {"day": None, "overrun": None, "providers": {"fal": fal}}


async def test_a_provider_that_there_is_not_is_told_with_those_that_there_are(deployment: Deployment) -> None:
    """And nothing is set, not even what belongs to none."""
    assert_sentence(deployment.run("limits", "set", "day=1", "--provider", "fla"), "no provider 'fla', but fal")
    assert_sentence(deployment.run("resume", "fla"), "no provider 'fla', but fal")
    assert await deployment.world.one("select day_usd from storyreel.limits") == (None,)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["day=lots"], ("day is 'lots'", "US dollars", "20 or 0.50", "or none")),
        (["day=-1"], ("day is '-1'",)),
        (["story=0.0000001"], ("story is '0.0000001'",)),
        (["total=1e9"], ("999999",)),
        (["total=nan"], ("total is 'nan'",)),
        (["day="], ("day is ''",)),
        (["slots=0"], ("slots is '0'", "whole number from 1")),
        (["slots=2.5"], ("slots is '2.5'",)),
        (["slots=9999999999"], ("to 100000",)),
        (["per-minute=²"], ("per-minute is '²'",)),
        (["slots=none"], ("slots is 'none'",)),
        (["overrun=0.5"], ("overrun is '0.5'", "from 1 to 1000", "or none")),
        (["dya=20"], ("no limit 'dya'", "did you mean day?", "owner-stories-per-hour")),
        (["day"], ("'day' is not NAME=VALUE",)),
        (["day=1", "day=2"], ("day is given twice",)),
        (["x" * 5000 + "=1"], ("no limit",)),
        (["day=" + "9" * 5000], ("day is '999",)),
    ],
)
def test_a_bad_value_is_told_with_what_would_do(given: list[str], words: tuple[str, ...]) -> None:
    """The limit, the value, and what it may be."""
    with pytest.raises(UsageError) as raised:
        parse(given)

    for word in words:
        assert word in raised.value.message
    assert len(raised.value.message) < 400


@pytest.mark.parametrize("name", ALL)
def test_only_what_can_be_lifted_offers_none(name: str) -> None:
    """In the sentence that says what would do, as in what is taken."""
    with pytest.raises(UsageError) as raised:
        parse([f"{name}=x"])

    assert ("or none" in raised.value.message) == ALL[name].may_be_none
    if ALL[name].may_be_none:
        assert parse([f"{name}=none"]) == {name: None}


def test_what_is_read_goes_to_the_column_it_belongs_to() -> None:
    """Each limit is the deployment's or a provider's."""
    given = parse(["day=0.5", "slots=3", "story=none"])

    assert columns(given, OF_DEPLOYMENT) == {"day_usd": Decimal("0.5"), "story_usd": None}
    assert columns(given, OF_PROVIDER) == {"slots": 3}
    assert not OF_DEPLOYMENT.keys() & OF_PROVIDER.keys()
    assert OF_DEPLOYMENT.keys() | OF_PROVIDER.keys() == ALL.keys()
