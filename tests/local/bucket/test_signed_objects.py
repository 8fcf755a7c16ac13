"""Signed addresses of the local server: made with the key, used without it, in Supabase's words."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from storage3 import AsyncStorageClient
from storage3.exceptions import StorageApiError

from local.bucket.server import routes
from storage.buckets.disk import DiskBucket
from supabase import AsyncClientOptions, acreate_client
from tests.conftest import Clock
from tests.storage.buckets.servers import serving

SIGN = "/storage/v1/object/sign/clips"
PATH = "a b/ü+.mp4"


@pytest.fixture
def address(root: Path, secret: str, clock: Clock) -> Iterator[str]:
    with serving(Starlette(routes=routes(root, secret=secret, clock=clock))) as address:
        yield address


@pytest.fixture
async def browser(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address) as browser:
        yield browser


@pytest.fixture(autouse=True)
async def clip(root: Path, disk: DiskBucket, tmp_path: Path) -> None:
    """In a bucket that is then private."""
    (tmp_path / "source").write_bytes(b"clip")
    await disk.put(PATH, tmp_path / "source", content_type="video/mp4")
    (root / "clips~bucket.json").write_text(json.dumps({"public": False}))


async def signed(browser: httpx.AsyncClient, secret: str, body: object) -> httpx.Response:
    return await browser.post(f"{SIGN}/{PATH}", json=body, headers={"apikey": secret})


async def test_the_package_signs_and_anyone_reads(address: str, secret: str, browser: httpx.AsyncClient) -> None:
    """The whole address comes from the real client."""
    async with httpx.AsyncClient() as http:
        supabase = await acreate_client(address, secret, AsyncClientOptions(httpx_client=http))
        found = await supabase.storage.from_("clips").create_signed_url(PATH, 60)

    reply = await browser.get(str(found["signedURL"]))

    assert (reply.status_code, reply.content) == (200, b"clip")


async def test_the_answer_is_supabases(browser: httpx.AsyncClient, secret: str) -> None:
    """A path below `/storage/v1`, unescaped: the clients escape it."""
    reply = await signed(browser, secret, {"expiresIn": 60})

    assert reply.status_code == 200
    assert reply.json()["signedURL"].startswith(f"/object/sign/clips/{PATH}?token=ey")


async def test_what_is_not_there_is_not_signed(address: str, secret: str) -> None:
    """not_found, as of any missing object; and Bucket not found."""
    async with httpx.AsyncClient() as http:
        storage: AsyncStorageClient = (
            await acreate_client(address, secret, AsyncClientOptions(httpx_client=http))
        ).storage
        with pytest.raises(StorageApiError) as no_object:
            await storage.from_("clips").create_signed_url("missing.mp4", 60)
        with pytest.raises(StorageApiError) as no_bucket:
            await storage.from_("missing").create_signed_url(PATH, 60)

    assert (no_object.value.status, no_object.value.code) == ("404", "not_found")
    assert (no_bucket.value.status, no_bucket.value.code) == ("404", "Bucket not found")


@pytest.mark.parametrize("told", [0, -1, 1.5, "0", "", "1e3", "a minute", "\u0661", None, True, [60], 10**11])
async def test_how_long_is_a_whole_number_of_seconds(
    browser: httpx.AsyncClient, secret: str, told: object
) -> None:
    """At least one."""
    reply = await signed(browser, secret, {"expiresIn": told})

    assert (reply.status_code, reply.json()["statusCode"]) == (400, "400")


async def test_refusals_in_supabases_words(browser: httpx.AsyncClient, secret: str, clock: Clock) -> None:
    """HTTP 400 each, with the reason in the body; readable across origins, so that an app can tell them apart."""
    where, _, token = (await signed(browser, secret, {"expiresIn": 60})).json()["signedURL"].partition("?token=")
    address = f"/storage/v1{where}"

    async def told(url: str) -> dict[str, str]:
        reply = await browser.get(url)
        assert reply.status_code == 400
        assert reply.headers["access-control-allow-origin"] == "*"
        answer: dict[str, str] = reply.json()
        return answer

    forged = await told(f"{address}?token={token[:-3]}AAA")
    another = await told(f"{SIGN}/other.mp4?token={token}")
    assert await told(address) == {
        "statusCode": "400",
        "error": "Error",
        "message": "querystring must have required property 'token'",
        "code": "InvalidRequest",
    }
    assert (forged["error"], forged["message"]) == ("InvalidJWT", "signature verification failed")
    assert (another["error"], another["message"]) == ("InvalidSignature", "Invalid signature")
    clock.advance(seconds=61)
    expired = await told(f"{address}?token={token}")
    assert (expired["error"], expired["message"]) == ("InvalidJWT", '"exp" claim timestamp check failed')


async def test_an_object_that_is_gone_is_not_found(browser: httpx.AsyncClient, secret: str, root: Path) -> None:
    """A good signature brings nothing back, and does not say what became of it."""
    address = f"/storage/v1{(await signed(browser, secret, {'expiresIn': 60})).json()['signedURL']}"
    (root / "clips" / PATH).unlink()

    assert (await browser.get(address)).json()["error"] == "not_found"


async def test_a_known_object_is_not_sent_again_and_head_is_answered(
    browser: httpx.AsyncClient, secret: str
) -> None:
    """As of public ones: players ask for the length first, and browsers whether what they have still holds."""
    address = f"/storage/v1{(await signed(browser, secret, {'expiresIn': 60})).json()['signedURL']}"

    head = await browser.head(address)

    assert (head.status_code, head.headers["content-length"], head.content) == (200, "4", b"")
    known = {"if-none-match": head.headers["etag"]}
    assert (await browser.get(address, headers=known)).status_code == 304


async def test_the_key_alone_reads_a_private_bucket_too(browser: httpx.AsyncClient, secret: str) -> None:
    """As workers do; without it, it looks as if it were not there."""
    path = f"/storage/v1/object/clips/{PATH}"

    assert (await browser.get(path, headers={"apikey": secret})).content == b"clip"
    assert (await browser.get(path)).json()["error"] == "Unauthorized"
    hidden = await browser.get(f"/storage/v1/object/public/clips/{PATH}")
    assert (hidden.status_code, hidden.json()["error"]) == (400, "Bucket not found")
