"""What buckets in Google's cloud do that the contract does not show."""

import json

import pytest

from pipeline.errors import BucketRefused
from storage.buckets.gcs import gcs_bucket
from tests.storage.buckets.google import ServiceAccount


@pytest.fixture(scope="module")
def account() -> ServiceAccount:
    return ServiceAccount()


async def test_google_itself_needs_no_address(account: ServiceAccount) -> None:
    """Its files are reached at its own, or at one that is said."""
    public = gcs_bucket("clips", key=account.key, is_public=True)
    elsewhere = gcs_bucket("clips", key=account.key, is_public=True, public_base_url="https://cdn.example/")
    private = gcs_bucket("clips", key=account.key, is_public=False)

    signed = await private.sign("a b.mp4", seconds=60)

    assert public.url("a b.mp4") == "https://storage.googleapis.com/clips/a%20b.mp4"
    assert elsewhere.url("a.mp4") == "https://cdn.example/a.mp4"
    assert signed.startswith("https://storage.googleapis.com/clips/a%20b.mp4?X-Goog-Algorithm=GOOG4-RSA-SHA256&")


@pytest.mark.parametrize("private_key", ["", "secret-but-no-key", "-----BEGIN PRIVATE KEY-----\nsecret\n"])
def test_a_key_that_signs_nothing_is_refused_and_not_shown(account: ServiceAccount, private_key: str) -> None:
    """When the bucket is opened."""
    key = json.dumps({**json.loads(account.key), "private_key": private_key})

    with pytest.raises(BucketRefused, match="STORYREEL_GCS_KEY") as caught:
        gcs_bucket("clips", key=key, is_public=True)

    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
