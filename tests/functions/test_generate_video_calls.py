"""`generate-video` for a caller with a secret: what a story may be, and what it answers to everything else."""

import json

import psycopg
import pytest

from tests.functions.serving import CALLS, Door, assert_problem


async def test_a_story_gets_a_video_at_once(door: Door, owner: psycopg.AsyncConnection) -> None:
    """The answer is 202 with the video, in work, of the theme that the text has; nothing was generated yet."""
    await owner.execute(
        "insert into storyreel.themes values ('ocean'); insert into storyreel.languages values ('english');"
        "insert into storyreel.theme_words (language, lexeme, theme, weight)"
        " values ('english', 'whale', 'ocean', 1)"
    )
    answer = await door.post(json={"text": "A whale swims through the stars", "id": "story 1"})

    assert answer.status_code == 202
    body = answer.json()
    assert body.keys() >= {"id", "shows", "work", "reason", "theme", "url", "poster_url", "progress"}
    assert (body["source_id"], body["shows"], body["work"]) == ("story 1", "placeholder", "working")
    assert body["theme"] == "ocean"
    rows = await (await owner.execute("select count(*) from storyreel.renders")).fetchone()
    assert rows == (0,)


async def test_the_same_id_twice_is_one_video(door: Door, owner: psycopg.AsyncConnection) -> None:
    """Asking again changes nothing, even with another text, and answers the same video."""
    first = await door.post(json={"text": "A whale", "id": "same"})
    second = await door.post(json={"text": "Something else", "id": "same"})

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    counts = "select (select count(*) from storyreel.videos), (select count(*) from storyreel.revisions)"
    assert await (await owner.execute(counts)).fetchone() == (1, 1)
    text = await (await owner.execute("select story from storyreel.revisions")).fetchone()
    assert text == ("A whale",)


async def test_without_an_id_every_call_is_a_story_of_its_own(shared_door: Door) -> None:
    """Two calls without a name are two videos, each with a source_id to come back with."""
    answers = [await shared_door.post(json={"text": "A whale"}) for _ in range(2)]

    assert len({answer.json()["source_id"] for answer in answers}) == 2


async def test_model_and_seed_reach_the_revision(door: Door, owner: psycopg.AsyncConnection) -> None:
    """What the caller chose is what is planned."""
    answer = await door.post(json={"text": "A whale", "model": "lightning", "seed": 2**31 - 1})

    assert answer.status_code == 202
    row = await (await owner.execute("select model, seed from storyreel.revisions")).fetchone()
    assert row == ("lightning", 2**31 - 1)


async def test_parameters_reach_the_revision(door: Door, owner: psycopg.AsyncConnection) -> None:
    """Beside a model's name or an endpoint's id, as they came."""
    given = {"duration": "10", "aspect_ratio": "9:16", "cfg_scale": 0.5}
    for model in ("kling", "fal-ai/kling-video/v2.6/pro/text-to-video", "somebody/new"):
        answer = await door.post(json={"text": "A whale", "model": model, "parameters": given})
        assert answer.status_code == 202, answer.text

    rows = await (await owner.execute("select distinct parameters from storyreel.revisions")).fetchall()
    assert rows == [(given,)]


async def test_a_caller_may_do_without_a_preview(door: Door, owner: psycopg.AsyncConnection) -> None:
    """One is made where nothing is said; anything but true and false is refused."""
    for source_id, given in {"usual": {}, "with": {"preview": True}, "without": {"preview": False}}.items():
        assert (await door.post(json={"text": "A whale", "id": source_id, **given})).status_code == 202
    assert_problem(await door.post(json={"text": "A whale", "preview": "no"}), 422, "preview")

    rows = await owner.execute(
        "select v.source_id, r.preview from storyreel.videos v join storyreel.revisions r on r.video_id = v.id"
    )
    assert dict(await rows.fetchall()) == {"usual": True, "with": True, "without": False}


async def test_the_placeholder_has_the_shape_of_the_clip_to_come(
    door: Door, owner: psycopg.AsyncConnection
) -> None:
    """As the model makes it, or as it is asked to: the app keeps its box."""
    asked: dict[str, dict[str, object]] = {
        "square": {},
        "wide": {"model": "wan"},
        "tall": {"model": "wan", "parameters": {"aspect_ratio": "9:16"}},
    }
    for source_id, given in asked.items():
        answer = await door.post(json={"text": "A whale", "id": source_id, **given})
        assert (answer.status_code, answer.json()["shape"]) == (202, source_id)

    rows = await owner.execute("select source_id, shape from storyreel.videos")
    assert all(source_id == shape for source_id, shape in await rows.fetchall())


async def test_no_parameters_are_the_models_own(door: Door, owner: psycopg.AsyncConnection) -> None:
    """Left out, null and empty are the same."""
    nothing: list[dict[str, object]] = [{}, {"parameters": None}, {"parameters": {}}]
    for more in nothing:
        assert (await door.post(json={"text": "A whale", **more})).status_code == 202

    rows = await (await owner.execute("select parameters from storyreel.revisions")).fetchall()
    assert rows == [(None,)] * 3


@pytest.mark.parametrize(
    ("model", "parameters", "said"),
    [
        ("lightning", {"frames": 99}, "from 1 to 32"),
        ("kling", {"duration": 7}, '"5", "10"'),
        ("kling", {"webhook_url": "https://app.example"}, "call back"),
        ("kling", {"prompt": "another"}, "prompt"),
        ("kling", {"seed": 5}, "seed"),
        ("kling", {"input": {"prompt": "x", "webhook_url": "https://app.example"}}, "input"),
        ("lcm", {"keyframe_0_index": "1" * 400}, "whole number"),
        ("kling", {"video_size": {"width": "1" * 400, "height": "1" * 400}, "duration": 7}, "duration"),
        ("fal-ai/ltx-2.3/text-to-video/fast", {"duration": 20}, "20 seconds"),
        ("somebody/new", {"x": "y" * 3000}, "2048 bytes"),
        ("somebody/new", {"x": "a\0b"}, "not text"),
        ("somebody/new", {"x y": 1}, "name of a parameter"),
    ],
)
async def test_parameters_that_would_fail_are_refused_at_the_door(
    shared_door: Door, model: str, parameters: dict[str, object], said: str
) -> None:
    """422 with the field, what it takes and what was given, before anything is stored or paid."""
    body = {"text": "A whale", "model": model, "parameters": parameters}
    problem = assert_problem(await shared_door.post(json=body), 422, said)

    assert problem["code"] == "bad_parameters"
    assert len(str(problem["detail"])) < 500


async def test_an_endpoint_that_makes_no_video_is_refused(shared_door: Door) -> None:
    """By what it is called; likewise one that makes no video of a text."""
    for model, called in {"fal-ai/flux/schnell": "FLUX", "fal-ai/fast-svd-lcm": "takes no text"}.items():
        answer = await shared_door.post(json={"text": "A whale", "model": model})
        assert assert_problem(answer, 422, called)["code"] == "unsuitable_model"


@pytest.mark.parametrize(
    "text",
    [
        "سفينة تبحر في البحر ليلا",
        "\u202ereversed\u202c story",
        "🐳🌌✨",
        "👨‍👩‍👧‍👦 flies to 🇯🇵",
        "Ein Wal \u2013 „frei“, 100 % naïve",
        "a" * 20_000,
        "see https://example.com/whale about a whale",
        "'; drop table storyreel.videos; --",
        '{"table": "stories"}',
        "table",
    ],
)
async def test_odd_but_readable_stories_work(shared_door: Door, text: str) -> None:
    """Any script, emoji, direction marks and quoting are a story like any other."""
    answer = await shared_door.post(json={"text": text})

    assert answer.status_code == 202, answer.text
    assert answer.json()["work"] == "working"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"text": ""}', "blank"),
        ('{"text": " \\n\\t\\u3000 "}', "blank"),
        ('{"text": "\\u200b\\ufeff"}', "blank"),
        ('{"text": "https://example.com/story"}', "only_links"),
        ('{"text": "?!..."}', "no_words"),
        ('{"text": "a\\u0000b"}', "unreadable"),
        (json.dumps({"text": "a" * 20_001}), "too_long"),
        (json.dumps({"text": "a" * 2**20}), "too_long"),
    ],
)
async def test_an_unusable_story_is_422_with_its_reason(shared_door: Door, body: str, code: str) -> None:
    """Nothing is stored, the code is the reason's word, the detail a sentence."""
    problem = assert_problem(await shared_door.post(content=body), 422)

    assert problem["code"] == code
    assert len(str(problem["detail"])) < 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "\\ud800"}',
        b'{"text": "whale \\udfff\\ud83d"}',
        b'{"text": "\xed\xa0\x80"}',
        b'{"text": "\xff\xfe"}',
        b"",
        b" ",
        b"null",
        b"0",
        b'"A whale"',
        b"[]",
        b'[{"text": "A whale"}]',
        b"{}",
        b"{'text': 'A whale'}",
        b'{"text": "A whale"',
        b'{"text": "A whale"} extra',
        b'{"text": null}',
        b'{"text": 1}',
        b'{"text": ["A whale"]}',
        b'{"text": NaN}',
        b"[" * 200_000,
        b'{"text":' * 50_000,
        b'{"text": "A whale", "seed": -1}',
        b'{"text": "A whale", "seed": 2147483648}',
        b'{"text": "A whale", "seed": 1e400}',
        b'{"text": "A whale", "seed": ' + b"9" * 5000 + b"}",
        b'{"text": "A whale", "seed": 1.5}',
        b'{"text": "A whale", "seed": true}',
        b'{"text": "A whale", "seed": "7"}',
        b'{"text": "A whale", "model": 7}',
        b'{"text": "A whale", "id": ""}',
        b'{"text": "A whale", "id": 7}',
        b'{"text": "A whale", "id": "a\\u0000b"}',
        b'{"text": "A whale", "id": "' + b"x" * 201 + b'"}',
        b'{"text": "A whale", "parameters": []}',
        b'{"text": "A whale", "parameters": "duration=5"}',
        b'{"text": "A whale", "parameters": {"x": NaN}}',
        b'{"text": "A whale", "parameters": {"x": 1e400}}',
        b'{"text": "A whale", "parameters": {"x": ' + b"9" * 5000 + b"}}",
        b'{"text": "A whale", "parameters": {"x": "\\ud800"}}',
        b'{"text": "A whale", "parameters": {"x": ' + b"[" * 150 + b"]" * 150 + b"}}",
        b'{"text": "A whale", "modle": "lightning"}',
        b'{"text": "A whale", "\\u0000": 1}',
        b"text=A+whale",
        b"\xef\xbb\xbf[]",
        b"\x1f\x8b\x08\x00",
    ],
    ids=lambda body: str(body[:40]),
)
async def test_a_body_of_the_wrong_shape_is_422(shared_door: Door, body: bytes) -> None:
    """Whatever comes in, the answer is a problem document about the body, never a fault of ours."""
    problem = assert_problem(await shared_door.post(content=body), 422)

    assert problem["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "A whale", "seed": -1}, "seed"),
        ({"text": "A whale", "modle": "lightning"}, "modle"),
        ({"txt": "A whale"}, "text"),
        ({"text": "table", "seed": -1}, "seed"),
    ],
)
async def test_the_problem_names_the_field(shared_door: Door, body: dict[str, object], field: str) -> None:
    """A caller sees which field is wrong, and hears nothing of database webhooks it never sent."""
    problem = assert_problem(await shared_door.post(json=body), 422, field)

    assert "record" not in str(problem["detail"])
    assert "schema" not in str(problem["detail"])


@pytest.mark.parametrize(
    "model", ["sora", "LIGHTNING", " lightning", "a\0b", "x" * 10_000, "a/b c", "fal-ai/../x"]
)
async def test_an_unknown_model_lists_the_known_ones(shared_door: Door, model: str) -> None:
    """422, with the names one may use, whatever was asked for."""
    problem = assert_problem(await shared_door.post(json={"text": "A whale", "model": model}), 422, "lightning")

    assert problem["code"] == "unknown_model"


async def test_nothing_is_stored_for_a_refused_call(door: Door, owner: psycopg.AsyncConnection) -> None:
    """A refusal at the door leaves no row."""
    for body in ({"text": " "}, {"text": "A whale", "model": "sora"}, {"text": "A whale", "seed": -1}):
        assert (await door.post(CALLS, json=body)).status_code == 422

    assert await (await owner.execute("select count(*) from storyreel.videos")).fetchone() == (0,)
