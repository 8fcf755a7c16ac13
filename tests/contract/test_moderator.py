"""The promises of the `Moderator` port, run against what users have: rules alone, with an endpoint, and none."""

import tomllib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ModerationError
from pipeline.model import Opinion
from pipeline.moderation.endpoint import EndpointModerator
from pipeline.moderation.moderators import FailingOpen, InTurn, OfflineRules, Pausing
from pipeline.ports import Moderator
from tests.pipeline.moderation.endpoint_server import KEY, MODEL, ModerationEndpoint, serving

HARMLESS = "A whale swims through the stars"
NOT_ALLOWED = ["Write to jane.miller@gmail.com.", "A deepfake of the president."]
ENGLISH = tomllib.loads((Path(__file__).parents[1] / "pipeline" / "moderation" / "harmless.toml").read_text())[
    "english"
]

Make = Callable[[httpx.AsyncClient, str], Moderator]


def _asking(http: httpx.AsyncClient, url: str) -> Moderator:
    asking = EndpointModerator(http, base_url=url, key=KEY, model=MODEL)
    return Pausing(asking, clock=lambda: datetime(2026, 11, 21, tzinfo=UTC))


IMPLEMENTATIONS: dict[str, Make] = {
    "rules": lambda *_: OfflineRules(),
    "rules, endpoint": lambda http, url: InTurn(OfflineRules(), _asking(http, url)),
    "rules, endpoint that may fail": lambda http, url: InTurn(OfflineRules(), FailingOpen(_asking(http, url))),
}


@pytest.fixture
async def endpoint() -> AsyncIterator[ModerationEndpoint]:
    async with serving() as endpoint:
        yield endpoint


@pytest.fixture(params=IMPLEMENTATIONS)
async def moderator(request: pytest.FixtureRequest, endpoint: ModerationEndpoint) -> AsyncIterator[Moderator]:
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:
        yield IMPLEMENTATIONS[request.param](http, endpoint.url)


async def test_a_harmless_text_passes(moderator: Moderator) -> None:
    """And somebody has said so."""
    judgement = await moderator.judge(HARMLESS)

    assert judgement.opinion is Opinion.PASSED
    assert judgement.by in {"rules", "endpoint"}
    assert judgement.category is None


@pytest.mark.parametrize("text", NOT_ALLOWED)
async def test_a_text_that_is_not_allowed_is_rejected(
    moderator: Moderator, endpoint: ModerationEndpoint, text: str
) -> None:
    """By the rules, whoever stands behind them: it is sent to nobody."""
    judgement = await moderator.judge(text)

    assert (judgement.opinion, judgement.by) == (Opinion.REJECTED, "rules")
    assert judgement.category
    assert endpoint.questions == []


async def test_the_same_text_is_judged_alike(moderator: Moderator) -> None:
    """Equal stories share a clip, and so they must a verdict."""
    for text in (HARMLESS, *NOT_ALLOWED):
        assert await moderator.judge(text) == await moderator.judge(text)


async def test_many_texts_are_judged_at_once(moderator: Moderator) -> None:
    """Each for itself."""
    for text in ENGLISH[:10]:
        assert (await moderator.judge(text)).opinion is Opinion.PASSED


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200))
async def test_any_text_is_judged(moderator: Moderator, text: str) -> None:
    """A verdict has somebody who gave it, and a rejection a category; the text is in neither."""
    judgement = await moderator.judge(text)

    assert (judgement.by is None) == (judgement.opinion is Opinion.UNCHECKED)
    assert (judgement.category is None) == (judgement.opinion is not Opinion.REJECTED)


async def test_where_it_cannot_say_it_fails_in_a_way_that_can_pass(
    moderator: Moderator, endpoint: ModerationEndpoint
) -> None:
    """Or leaves the text unchecked; it never says that it passed."""
    endpoint.away = True
    try:
        judgement = await moderator.judge(HARMLESS)
    except ModerationError as error:
        assert not error.permanent  # noqa: PT017 - either may be
    else:
        assert judgement.by != "endpoint"
        assert judgement.opinion is Opinion.UNCHECKED or judgement.by == "rules"
