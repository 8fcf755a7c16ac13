"""Containers in Azure Blob Storage, with an account's key. Signs their addresses itself, and makes none."""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from obstore.exceptions import BaseError
from obstore.store import AzureStore

from pipeline.errors import BucketRefused
from storage.buckets.keys import object_url
from storage.buckets.objects import USUAL_PATIENCE, ObjectBucket, Patience, Vendor

SAS_VERSION = "2023-11-03"
"""Of the signature's form, which has been the same since 2020-12-06."""


def azure_bucket(
    name: str,
    *,
    account: str,
    key: str,
    endpoint: str | None,
    is_public: bool,
    public_base_url: str | None = None,
    patience: Patience = USUAL_PATIENCE,
) -> ObjectBucket:
    """The `Bucket` port over a container of that name.

    `key` is one of the account's two access keys. `endpoint` None is Azure's public cloud. `public_base_url`:
    another address than the container's own, at which its files are read.
    """
    address = endpoint or f"https://{account}.blob.core.windows.net"
    try:
        store = AzureStore(
            name,
            # All that could come from Azure's own variables is said here, since obstore reads them. Of encryption
            # it knows no "none"; that variable the settings refuse.
            account_name=account,
            account_key=key,
            credential_type="access_key",
            endpoint=address,
            use_emulator=False,
            skip_signature=False,
            client_options=patience.client(address),
            retry_config=patience.retries(),
        )
    except (BaseError, ValueError):  # whose text may quote the key
        raise BucketRefused(
            "there is no reaching Azure with these settings: look at STORYREEL_AZURE_ACCOUNT, STORYREEL_AZURE_KEY "
            "and STORYREEL_AZURE_ENDPOINT, and unset Azure's own variables, AZURE_..."
        ) from None
    own_address = f"{address}/{name}"
    return ObjectBucket(
        name,
        Vendor(
            store, partial(_signed, account, key, name, own_address), partial(_make, account, name), secret=key
        ),
        own_address=own_address,
        public_base_url=(public_base_url or own_address) if is_public else None,
        patience=patience,
    )


async def _signed(account: str, key: str, name: str, own_address: str, path: str, seconds: int) -> str:
    """Without a start, so that a clock which is ahead makes no address that holds later only."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    query = sas(account, key, f"{name}/{path}", until=until)
    return f"{object_url(own_address, path)}?{query}"


def sas(account: str, key: str, blob: str, *, until: datetime) -> str:
    """The query that lets anyone read the blob, `<container>/<path>`, until then. Pure.

    A service SAS (learn.microsoft.com/rest/api/storageservices/create-service-sas). Not obstore's: 0.12 signs the
    escaped path where Azure wants the plain one, so addresses with a blank or an umlaut in them are refused.
    """
    given = {"sp": "r", "se": until.strftime("%Y-%m-%dT%H:%M:%SZ"), "sv": SAS_VERSION, "sr": "b"}
    lines = [
        *(given["sp"], "", given["se"]),  # what is allowed, from when, until when
        f"/blob/{account}/{blob}",
        *("", "", "", given["sv"], given["sr"]),  # no stored policy, from any IP address, by any protocol
        *(
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ),  # no snapshot, no encryption scope, and no header that the reader may choose
    ]
    signature = hmac.digest(base64.b64decode(key), "\n".join(lines).encode(), "sha256")
    return urlencode({**given, "sig": base64.b64encode(signature).decode()})


async def _make(account: str, name: str) -> None:
    """Who may read a container is said when it is made, and that is for its owner to say."""
    raise BucketRefused(
        f"there is no container {name!r} in the storage account {account!r}. Make it: "
        f"az storage container create --account-name {account} --name {name}, and for a public one "
        "--public-access blob"
    )
