"""What each kind of private bucket promises: it is read with a signed address, until then, and in no other way.

S3's addresses are judged by `sigv4`, Google's by `google`: moto looks neither at a signature nor at its expiry.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from pipeline.errors import BucketRefused, ObjectMissing
from pipeline.ports import Bucket, StoredObject
from tests.contract.conftest import REFUSED, SPECIAL, Put, is_refused
from tests.storage.buckets.places import PRIVATE, Places

FOR_EVER = "X-Amz-Expires=60000&X-Goog-Expires=60000&exp=99999999999&se=2999-01-01T00%3A00%3A00Z"


@pytest.fixture(autouse=True)
def _clock_goes_right_again(places: Places) -> Iterator[None]:
    yield
    places.clock.ahead = timedelta()


@pytest.mark.parametrize("kind", PRIVATE)
@pytest.mark.parametrize("path", ["clip.mp4", *SPECIAL])
async def test_whoever_has_a_signed_address_reads_the_object(
    bucket: Bucket, put: Put, browser: httpx.AsyncClient, path: str
) -> None:
    """Without any key, byte for byte, with its type, whatever letters are in its path."""
    await put(path, b"clip " + path.encode())

    reply = await browser.get(await bucket.sign(path, seconds=600))

    assert (reply.status_code, reply.content) == (200, b"clip " + path.encode())
    assert reply.headers["content-type"] == "video/mp4"


@pytest.mark.parametrize("kind", PRIVATE)
async def test_a_player_seeks_in_a_signed_address(bucket: Bucket, put: Put, browser: httpx.AsyncClient) -> None:
    """206 with the bytes asked for."""
    await put("clip.mp4", b"0123456789")

    reply = await browser.get(await bucket.sign("clip.mp4", seconds=600), headers={"range": "bytes=2-4"})

    assert (reply.status_code, reply.content) == (206, b"234")
    assert reply.headers["content-range"] == "bytes 2-4/10"


@pytest.mark.parametrize("kind", PRIVATE)
async def test_a_signed_address_expires(
    places: Places, bucket: Bucket, put: Put, browser: httpx.AsyncClient
) -> None:
    """Good until then, and never again."""
    await put("clip.mp4")
    address = await bucket.sign("clip.mp4", seconds=600)

    places.clock.ahead = timedelta(seconds=300)
    assert (await browser.get(address)).content == b"clip"
    places.clock.ahead = timedelta(seconds=601)
    assert is_refused(await browser.get(address))


@pytest.mark.parametrize("kind", PRIVATE)
async def test_no_parameter_prolongs_an_address(
    places: Places, bucket: Bucket, put: Put, browser: httpx.AsyncClient
) -> None:
    """Nor is its expiry moved by one of the same name before or behind it."""
    await put("clip.mp4")
    address = await bucket.sign("clip.mp4", seconds=600)
    places.clock.ahead = timedelta(seconds=601)
    where, _, query = address.partition("?")

    for forged in (
        re.sub("Expires=600&", "Expires=60000&", re.sub("se=20..", "se=2999", address)),
        f"{address}&{FOR_EVER}",
        f"{where}?{FOR_EVER}&{query}",
    ):
        assert is_refused(await browser.get(forged))


@pytest.mark.parametrize("kind", PRIVATE)
async def test_nobody_reads_without_the_signature(
    places: Places, bucket: Bucket, put: Put, browser: httpx.AsyncClient
) -> None:
    """Neither at the same address without it, nor at one as public buckets have, nor with a part of it missing."""
    await put("clip.mp4")
    address = await bucket.sign("clip.mp4", seconds=600)
    plain = address.partition("?")[0]
    at_home = f"{places.local}/storage/v1/object"

    for tried in (
        plain,
        f"{plain}?token=",
        address[:-3],  # a letter or two, or the escape of one
        address[: address.index("=") + 1],
        plain.replace("/object/sign/", "/object/public/"),
        f"{at_home}/{bucket.name}/clip.mp4",
        f"{at_home}/info/{bucket.name}/clip.mp4",
        f"{at_home}/authenticated/{bucket.name}/clip.mp4",
    ):
        assert is_refused(await browser.get(tried)), tried


@pytest.mark.parametrize("kind", PRIVATE)
async def test_a_changed_signature_is_refused(bucket: Bucket, put: Put, browser: httpx.AsyncClient) -> None:
    """Wherever in it a letter is another one."""
    await put("clip.mp4")
    address = await bucket.sign("clip.mp4", seconds=600)
    start = max(address.rfind(word) for word in ("Signature=", "token=", "sig=")) + len("Signature=")

    for place in range(start, len(address) - 3, (len(address) - start) // 8):
        letter = "0" if address[place] != "0" else "1"
        assert is_refused(await browser.get(f"{address[:place]}{letter}{address[place + 1 :]}")), place


@pytest.mark.parametrize("kind", PRIVATE)
async def test_a_signature_is_for_one_object(
    places: Places, kind: str, bucket: Bucket, put: Put, clip: Path, browser: httpx.AsyncClient
) -> None:
    """Another path or another bucket is refused, though it be one spelt nearly the same."""
    for path in ("takes/a.mp4", "takes/b.mp4", "takes/a.mp4.mp4", "a.mp4"):
        await put(path)
    address = await bucket.sign("takes/a.mp4", seconds=600)
    async with places.bucket(kind, f"other-{bucket.name}") as other:
        places.prepare(kind, f"other-{bucket.name}")
        await other.ensure()
        await other.put("takes/a.mp4", clip, content_type="video/mp4")

    for tried in (
        address.replace("/takes/a.mp4", "/takes/b.mp4"),
        address.replace("/takes/a.mp4", "/takes/a.mp4.mp4"),
        address.replace("/takes/a.mp4", "/a.mp4"),
        address.replace("/takes/a.mp4", "/takes"),
        address.replace("/takes/a.mp4", "/takes/../a.mp4"),
        address.replace("/takes/a.mp4", "/takes%2F..%2Fa.mp4"),
        address.replace("/takes/a.mp4", "/takes/%2e%2e/a.mp4"),
        address.replace(f"/{bucket.name}/", f"/other-{bucket.name}/"),
        address.replace(f"/{bucket.name}/takes/", f"/{bucket.name}/{quote(bucket.name)}/takes/"),
    ):
        assert is_refused(await browser.get(tried)), tried


@pytest.mark.parametrize("kind", PRIVATE)
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
async def test_a_signature_is_for_reading(
    bucket: Bucket, put: Put, browser: httpx.AsyncClient, method: str
) -> None:
    """Its holder changes nothing."""
    await put("clip.mp4")
    address = await bucket.sign("clip.mp4", seconds=600)

    reply = await browser.request(method, address, content=b'{"expiresIn": 600}')

    assert reply.status_code in REFUSED | {405}
    assert "token" not in reply.text
    assert await bucket.list("") == [StoredObject("clip.mp4", 4, "video/mp4")]


@pytest.mark.parametrize("kind", PRIVATE)
async def test_the_holder_chooses_no_headers(bucket: Bucket, put: Put, browser: httpx.AsyncClient) -> None:
    """A file is not served as a page, nor under another name, because an address was written on."""
    await put("clip.mp4")
    address = await bucket.sign("clip.mp4", seconds=600)

    reply = await browser.get(
        f"{address}&response-content-type=text/html&response-content-disposition=attachment&download=virus.exe"
    )

    assert is_refused(reply) or (
        reply.headers["content-type"] == "video/mp4" and "content-disposition" not in reply.headers
    )


@pytest.mark.parametrize("kind", PRIVATE)
async def test_of_what_is_not_there_nothing_is_read(bucket: Bucket, browser: httpx.AsyncClient, kind: str) -> None:
    """Said when it is signed where signing shows it, and else when it is asked for."""
    if kind in {"private s3", "private gcs", "private azure"}:
        assert is_refused(await browser.get(await bucket.sign("no/such.mp4", seconds=600)))
        return

    with pytest.raises(ObjectMissing):
        await bucket.sign("no/such.mp4", seconds=600)


@pytest.mark.parametrize("kind", PRIVATE)
@pytest.mark.parametrize("seconds", [0, -1, 604_801])
async def test_no_address_is_signed_for_longer_than_every_bucket_can(
    bucket: Bucket, put: Put, seconds: int
) -> None:
    """S3's limit, a week, is that of all; less than a second is none."""
    await put("clip.mp4")

    with pytest.raises(BucketRefused, match="1 to 604800 seconds"):
        await bucket.sign("clip.mp4", seconds=seconds)
    assert await bucket.sign("clip.mp4", seconds=604_800)
