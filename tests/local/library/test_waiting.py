"""Waiting for a clip by the provider: who waits for nobody is told so."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from functions.services import open_services
from functions.settings import read
from local.library.description import read_library
from local.library.rendering import obtain
from storage.buckets.disk import DiskBucket
from tests.conftest import DatabaseUrls
from tests.local.library.small import described, every

PAID = '[[theme]]\nname = "ocean"\n[[theme.clip]]\nprompt = "A whale swims"\n'


async def test_where_no_worker_runs_it_is_told(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    """Once nothing has come for a while; it waits on, for a worker may be started."""
    (loop,) = every(read_library(described(tmp_path / "clips", PAID)))
    settings = {
        "SUPABASE_URL": "http://127.0.0.1:1",
        "SUPABASE_DB_URL": database_urls.worker,
        "SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789",
        "STORYREEL_BUCKET_FOLDER": str(tmp_path / "buckets"),
        "FAL_KEY": "id:secret",
    }
    told = list[str]()

    def tell(sentence: str) -> None:
        told.append(sentence)
        if "no worker" in sentence:
            waiting.cancel()

    async with (
        open_services(read(settings, cores=1), connections=1) as services,
        DiskBucket(tmp_path / "buckets", "videos", public_base_url="http://files.test") as bucket,
    ):
        hasty = replace(services, timing=replace(services.timing, plan_lease=timedelta(0)))
        waiting = asyncio.create_task(obtain(hasty, bucket, loop, tmp_path / "clip.mp4", tell=tell))
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert told[0] == "waiting for theme 'ocean', clip 1: A whale swims"
    assert told[1].startswith("theme 'ocean', clip 1: nothing has come for 0 s, and no worker seems to run: start")
