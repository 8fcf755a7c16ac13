"""Buckets in Google Cloud Storage, with a service account's key: how they are signed for. Makes none."""

from datetime import timedelta
from functools import partial

import obstore
from obstore.exceptions import BaseError
from obstore.store import GCSStore

from pipeline.errors import BucketRefused
from storage.buckets.keys import escaped
from storage.buckets.objects import USUAL_PATIENCE, ObjectBucket, Patience, Vendor

ADDRESS = "https://storage.googleapis.com"


def gcs_bucket(
    name: str,
    *,
    key: str,
    is_public: bool,
    public_base_url: str | None = None,
    address: str = ADDRESS,
    patience: Patience = USUAL_PATIENCE,
) -> ObjectBucket:
    """The `Bucket` port over Google's XML API. Raises `BucketRefused` for a key that is none.

    `key` is the JSON that Google gives for a service account, which needs the role Storage Object User on the
    bucket; with it addresses are signed here. `public_base_url`: another than Google's, at which files are read.
    """
    try:
        store = GCSStore(
            name,
            service_account_key=key,
            base_url=address,
            skip_signature=False,
            client_options=patience.client(address),
            retry_config=patience.retries(),
        )
    except BaseError:  # whose text may quote the key
        raise BucketRefused(
            "the service account's key cannot be used: give the JSON file as Google made it in STORYREEL_GCS_KEY, "
            "and unset Google's own variables GOOGLE_SERVICE_ACCOUNT and GOOGLE_SERVICE_ACCOUNT_PATH"
        ) from None
    own_address = f"{address}/{name}"
    return ObjectBucket(
        name,
        Vendor(store, partial(_signed, store), partial(_make, name), secret=key),
        own_address=own_address,
        public_base_url=(public_base_url or own_address) if is_public else None,
        patience=patience,
    )


async def _signed(store: GCSStore, path: str, seconds: int) -> str:
    """Of the path escaped: obstore puts it into the address, and under the signature, as it is given."""
    return await obstore.sign_async(store, "GET", escaped(path), timedelta(seconds=seconds))


async def _make(name: str) -> None:
    """A bucket belongs to a project and lies in a place for good: those are for its owner to choose."""
    raise BucketRefused(
        f"there is no bucket {name!r} in Google Cloud Storage. Make it: gcloud storage buckets create gs://{name} "
        "--location=<where your users are> --uniform-bucket-level-access"
    )
