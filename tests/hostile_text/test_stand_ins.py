"""Strangers' text at a laptop's stand-ins: the bucket's server and the fal emulator keep it where it belongs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from itertools import count
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette

from local.bucket.server import routes
from local.fal.clock import MovableClock
from local.fal.emulator import Emulator
from local.fal.knobs import Knobs
from storage.buckets.disk import DiskBucket
from tests.functions.serving import address, listener, serving
from tests.hostile_text.corpus import SHORT, STORABLE, UNSTORABLE
from tests.local.fal.emulated import MODEL
from tests.local.fal.test_fal_emulator_page import dom_in_chromium

SECRET = "sb_secret_for_tests_only_0123456789"
CONTENT = b"what was uploaded"
OUTSIDE = b"what nobody may have"
SAFE_HEADERS = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}

anything = pytest.mark.parametrize(
    "text", [*STORABLE.values(), *UNSTORABLE.values()], ids=[*STORABLE, *UNSTORABLE]
)


def escaped(text: str) -> str:
    """For an address, in which our own client leaves it alone; not more than a server takes."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="/").replace(".", "%2e")[:9_000]


def header(text: str) -> bytes:
    """As much of it as our own client sends in a header."""
    return text.encode("latin-1", "replace").translate(None, b"\r\n\x00")[:4_000].strip()


@dataclass(frozen=True)
class Shop:
    """The bucket's server, the folder above its own, and a client with the key."""

    above: Path
    http: httpx.AsyncClient

    def files(self) -> set[str]:
        return {str(path.relative_to(self.above)) for path in self.above.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    above, bound = tmp_path_factory.mktemp("above"), listener()
    root = above / "buckets"
    await DiskBucket(root, "videos", public_base_url=address(bound)).ensure()
    (above / "outside.txt").write_bytes(OUTSIDE)
    async with (
        serving(Starlette(routes=routes(root, secret=SECRET)), bound),
        httpx.AsyncClient(base_url=address(bound), headers={"apikey": SECRET}, trust_env=False) as http,
    ):
        yield Shop(above, http)


@anything
async def test_an_object_of_any_path_lies_in_its_bucket_or_nowhere(shop: Shop, text: str) -> None:
    """Put below it, beside it and above it."""
    before, path = shop.files(), escaped(text)
    for place in (f"videos/{path}", f"{path}/%2e%2e/outside.txt"):
        where = f"/storage/v1/object/{place}"
        put = await shop.http.post(where, content=CONTENT, headers={"x-upsert": "true"})
        made = shop.files() - before
        gone = await shop.http.delete(where)

        assert all(name.startswith("buckets/videos/") for name in made), made
        assert bool(made) == put.is_success, put.text
        assert max(put.status_code, gone.status_code) < 500
        for name in made:
            (shop.above / name).unlink(missing_ok=True)
    assert shop.files() == before


@anything
async def test_what_is_asked_of_an_object_of_any_path_is_answered(shop: Shop, text: str) -> None:
    """Got, signed, described and listed, by its address and by its name: nothing of what lies outside."""
    path, named = escaped(text), json.dumps({"prefixes": [text], "prefix": text, "cursor": text})
    place = f"videos/{path}/%2e%2e/%2e%2e/outside.txt"
    answers = [
        await shop.http.get(f"/storage/v1/object/{place}"),
        await shop.http.get(f"/storage/v1/object/public/{place}"),
        await shop.http.post(f"/storage/v1/object/sign/{place}", json={"expiresIn": 60}),
        await shop.http.get(f"/storage/v1/object/sign/{place}?token={path[:500]}"),
        await shop.http.get(f"/storage/v1/object/info/{place}"),
        await shop.http.post("/storage/v1/object/list-v2/videos", content=named),
        await shop.http.post("/storage/v1/object/list/videos", content=named),
        await shop.http.request("DELETE", "/storage/v1/object/videos", content=named),
    ]
    for answer in answers:
        assert answer.status_code < 500, (answer.request.url, answer.text)
        assert OUTSIDE not in answer.content
        assert "pwned" not in str(answer.headers)


@anything
async def test_a_bucket_of_any_name_is_made_as_a_folder_or_refused(shop: Shop, text: str) -> None:
    """Beside the others, never above them."""
    made = await shop.http.post("/storage/v1/bucket", content=json.dumps({"name": text, "id": text}))

    assert made.status_code == 400
    assert {path.name for path in shop.above.iterdir()} == {"buckets", "outside.txt"}
    assert {path.name for path in (shop.above / "buckets").iterdir()} == {"videos"}


@anything
async def test_an_object_of_any_content_type_is_one_answer(shop: Shop, text: str) -> None:
    """Said in a header or in a part of a form; no header comes back that was not there."""
    kind, where = header(text), "/storage/v1/object/videos/kinds/x.txt"
    form = (
        b"--b\r\nContent-Disposition: form-data; name=x; filename=x\r\nContent-Type: "
        + kind
        + b"\r\n\r\nx\r\n--b--"
    )
    for body, said in ((CONTENT, kind), (form, b"multipart/form-data; boundary=b")):
        try:
            put = await shop.http.post(
                where, content=body, headers=[(b"content-type", said), (b"x-upsert", b"true")]
            )
        except httpx.LocalProtocolError:
            continue  # our own client does not send that
        got = await shop.http.get("/storage/v1/object/public/videos/kinds/x.txt")

        assert put.status_code < 500
        assert got.status_code < 500
        assert not any("pwned" in value for name, value in got.headers.items() if name != "content-type")
        assert got.headers.get("x-content-type-options") == "nosniff" or not got.is_success


@dataclass(frozen=True)
class Fal:
    """An emulator and a client with any key."""

    url: str
    http: httpx.AsyncClient


@asynccontextmanager
async def emulating() -> AsyncIterator[Fal]:
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    emulator = Emulator(
        knobs=Knobs(latency=(0.0, 0.0)),
        render=lambda _: CONTENT,
        clock=MovableClock(),
        key_seed=bytes(range(32)),
        new_id=partial(next, (f"id-{number}" for number in count(1))),
    )
    task = asyncio.create_task(emulator.serve(host="127.0.0.1", port=0, ready=url.set_result))
    shown = {"Authorization": "Key id:secret"}
    async with httpx.AsyncClient(base_url=await url, headers=shown, trust_env=False) as http:
        yield Fal(await url, http)
    task.cancel()
    await asyncio.wait({task})


@pytest.fixture(scope="module")
async def fal() -> AsyncIterator[Fal]:
    async with emulating() as running:
        yield running


@anything
async def test_an_uploaded_file_is_opened_as_nobodys_page(fal: Fal, text: str) -> None:
    """Its name is ours, its type is what it was called, and it may neither run nor be guessed at."""
    kind = header(text)
    named = json.dumps({"file_name": text, "content_type": text})
    begun = await fal.http.post("/rest/storage/upload/initiate", content=named)
    places = []
    if begun.is_success:
        await fal.http.put(begun.json()["upload_url"], content=CONTENT)
        places.append(begun.json()["file_url"])
    token = (await fal.http.post("/rest/storage/auth/token")).json()["token"]
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", kind)]
    try:
        whole = await fal.http.post("/cdn/files/upload", content=CONTENT, headers=headers)
        places.append(whole.json()["access_url"])
    except httpx.LocalProtocolError:
        pass  # our own client does not send that

    assert begun.status_code in {200, 400, 422}
    for place in places:
        got = await fal.http.get(place)
        assert (got.status_code, got.content) == (200, CONTENT)
        assert httpx.URL(place).path.removeprefix("/files/id-").partition(".")[0].isdigit()
        assert {name: got.headers[name] for name in SAFE_HEADERS} == SAFE_HEADERS


@anything
async def test_a_call_of_any_text_is_answered_in_json(fal: Fal, text: str) -> None:
    """As an endpoint, a request, a prompt, a header, a webhook, a file; and the record of it can be read."""
    part, prompt = escaped(text), b'{"prompt": "x"}'
    calls = [
        fal.http.build_request("POST", f"/{MODEL}", content=json.dumps({"prompt": text, "seed": 1})),
        fal.http.build_request("POST", f"/{MODEL}", content=json.dumps({"prompt": "x", "fps": text, text: text})),
        fal.http.build_request("POST", f"/{MODEL}?fal_webhook={part[:2_000]}", content=prompt),
        fal.http.build_request("POST", f"/{part}", content=b"{}"),
        fal.http.build_request("GET", f"/{MODEL}/requests/{part}/status"),
        fal.http.build_request("PUT", f"/cdn/uploads/{part}/{part[:500]}", content=CONTENT),
        *(
            fal.http.build_request("POST", f"/{MODEL}", content=prompt, headers=[(name, header(text))])
            for name in (b"x-fal-target-url", b"x-fal-request-timeout")
        ),
    ]
    for call in calls:
        try:
            answer = await fal.http.send(call)
        except httpx.LocalProtocolError:
            continue  # our own client does not send that

        assert answer.status_code < 500, (answer.request.url, answer.text)
        # A path with a line end is none of any router's, and ".." is the page's own.
        if answer.content not in {b"Not Found", b"Method Not Allowed"} and call.url.path != "/":
            assert answer.headers["content-type"] == "application/json"
            answer.json()
        assert "pwned" not in str({name: value for name, value in answer.headers.items() if name != "location"})


_TAGS = {
    *("html", "head", "meta", "title", "link", "style", "body", "main", "section", "script"),
    *("article", "figure", "video", "div", "span", "h1", "h2", "p", "dl", "dt", "dd", "ol", "li"),
    *("details", "summary", "pre", "code", "small", "time", "b", "a", "button", "input"),
}  # fmt: skip


class _Page(HTMLParser):
    """What a document holds: its elements, their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _seen(text: str) -> str:
    """Without blanks and controls, which documents are free with."""
    return "".join(character for character in text if character > " " and character.isprintable())


@pytest.mark.needs("chromium")
async def test_the_page_shows_every_text_and_runs_none(tmp_path: Path) -> None:
    """As prompt, as other input and its name, and in an error: text is text."""
    words = list(SHORT.values())
    async with emulating() as fal:
        for word in words:
            sent = {"prompt": word, "negative_prompt": word, "num_frames": word, word: word}
            assert (await fal.http.post(f"/{MODEL}", json=sent)).is_success
        dom = await dom_in_chromium(f"{fal.url}/", tmp_path)

    page = _Page()
    page.feed(dom)
    assert page.tags.count("article") >= len(words)
    assert page.tags.count("script") == 1
    assert set(page.tags) <= _TAGS, "and no other comes from what callers sent"
    assert not {name for name in page.attributes if name.startswith("on")}
    assert "<title>fal emulator</title>" in dom
    for word in words:
        assert _seen(word) in _seen("".join(page.text)), word
