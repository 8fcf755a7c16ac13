"""`storyreel doctor` on a whole deployment: all is well, and what its bucket lacks is mended where asked."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.cli.running import Ended, storyreel
from tests.end_to_end.conftest import Stack, running_stack


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with running_stack(tmp_path_factory.mktemp("doctor") / ".storyreel") as made:
        yield made


def by_api(stack: Stack, bucket: str) -> Mapping[str, str]:
    """The same deployment with its files in Supabase Storage, as the stack's own server plays it."""
    kept = {name: value for name, value in stack.info.settings.items() if name != "STORYREEL_BUCKET_FOLDER"}
    return {**kept, "STORYREEL_BUCKET": bucket}


def doctor(settings: Mapping[str, str], *arguments: str) -> Ended:
    return storyreel("doctor", *arguments, settings=settings)


async def test_a_deployment_in_which_all_is_well_is_told_so(stack: Stack) -> None:
    """Exit code 0, and a line for each part; the round trip leaves nothing in the bucket."""
    ended = doctor(stack.info.settings)

    assert (ended.code, ended.said) == (0, ""), ended
    assert ended.out.endswith("\nall is well\n")
    assert "put, head, get, list, read, type, caching, range, delete" in ended.out
    assert list(Path(stack.info.bucket_folder).rglob("doctor/*")) == []


async def test_a_bucket_that_is_not_there_is_made_where_that_is_asked(stack: Stack) -> None:
    """With the limits that our files need; not otherwise."""
    settings = by_api(stack, "fresh")

    looked = doctor(settings)
    assert looked.code == 1
    assert "-> storyreel doctor --fix" in looked.out
    fixed = doctor(settings, "--fix")
    assert (fixed.code, "mended: there is no bucket" in fixed.out) == (0, True), fixed
    assert doctor(settings).code == 0


async def test_a_bucket_that_takes_too_little_is_widened_where_that_is_asked(stack: Stack) -> None:
    """Whatever it took before it takes still."""
    settings = by_api(stack, "narrow")
    async with httpx.AsyncClient(base_url=settings["SUPABASE_URL"], trust_env=False) as http:
        key = settings["SUPABASE_SECRET_KEY"]
        made = {"id": "narrow", "name": "narrow", "public": True, "allowed_mime_types": ["image/png"]}
        headers = {"apikey": key, "authorization": f"Bearer {key}"}
        assert (await http.post("/storage/v1/bucket", json=made, headers=headers)).is_success

        looked, fixed, again = doctor(settings), doctor(settings, "--fix"), doctor(settings)

        assert (looked.code, fixed.code, again.code) == (1, 0, 0), fixed
        assert "video/mp4" in looked.out
        taken = (await http.get("/storage/v1/bucket/narrow", headers=headers)).json()["allowed_mime_types"]
        assert set(taken) >= {"image/png", "video/mp4"}
