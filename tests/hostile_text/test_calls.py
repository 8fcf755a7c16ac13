"""Strangers' text through the functions' doors: it is kept or refused as it is, and answers are made of ours."""

import asyncio
import json
from urllib.parse import quote

import httpx
import psycopg
import pytest

from tests.functions.serving import HEALTH, HOOK, RUN, assert_problem
from tests.hostile_text.conftest import OPERATOR, House
from tests.hostile_text.corpus import UNSTORABLE, every_short, every_text, every_unstorable

_HEADERS = {"server", "date", "content-length", "content-type", "allow", "retry-after", "connection"}
_KEPT = 20_001  # characters of a story, one more than is accepted


def assert_answered(answer: httpx.Response) -> dict[str, object]:
    """An answer of ours: no fault, one JSON object in UTF-8, and no header that is made of what came in."""
    assert answer.status_code < 500, answer.text[:500]
    assert answer.headers["content-type"] in {"application/json", "application/problem+json"}
    assert {name for name in answer.headers if not name.startswith("access-control-")} <= _HEADERS
    assert "pwned" not in str(answer.headers)
    body = json.loads(answer.content.decode())
    assert isinstance(body, dict)
    return body


async def stories_of(owner: psycopg.AsyncConnection, source_id: object) -> list[tuple[object, ...]]:
    query = """select r.story, r.parameters from storyreel.revisions r join storyreel.videos v on v.id = r.video_id
               where v.source_table = 'generate-video' and v.source_id = %s"""
    return await (await owner.execute(query, (source_id,))).fetchall()


@every_text
async def test_a_story_is_kept_to_the_letter_or_refused(house: House, text: str) -> None:
    """What cannot be a story costs no row."""
    answer = await house.door.post(json={"text": text})
    told = assert_answered(answer)

    if answer.status_code == 202:
        assert await stories_of(house.owner, told["source_id"]) == [(text[:_KEPT], None)]
    else:
        assert_problem(answer, 422)
        assert "source_id" not in told


@every_short
async def test_an_id_is_kept_and_answered_to_the_letter(house: House, text: str) -> None:
    """Asked for twice it is the same one."""
    first, second = [await house.door.post(json={"text": "A whale", "id": text}) for _ in range(2)]

    told = assert_answered(first)
    assert (first.status_code, told["source_id"]) == (202, text)
    assert assert_answered(second)["id"] == told["id"]
    assert await stories_of(house.owner, text) == [("A whale", None)]


@every_text
async def test_a_name_that_is_none_is_refused_in_one_sentence(house: House, text: str) -> None:
    """Of a model, a table, a schema, a parameter; however long it is."""
    calls: list[dict[str, object]] = [
        {"text": "A whale", "model": text},
        {"text": "A whale", "parameters": {text: 1}},
        {"text": "A whale", text: 1},
        {"table": text, "schema": text, "id": 1},
        {"type": text, "table": "stories", "schema": "public"},
    ]
    for call in calls:
        told = assert_answered(answer := await house.door.post(json=call))

        assert answer.status_code in {404, 422}, call
        assert len(str(told["detail"])) < 2_500


@every_text
async def test_a_parameter_is_kept_to_the_letter_or_refused(house: House, text: str) -> None:
    """Where the model takes text."""
    call = {"text": f"A whale and {text[:50]}", "parameters": {"negative_prompt": text, "steps": 4}}
    told = assert_answered(answer := await house.door.post(json=call))

    if answer.status_code == 202:
        [(_, kept)] = await stories_of(house.owner, told["source_id"])
        assert kept == call["parameters"]
    else:
        assert_problem(answer, 422)


@every_text
async def test_a_row_of_that_key_is_looked_for_and_not_found(house: House, text: str) -> None:
    """An attached table's key is of a type of its own; what cannot be one is nobody's."""
    for call in (
        {"table": "stories", "id": text},
        {"type": "INSERT", "table": "stories", "schema": "public", "record": {"id": text}},
    ):
        assert_problem(await house.door.post(json=call), 404 if len(text) <= 200 else 422)
    row = {"table": "stories", "id": text[:1000]}
    operated = await house.door.post("/functions/v1/rerender", json=row, headers={"apikey": OPERATOR})
    assert_problem(operated, 404 if len(text) <= 200 else 422)


@every_unstorable
async def test_text_that_no_database_takes_is_refused_everywhere(house: House, text: str) -> None:
    """In JSON it can be escaped; in no place does it get further than the door."""
    calls = [
        {"text": text},
        {"text": "A whale", "id": text},
        {"text": "A whale", "model": text},
        {"text": "A whale", "owner_id": text},
        {"text": "A whale", "parameters": {"negative_prompt": text}},
        {"text": "A whale", "parameters": {"a": [{text: 1}]}},
        {"table": text, "id": 1},
        {"table": "stories", "id": text},
        {"type": "INSERT", "table": "stories", "schema": "public", "record": {"id": text}},
        {
            "type": "INSERT",
            "table": "stories",
            "schema": "public",
            "record": {"id": 1, "body": text, "x": {text: 1}},
        },
    ]
    for call in calls:
        assert_answered(answer := await house.door.post(content=json.dumps(call)))

        assert answer.status_code in {404, 422}, call


async def test_bytes_that_are_not_utf8_are_refused(house: House) -> None:
    """In the body, whatever its type says they are."""
    for raw in (
        b'{"text": "\xff\xfe"}',
        '{"text": "A whale"}'.encode("utf-16"),
        b"\x00",
        b'{"text": "\xed\xa0\x80"}',
    ):
        for kind in ("application/json", "application/json; charset=utf-16", "text/plain"):
            answer = await house.door.post(content=raw, headers={"content-type": kind})

            assert_problem(answer, 422)


@every_text
async def test_an_address_may_hold_anything(house: House, text: str) -> None:
    """Escaped as addresses are; longer than they may be it is refused as well."""
    part = quote(text, safe="")[:15_000]  # more, our own client does not send
    for address in (
        f"/functions/v1/{part}?{part}={part}",
        f"/functions/v1/video/{part}",
        f"{HOOK}/{part}/{part}",
        f"{RUN}?seconds={part}",
    ):
        answer = await house.door.post(address)

        assert answer.status_code in {404, 405, 414, 422}, address
        assert_answered(answer)


async def exchange(house: House, raw: bytes) -> bytes:
    """What the server answers to these bytes; nothing where it hangs up."""
    url = httpx.URL(house.door.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        writer.write(raw)
        await writer.drain()
        return await asyncio.wait_for(reader.read(100_000), 30)
    finally:
        writer.close()
        await writer.wait_closed()


def request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join([line, b"Connection: close", length, *headers, b"", body])


_HOST = b"Host: localhost"
_CALL = b"POST /functions/v1/generate-video HTTP/1.1"
RAW = {
    "target of high bytes": request(b"GET /functions/v1/\xff\xfe HTTP/1.1", _HOST),
    "target of controls": request(b"GET /functions/v1/\x1b[31m HTTP/1.1", _HOST),
    "target of escaped halves": request(b"GET /functions/v1/%ed%a0%80%00%0d%0a HTTP/1.1", _HOST),
    "target of another host": request(b"GET http://[pwned]:x/functions/v1/no HTTP/1.1", _HOST),
    "target that is none": request(b"GET *{} HTTP/1.1", _HOST),
    "method of markup": request(b"<script> /functions/v1/health HTTP/1.1", _HOST),
    "method that is none": request(b"PWNED /functions/v1/health HTTP/1.1", _HOST),
    "host that is none": request(b"GET /functions/v1/no HTTP/1.1", b"Host: [pwned"),
    "host of high bytes": request(b"GET /functions/v1/no HTTP/1.1", b"Host: \xff\xfe"),
    "host of markup": request(b"GET /functions/v1/no HTTP/1.1", b"Host: <script>\"'@pwned.example:99999"),
    "two hosts": request(b"GET /functions/v1/no HTTP/1.1", _HOST, b"Host: pwned.example"),
    "key of high bytes": request(_CALL, _HOST, b"apikey: \xff\xfe\xed\xa0\x80"),
    "key of escapes": request(_CALL, _HOST, b"Authorization: Bearer \x1b]0;pwned\x07.a.b"),
    "token of no base64": request(_CALL, _HOST, b"Authorization: Bearer \xff.\xff.\xff"),
    "token of halves": request(_CALL, _HOST, b"Authorization: Bearer eyJhbGciOiJcdWQ4MDAifQ.e30.eA"),
    "header of NUL": request(_CALL, _HOST, b"apikey: a\x00b"),
    "header over two lines": request(_CALL, _HOST, b"apikey: a\r\n b"),
    "length of other digits": request(_CALL, _HOST, b"Content-Length: \xb2"),
    "length of many digits": request(_CALL, _HOST).replace(b"Length: 0", b"Length: " + b"9" * 5_000),
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03pwned\r\n\r\n",
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
async def test_what_is_hardly_http_is_answered_or_hung_up_on(house: House, raw: bytes) -> None:
    """Never with a fault, and not with what came in as a header; the next caller is served."""
    answered = await exchange(house, raw)

    head, _, _ = answered.partition(b"\r\n\r\n")
    assert not head or head.startswith(b"HTTP/1.1 4"), answered[:300]
    assert b"pwned" not in head
    assert (await house.door.http.get(HEALTH)).status_code == 200


@every_short
async def test_headers_of_a_webhook_may_hold_anything(house: House, text: str) -> None:
    """As far as headers can at all; none of it makes a signature."""
    value = text.encode("latin-1", "replace").replace(b"\r", b"").replace(b"\n", b"").replace(b"\x00", b"").strip()
    sent = [(name, value) for name in (b"X-Fal-Webhook-Request-Id", b"X-Fal-Webhook-User-Id")]
    sent += [(name, value) for name in (b"X-Fal-Webhook-Timestamp", b"X-Fal-Webhook-Signature", b"User-Agent")]
    path = f"{HOOK}/00000000-0000-0000-0000-000000000000/{'0' * 32}"
    try:
        answer = await house.door.http.post(path, content=b"{}", headers=sent)
    except httpx.LocalProtocolError:
        return  # our own client does not send that

    assert_problem(answer, 404)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    """Forty at least, and every way in which text cannot be stored."""
    assert len(every_text.args[1]) >= 40
    assert len(UNSTORABLE) >= 5
