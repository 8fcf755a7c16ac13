"""Buckets that speak S3 (AWS, Tigris, R2, MinIO, Supabase's own endpoint): how they are signed for, and made."""

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import httpx
import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from pipeline.errors import BucketRefused, BucketUnavailable
from storage.buckets.object_errors import from_answer
from storage.buckets.objects import USUAL_PATIENCE, ObjectBucket, Patience, Vendor

if TYPE_CHECKING:  # obstore has it for type checkers alone
    from obstore.store import S3Credential

USUAL_REGION = "us-east-1"
"""AWS refuses to hear it named when a bucket is made, and demands every other one."""

_OURS_ALREADY = "BucketAlreadyOwnedByYou"
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def s3_bucket(
    name: str,
    *,
    endpoint: str | None,
    region: str,
    access_key: str,
    secret_key: str,
    session_token: str | None = None,
    public_base_url: str | None,
    patience: Patience = USUAL_PATIENCE,
) -> ObjectBucket:
    """The `Bucket` port over S3, path-style. Raises `BucketRefused` for a name that no bucket has.

    `endpoint` None is AWS itself. `public_base_url` is what stands before the path in a public URL, the bucket's
    own domain or the endpoint with the bucket's name; None says that the bucket is private.
    """
    address = endpoint or f"https://s3.{region}.amazonaws.com"
    try:
        store = S3Store(
            name,
            # All that could come from AWS's own variables is said here: obstore reads them, and Lambda sets them.
            # Of encryption and checksums it knows no "none"; those variables the settings refuse.
            aws_endpoint_url_s3=address,
            endpoint=address,
            region=region,
            skip_signature=False,
            virtual_hosted_style_request=False,
            request_payer=False,
            s3_express=False,
            unsigned_payload=False,
            disable_bulk_delete=True,
            credential_provider=partial(_credentials, access_key, secret_key, session_token),
            client_options=patience.client(address),
            retry_config=patience.retries(),
        )
    except (BaseError, ValueError):  # whose text may quote what a variable holds
        raise BucketRefused(
            "there is no reaching S3 with these settings: look at STORYREEL_S3_ENDPOINT and STORYREEL_S3_REGION, "
            "and unset AWS's own variables, AWS_..."
        ) from None
    vendor = Vendor(store, partial(_signed, store), partial(_make, store, name, region, patience), secret_key)
    own_address = f"{address}/{name}"
    return ObjectBucket(name, vendor, own_address=own_address, public_base_url=public_base_url, patience=patience)


def _credentials(access_key: str, secret_key: str, session_token: str | None) -> "S3Credential":
    """Asked for once, since none of them expires."""
    return {
        "access_key_id": access_key,
        "secret_access_key": secret_key,
        "token": session_token,
        "expires_at": None,
    }


async def _signed(store: S3Store, path: str, seconds: int) -> str:
    return await obstore.sign_async(store, "GET", path, timedelta(seconds=seconds))


async def _make(store: S3Store, name: str, region: str, patience: Patience) -> None:
    """CreateBucket, which obstore has not: a PUT to the bucket's own address, which obstore does sign."""
    what = f"making bucket {name!r}"
    address = await obstore.sign_async(store, "PUT", "", timedelta(seconds=60))
    try:
        async with httpx.AsyncClient(timeout=httpx.Timeout(patience.silence, connect=patience.connect)) as http:
            reply = await http.put(address, content=_place(region), headers={"content-type": "application/xml"})
    except httpx.HTTPError as error:
        raise BucketUnavailable(f"{what}: no answer ({type(error).__name__})") from None
    if not reply.is_success and _OURS_ALREADY not in reply.text:  # another worker was first
        raise from_answer(reply.status_code, reply.text, what)


def _place(region: str) -> bytes:
    if region == USUAL_REGION:
        return b""
    constraint = f"<LocationConstraint>{region}</LocationConstraint>"
    return f'<CreateBucketConfiguration xmlns="{_NAMESPACE}">{constraint}</CreateBucketConfiguration>'.encode()
