"""Promises of an account's tokens: for which apps they are, how long, and that they go."""

from itertools import count

import pytest

from local.fal.account import Account

ENDPOINT = "fal-ai/flux/schnell"


def account() -> Account:
    secrets = (f"token-{number}" for number in count(1))
    return Account(key="id:secret", new_secret=lambda: next(secrets))


@pytest.mark.parametrize(
    ("app", "endpoint"),
    [
        ("flux", ENDPOINT),
        ("fal-ai/flux", ENDPOINT),
        (ENDPOINT, ENDPOINT),
        ("flow", "workflows/me/flow"),
        ("workflows/me/flow", "workflows/me/flow"),
    ],
)
def test_a_token_is_for_an_app_however_it_is_named(app: str, endpoint: str) -> None:
    """By alias, by owner and alias, or by a whole endpoint id."""
    one = account()
    query = {"fal_jwt_token": one.issue_token([app], seconds=60, now=0)}

    assert one.refusal_of_run({}, query, endpoint, now=59) is None
    assert one.refusal_of_run({}, query, endpoint, now=60) is not None
    assert one.refusal_of_run({}, query, "fal-ai/other", now=0) is not None


def test_tokens_are_gone_when_they_have_expired() -> None:
    """Those for uploads, too."""
    one = account()
    for now in range(100):
        one.issue_token(["flux"], seconds=10, now=now)
        one.issue_upload_token(seconds=10, now=now)

    assert (len(one._tokens), len(one._upload_tokens)) == (10, 10)


def test_an_upload_asks_for_a_token_of_its_own() -> None:
    one = account()
    shown = {"authorization": f"Bearer {one.issue_upload_token(seconds=10, now=0)}"}

    assert one.refusal_of_upload(shown, now=9) is None
    assert one.refusal_of_upload(shown, now=10) is not None
    assert one.refusal_of_upload({"authorization": "Key id:secret"}, now=0) is not None
