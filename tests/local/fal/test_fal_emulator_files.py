"""Promises of files: uploads whole and in parts, lifetimes, and who may read."""

import json
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.fal.files import Files
from local.fal.lifecycle import Lifecycle
from local.fal.uploads import LASTS, MOST, Uploads
from tests.local.fal.emulated import MODEL, Running

Start = Callable[..., Awaitable[Running]]
ALIEN = {"Authorization": "Key other"}


async def cdn_token(fal: Running) -> dict[str, str]:
    answer = (await fal.http.post("/rest/storage/auth/token?storage_type=fal-cdn-v3", json={})).json()
    assert answer["base_url"] == f"{fal.url}/cdn"
    return {"Authorization": f"{answer['token_type']} {answer['token']}"}


async def initiate(fal: Running, kind: str = "initiate", **headers: str) -> dict[str, Any]:
    about = {"file_name": "cat.png", "content_type": "image/png"}
    return dict((await fal.http.post(f"/rest/storage/upload/{kind}", json=about, headers=headers)).json())


async def film(fal: Running, lifecycle: dict[str, Any]) -> str:
    headers = {"X-Fal-Object-Lifecycle-Preference": json.dumps(lifecycle)}
    answer = await fal.http.post(f"/run/{MODEL}", json={"prompt": "x"}, headers=headers)
    return str(answer.json()["video"]["url"])


async def test_a_whole_upload_can_be_read_by_anyone(start: Start) -> None:
    fal = await start(key="id:secret")
    headers = {**await cdn_token(fal), "Content-Type": "image/png", "X-Fal-File-Name": "cat.png"}
    uploaded = await fal.http.post("/cdn/files/upload", content=b"a cat", headers=headers)
    read = await fal.http.get(uploaded.json()["access_url"], headers=ALIEN)

    assert (read.content, read.headers["content-type"]) == (b"a cat", "image/png")
    assert uploaded.json()["access_url"].endswith(".png")


async def test_an_initiated_upload_is_put_without_a_key(start: Start) -> None:
    """Its address is the right to write; before that there is nothing to read."""
    fal = await start(key="id:secret")
    begun = await initiate(fal)
    before = await fal.http.get(begun["file_url"])
    put = await fal.http.put(begun["upload_url"], content=b"a cat", headers=ALIEN)

    assert before.status_code == 404
    assert put.status_code == 200
    assert (await fal.http.get(begun["file_url"])).content == b"a cat"


async def test_parts_are_joined_in_order_however_they_come(start: Start) -> None:
    fal = await start()
    begun = await initiate(fal, "initiate-multipart")
    parts = {}
    for number, content in ((2, b"-two"), (1, b"lost"), (3, b"-three"), (1, b"one")):
        parts[number] = (await fal.http.put(f"{begun['upload_url']}/{number}", content=content)).json()
    done = await fal.http.post(f"{begun['upload_url']}/complete", json={"parts": list(parts.values())})

    assert done.status_code == 200
    assert (await fal.http.get(begun["file_url"])).content == b"one-two-three"


async def test_parts_below_the_files_own_address_work_alike(start: Start) -> None:
    """As fal's Python client sends them."""
    fal = await start()
    headers = await cdn_token(fal)
    begun = (await fal.http.post("/cdn/files/upload/multipart", headers=headers)).json()
    below = f"{begun['access_url']}/multipart/{begun['uploadId']}"
    part = await fal.http.put(f"{below}/1", content=b"all", headers=headers)
    named = {"parts": [{"partNumber": 1, "etag": part.headers["etag"]}]}
    done = await fal.http.post(f"{below}/complete", json=named, headers=headers)

    assert (part.status_code, done.status_code) == (200, 200)
    assert (await fal.http.get(begun["access_url"])).content == b"all"


@pytest.mark.parametrize(
    "named",
    [
        {"parts": []},
        {"parts": [{"partNumber": 1, "etag": "wrong"}]},
        {"parts": [{"partNumber": 7, "etag": "x"}]},
        {"parts": [{"partNumber": 0, "etag": "x"}]},
        {},
    ],
)
async def test_parts_that_were_not_uploaded_complete_nothing(start: Start, named: dict[str, Any]) -> None:
    """And the upload goes on."""
    fal = await start()
    begun = await initiate(fal, "initiate-multipart")
    part = (await fal.http.put(f"{begun['upload_url']}/1", content=b"one")).json()
    refused = await fal.http.post(f"{begun['upload_url']}/complete", json=named)
    done = await fal.http.post(f"{begun['upload_url']}/complete", json={"parts": [part]})

    assert (refused.status_code, done.status_code) == (400, 200)


async def test_an_unknown_upload_is_404(start: Start) -> None:
    fal = await start()
    answers = [
        await fal.http.put("/cdn/uploads/none", content=b"x"),
        await fal.http.put("/cdn/uploads/none/1", content=b"x"),
        await fal.http.post("/cdn/uploads/none/complete", json={"parts": []}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 3


async def test_uploads_ask_for_a_token_and_tokens_for_the_key(start: Start) -> None:
    fal = await start(key="id:secret")
    late = await cdn_token(fal)
    fal.clock.forward(3601)

    async def status(path: str, headers: dict[str, str]) -> int:
        return (await fal.http.post(path, json={}, headers=headers)).status_code

    assert await status("/rest/storage/auth/token", ALIEN) == 401
    assert await status("/rest/storage/upload/initiate", ALIEN) == 401
    assert [await status("/cdn/files/upload", headers) for headers in (ALIEN, late)] == [401, 401]


async def test_a_file_lives_as_long_as_was_asked(start: Start) -> None:
    fal = await start()
    short, long = await film(fal, {"expiration_duration_seconds": 60}), await film(fal, {})
    alive = (await fal.http.get(short)).status_code
    fal.clock.forward(60)

    assert [alive, (await fal.http.get(short)).status_code] == [200, 404]
    assert (await fal.http.get(long)).status_code == 200


@pytest.mark.parametrize(("default", "status"), [("allow", 200), ("forbid", 403), ("hide", 404)])
async def test_a_file_is_read_by_those_who_may(start: Start, default: str, status: int) -> None:
    """The account's own key always opens it."""
    fal = await start(key="id:secret")
    url = await film(fal, {"initial_acl": {"default": default}})

    assert (await fal.http.get(url)).status_code == 200
    async with httpx.AsyncClient() as stranger:
        assert (await stranger.get(url)).status_code == status


@pytest.mark.parametrize(
    "header", ["{", "[]", '{"expiration_duration_seconds": -1}', '{"initial_acl": {"default": "x"}}']
)
async def test_a_lifecycle_that_makes_no_sense_is_refused(start: Start, header: str) -> None:
    fal = await start()
    answer = await fal.http.post(
        f"/{MODEL}", json={"prompt": "x"}, headers={"X-Fal-Object-Lifecycle-Preference": header}
    )

    assert answer.status_code == 400
    assert "Lifecycle" in answer.json()["detail"]


async def test_parts_are_taken_for_the_file_that_was_begun_only(start: Start) -> None:
    fal = await start()
    headers = await cdn_token(fal)
    begun = (await fal.http.post("/cdn/files/upload/multipart", headers=headers)).json()
    answers = [
        await fal.http.put(f"/files/other.bin/multipart/{begun['uploadId']}/1", content=b"x"),
        await fal.http.post(f"/files/other.bin/multipart/{begun['uploadId']}/complete", json={"parts": []}),
        await fal.http.put(f"{begun['access_url']}/multipart/{begun['uploadId']}/1", content=b"x"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 200]


async def test_a_locked_account_uploads_nothing(start: Start) -> None:
    """Not even with a token from before."""
    fal = await start()
    headers = await cdn_token(fal)
    await fal.http.post("/_emulator/account", json={"locked": True})

    assert (await fal.http.post("/cdn/files/upload", content=b"x", headers=headers)).status_code == 403


async def test_what_strangers_uploaded_is_no_page_of_ours(start: Start) -> None:
    """A browser gives it no origin, and does not guess at its type."""
    fal = await start()
    headers = {**await cdn_token(fal), "Content-Type": "text/html"}
    uploaded = await fal.http.post("/cdn/files/upload", content=b"<script>", headers=headers)
    read = await fal.http.get(uploaded.json()["access_url"])

    assert read.headers["content-security-policy"] == "sandbox"
    assert read.headers["x-content-type-options"] == "nosniff"


def stores(folder: Path) -> tuple[Files, Uploads]:
    ids = (f"id-{number}" for number in count(1))
    return Files(folder, new_id=lambda: next(ids)), Uploads(new_id=lambda: next(ids))


def reserve(files: Files, *, now: float = 0.0, **lifecycle: float) -> Any:
    return files.reserve(content_type="text/plain", lifecycle=Lifecycle(**lifecycle), now=now)  # type: ignore[arg-type]


async def test_the_parts_of_an_upload_leave_the_disk_when_it_ends(tmp_path: Path) -> None:
    """Completed, a part sent again, or left alone for a day."""
    files, uploads = stores(tmp_path)
    done, left = (uploads.find(uploads.begin(reserve(files), now=0.0), now=0.0) for _ in range(2))
    assert done is not None
    assert left is not None
    parts = [await uploads.put(done, number, b"a part") for number in (1, 2)]
    await uploads.put(left, 1, b"lost")
    await uploads.put(left, 1, b"sent again")
    there = len(list(tmp_path.iterdir()))
    await files.join(done.file, uploads.complete(done, parts))

    assert there == 3
    assert done.file.path.read_bytes() == b"a parta part"
    assert uploads.find(left.id, now=LASTS - 1) is left
    assert uploads.find(left.id, now=LASTS) is None
    assert list(tmp_path.iterdir()) == [done.file.path]


async def test_of_too_many_uploads_the_first_are_forgotten(tmp_path: Path) -> None:
    files, uploads = stores(tmp_path)
    first = uploads.find(uploads.begin(reserve(files), now=0.0), now=0.0)
    assert first is not None
    await uploads.put(first, 1, b"x")
    second, *_ = [uploads.begin(reserve(files), now=0.0) for _ in range(MOST)]

    assert uploads.find(first.id, now=0.0) is None
    assert uploads.find(second, now=0.0) is not None
    assert list(tmp_path.iterdir()) == []


async def test_an_expired_file_leaves_the_disk_when_the_next_is_made(tmp_path: Path) -> None:
    files, _ = stores(tmp_path)
    for lasts in (60, 600):
        await files.fill(reserve(files, expiration_duration_seconds=lasts), b"x")
    reserve(files, now=60.0)

    assert len(list(tmp_path.iterdir())) == 1
