"""What `storyreel doctor` tells of a bucket: of each kind that users have, when all is well and when it is not."""

from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from pipeline.ports import Bucket
from storage.buckets.disk import DiskBucket
from storage.buckets.round_trip import SAMPLE, Finding, caching_complaint, round_trip
from storage.buckets.signing import url_signer
from tests.storage.buckets.places import Places, let_everyone_read
from tests.storage.buckets.servers import silent_address

STEPS = ["put", "head", "get", "list", "read", "type", "caching", "range", "delete"]


def complaints(findings: list[Finding]) -> dict[str, str]:
    return {each.what: each.sentence for each in findings if not each.ok}


def test_the_sample_is_a_picture() -> None:
    """So that a bucket that takes what we store takes it."""
    with Image.open(BytesIO(SAMPLE)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (1, 1))


async def test_a_bucket_that_works_passes(places: Places, kind: str, bucket: Bucket) -> None:
    """Every step, of every kind; and nothing is left behind."""
    if kind == "s3":
        let_everyone_read(places.s3, bucket.name)

    findings = await round_trip(bucket, marker=uuid4())

    assert complaints(findings) == {}
    expected = STEPS if bucket.is_public else [*STEPS[:-1], "closed", "delete"]
    assert [each.what for each in findings] == expected
    assert await bucket.list("") == []
    assert all("token=" not in each.sentence and "Signature=" not in each.sentence for each in findings)


async def test_a_bucket_that_is_not_there_says_so_once(places: Places) -> None:
    """What follows from it is left out, and nothing is raised."""
    async with places.bucket("supabase", "never-made") as bucket:
        findings = await round_trip(bucket, marker=uuid4())

    assert (findings[0].what, findings[0].ok) == ("put", False)
    assert "doctor --fix" in findings[0].sentence
    assert len(findings) == 2


async def test_nobody_at_the_address(tmp_path: Path) -> None:
    """A folder whose server does not run: the files are there, and nobody sees them."""
    bucket = DiskBucket(tmp_path, "clips", public_base_url=silent_address())
    await bucket.ensure()

    findings = await round_trip(bucket, marker=uuid4())

    assert list(complaints(findings)) == ["read"]
    assert "STORYREEL_PUBLIC_URL" in complaints(findings)["read"]
    assert await bucket.list("") == []


async def test_a_public_bucket_that_strangers_cannot_read(places: Places) -> None:
    """Its owner is told where to open it."""
    async with places.bucket("private disk", "shut") as private:
        await private.ensure()
        shut = DiskBucket(places.root, "shut", public_base_url=places.local)
        findings = await round_trip(shut, marker=uuid4())

    assert list(complaints(findings)) == ["read"]
    assert "STORYREEL_BUCKET_ACCESS=private" in complaints(findings)["read"]


@pytest.mark.parametrize("kind", ["disk", "supabase"])
async def test_a_private_bucket_that_everyone_reads(places: Places, kind: str) -> None:
    """Opened behind our back, it is found out at the address at which strangers would read it."""
    name = f"{kind}-opened"
    async with places.bucket(kind, name) as public, places.bucket(f"private {kind}", name) as private:
        await public.ensure()
        findings = await round_trip(private, marker=uuid4())

    assert "closed" in complaints(findings)
    assert f"/object/public/{name}/" in complaints(findings)["closed"]


async def test_a_signature_that_is_refused_is_not_repeated(places: Places) -> None:
    """Made with another secret than the server's: what was wrong is told without the address that is as good."""
    signer = url_signer("another secret", places.clock)
    bucket = DiskBucket(places.root, "mistaken", public_base_url=places.local, signer=signer)
    await bucket.ensure()

    findings = complaints(await round_trip(bucket, marker=uuid4()))

    assert list(findings) == ["read"]
    assert "answered HTTP 400" in findings["read"]
    assert "token" not in findings["read"]


@pytest.mark.parametrize(
    ("told", "is_public", "complaint"),
    [
        ("public, max-age=31536000", True, None),
        ("max-age=31536000", False, None),
        ("private, max-age=31536000", False, None),
        ("no-cache", False, None),
        ("Public, MAX-AGE=60", True, None),
        ("public, max-age=31536000", False, "expired"),
        ("max-age=60, s-maxage=60", False, "expired"),
        ("", True, "guess"),
        ("immutable", True, "guess"),
    ],
)
def test_caches_keep_what_they_may(told: str, is_public: bool, complaint: str | None) -> None:
    """A public file as long as they like; a private one not for others; and nobody has to guess."""
    found = caching_complaint(told, is_public=is_public)

    assert (found is None) if complaint is None else (found is not None and complaint in found)
