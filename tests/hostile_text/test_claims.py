"""Strangers' text in what a user's own token says of them: users may write parts of it themselves."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest

from tests.conftest import DatabaseUrls
from tests.functions.serving import Door, open_door
from tests.hostile_text.corpus import STORABLE, UNSTORABLE
from tests.hostile_text.test_calls import assert_answered

SECRET = "the-projects-own-legacy-jwt-secret-0123456789"


@pytest.fixture(scope="module")
async def door(own_database: DatabaseUrls) -> AsyncIterator[Door]:
    async with open_door(own_database.worker, SUPABASE_JWT_SECRET=SECRET) as opened:
        yield opened


@pytest.mark.parametrize("text", [*STORABLE.values(), *UNSTORABLE.values()], ids=[*STORABLE, *UNSTORABLE])
async def test_a_user_of_any_name_is_a_user_or_refused(door: Door, text: str) -> None:
    """RLS policies see the claims as they are; what no database takes makes no fault of ours."""
    claims = {
        "sub": str(UUID(int=9)),
        "role": "authenticated",
        "aud": "authenticated",
        "iss": f"{door.url}/auth/v1",
        "exp": datetime.now(UTC) + timedelta(hours=1),
        "user_metadata": {"name": text[:200], text[:100]: [text[:200]]},
        "email": text[:200],
    }
    shown = {"authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}", "apikey": ""}

    for call in ({"text": "A whale", "id": "mine"}, {"table": "stories", "id": str(UUID(int=1))}):
        answer = await door.post(json=call, headers=shown)

        assert_answered(answer)
        assert answer.status_code in ({202, 404} if text in STORABLE.values() else {401, 404, 422}), answer.text
