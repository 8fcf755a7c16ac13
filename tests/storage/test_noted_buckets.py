"""What is written down of the bucket that a process opens: the app's addresses are computed from it."""

from pathlib import Path

import psycopg

from storage.buckets.disk import DiskBucket
from storage.buckets.signing import url_signer
from storage.database import Database
from storage.deployment import note_bucket
from tests.conftest import Clock

LOOK = """
    select name, public_base_url, is_public, storyreel.public_url('videos', 'a.mp4'), xmin::text
    from storyreel.buckets
"""


def bucket(folder: Path, host: str, *, private: bool = False) -> DiskBucket:
    signer = url_signer("a secret of the stack", Clock()) if private else None
    return DiskBucket(folder, "videos", public_base_url=host, signer=signer)


async def noted(owner: psycopg.AsyncConnection) -> tuple[object, ...]:
    (row,) = await (await owner.execute(LOOK)).fetchall()
    return tuple(row)


async def test_a_public_bucket_has_addresses(
    database: Database, owner: psycopg.AsyncConnection, tmp_path: Path
) -> None:
    """Under the domain of the process that came last; written only where it is another one."""
    await note_bucket(database, bucket(tmp_path, "https://old.example"))
    await note_bucket(database, bucket(tmp_path, "https://new.example"))
    first = await noted(owner)
    await note_bucket(database, bucket(tmp_path, "https://new.example"))

    base = "https://new.example/storage/v1/object/public/videos"
    assert first[:4] == ("videos", base, True, f"{base}/a.mp4")
    assert await noted(owner) == first


async def test_a_bucket_that_was_made_private_has_none_any_more(
    database: Database, owner: psycopg.AsyncConnection, tmp_path: Path
) -> None:
    """From the moment that a process opens it as that; and has them again when it is public again."""
    await note_bucket(database, bucket(tmp_path, "https://x.example"))
    await note_bucket(database, bucket(tmp_path, "https://x.example", private=True))

    assert (await noted(owner))[:4] == (
        "videos",
        "https://x.example/storage/v1/object/sign/videos",
        False,
        None,
    )
    await note_bucket(database, bucket(tmp_path, "https://x.example"))
    assert (await noted(owner))[3] == "https://x.example/storage/v1/object/public/videos/a.mp4"
