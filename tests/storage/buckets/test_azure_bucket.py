"""What containers in Azure do that the contract does not show."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from obstore.store import AzureStore

from pipeline.errors import BucketRefused
from storage.buckets.azure import azure_bucket, sas
from tests.storage.buckets.servers import silent_address

KEY = "YSBrZXkgb2YgYW4gYWNjb3VudA=="


async def test_azure_itself_needs_no_endpoint() -> None:
    """Files are reached at the account's own host, or at one that is said."""
    public = azure_bucket("clips", account="stories", key=KEY, endpoint=None, is_public=True)
    elsewhere = azure_bucket(
        "clips", account="stories", key=KEY, endpoint=None, is_public=True, public_base_url="https://cdn.example/"
    )
    private = azure_bucket("clips", account="stories", key=KEY, endpoint=None, is_public=False)

    signed = await private.sign("a b.mp4", seconds=60)

    assert public.url("a b.mp4") == "https://stories.blob.core.windows.net/clips/a%20b.mp4"
    assert elsewhere.url("a.mp4") == "https://cdn.example/a.mp4"
    assert signed.startswith("https://stories.blob.core.windows.net/clips/a%20b.mp4?sp=r&se=")


async def test_no_key_is_in_a_repr() -> None:
    """It stands in tracebacks and logs."""
    bucket = azure_bucket("clips", account="stories", key=KEY, endpoint=None, is_public=False)

    assert KEY not in repr(vars(bucket))


@pytest.mark.parametrize(("key", "endpoint"), [("%-no-key-%", None), (KEY, "http://[")])
def test_what_the_client_cannot_be_made_of_is_a_refusal(key: str, endpoint: str | None) -> None:
    """And no error of a package of which nobody has heard."""
    with pytest.raises(BucketRefused, match=r"STORYREEL_AZURE_ACCOUNT.*AZURE_"):
        azure_bucket("clips", account="stories", key=key, endpoint=endpoint, is_public=False)


def test_an_address_is_signed_for_reading_one_blob_from_now_on() -> None:
    """Without a start: a clock that is ahead would make an address that holds later only."""
    given = dict(parse_qsl(sas("stories", KEY, "clips/a.mp4", until=datetime(2026, 1, 2, 3, 4, 5, 6, UTC))))

    assert given.pop("sig")
    assert given == {"sp": "r", "se": "2026-01-02T03:04:05Z", "sv": "2023-11-03", "sr": "b"}


async def test_only_what_is_said_counts_whatever_azure_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure's own hosts set its variables for other accounts."""
    for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_TOKEN", "AZURE_STORAGE_SAS_TOKEN"):
        monkeypatch.setenv(name, "another")
    monkeypatch.setenv("AZURE_STORAGE_USE_EMULATOR", "true")
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", silent_address())

    bucket = azure_bucket("clips", account="stories", key=KEY, endpoint=None, is_public=False)

    store = bucket._store
    assert isinstance(store, AzureStore)
    assert store.config["account_name"] == "stories"
    assert store.config["endpoint"] == "https://stories.blob.core.windows.net"
