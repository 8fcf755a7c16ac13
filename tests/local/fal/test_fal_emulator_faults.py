"""Promises of faults that come by chance, and of those that spoil polls and files."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from local.fal.clips import Clips
from local.fal.faults import Faults, read_faults
from local.fal.knobs import Overrides
from local.fal.models.film import ClipRequest
from pipeline.errors import BadSetting
from tests.local.fal.emulated import MODEL, Inbox, Running

PRICED = "fal-ai/kling-video/v2.6/pro/text-to-video"
Start = Callable[..., Awaitable[Running]]

DICE = """
[[fault]]
prompt = "dragon"
fail = 500
[[fault]]
share = 0.5
lose_webhook = true
[[fault]]
share = 0.5
duplicate_webhook = 2
[[fault]]
share = 0.5
fail = 422
"""


def drawn(text: str, *, seed: int, prompt: str = "a fox", count: int = 400) -> list[Overrides]:
    faults = Faults(read_faults(text), seed=seed)
    return [faults.of(nth=nth, endpoint=MODEL, body={"prompt": prompt}) for nth in range(1, count + 1)]


def test_each_share_is_drawn_by_itself_and_their_faults_come_together() -> None:
    """Half of the requests each, and all four combinations of two halves: none is hidden by one before it."""
    fates = drawn(DICE, seed=1)

    pairs = [(fate.lose_webhook, fate.duplicate_webhook) for fate in fates]
    assert all(60 < pairs.count((lost, copies)) < 140 for lost in (True, None) for copies in (2, None))


def test_chance_comes_from_the_seed_alone() -> None:
    """The same requests suffer the same each time, others with another seed, whatever was asked before."""
    assert drawn(DICE, seed=1) == drawn(DICE, seed=1)
    assert drawn(DICE, seed=1) != drawn(DICE, seed=2)
    tenth = Faults(read_faults(DICE), seed=1).of(nth=10, endpoint=MODEL, body={"prompt": "a fox"})
    assert tenth == drawn(DICE, seed=1)[9]


def test_chance_adds_to_the_rule_that_fits_and_never_overrules_it() -> None:
    """A dragon always fails as its rule says, and loses its webhook as often as anybody."""
    fates = drawn(DICE, seed=1, prompt="a dragon")

    assert {fate.fail for fate in fates} == {"internal_server_error"}
    assert {fate.lose_webhook for fate in fates} == {True, None}


def test_a_share_counts_of_what_the_other_conditions_leave() -> None:
    """All of every second request is none of the others."""
    fates = drawn("[[fault]]\nshare = 1\nevery = 2\nfail = 500", seed=1, count=4)

    assert [fate.fail for fate in fates] == [None, "internal_server_error"] * 2


@pytest.mark.parametrize("share", ["0", "1.1", '"half"'])
def test_a_share_is_a_part_of_the_whole(share: str) -> None:
    with pytest.raises(BadSetting, match="fault 1: share"):
        read_faults(f"[[fault]]\nshare = {share}\nfail = 500")


@pytest.mark.parametrize(("damage", "kept"), [("cut", 1 / 2), ("garbled", 1)])
async def test_a_damaged_file_is_all_that_is_wrong_with_its_request(
    start: Start, inbox: Inbox, clip_bytes: bytes, damage: str, kept: float
) -> None:
    """It is done, announced and billed as any other; only the bytes are not those of the clip."""
    fal = await start(faults=read_faults(f'[[fault]]\ndamage_files = "{damage}"'))
    submitted = await fal.http.post(f"/{PRICED}", json={"prompt": "x"}, params={"fal_webhook": inbox.url})
    delivered = (await inbox.deliveries.get()).json()
    result = await fal.http.get(submitted.json()["response_url"])
    content = (await fal.http.get(result.json()["video"]["url"])).content

    assert (delivered["status"], result.status_code) == ("OK", 200)
    assert float(result.headers["x-fal-billable-units"]) > 0
    assert len(content) == int(len(clip_bytes) * kept)
    assert content != clip_bytes[: len(content)] if damage == "garbled" else clip_bytes.startswith(content)
    [entry] = (await fal.http.get("/_emulator/requests")).json()["requests"]
    assert entry["fate"]["damage"] == damage


async def test_polls_are_turned_away_so_often_and_then_answered(start: Start) -> None:
    """State and result count together; the refusal names no request, as it comes from the gateway."""
    fal = await start()
    submitted = (await fal.submit(override={"refuse_poll": 503, "refuse_polls": 2})).json()
    first = await fal.http.get(submitted["status_url"])
    second = await fal.http.get(submitted["response_url"])
    third: httpx.Response = await fal.http.get(submitted["status_url"])
    another = await fal.submit()

    assert [first.status_code, second.status_code] == [503, 503]
    assert "x-fal-request-id" not in second.headers
    assert third.json()["request_id"] == submitted["request_id"]
    assert (await fal.finished(another))["status"] == "COMPLETED"


async def test_polls_can_be_turned_away_for_good_and_cancelling_still_works(start: Start) -> None:
    fal = await start(latency=(60.0, 60.0), concurrency=1)
    await fal.submit()
    submitted = (await fal.submit(override={"refuse_poll": 500})).json()

    assert [(await fal.http.get(submitted["status_url"])).status_code for _ in range(5)] == [500] * 5
    assert (await fal.http.put(submitted["cancel_url"])).status_code == 202


async def test_the_record_keeps_as_many_as_it_is_told_to(start: Start) -> None:
    """The newest, of calls as of requests, and a listing without a limit shows them all."""
    fal = await start(record=3)
    for _ in range(5):
        await fal.submit()

    listing = (await fal.http.get("/_emulator/requests")).json()
    assert [entry["number"] for entry in listing["requests"]] == [3, 4, 5]
    assert len(listing["received"]) == 3


def test_ready_made_clips_are_chosen_by_what_is_asked(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Equal requests get one clip each time, unequal ones any; what is no mp4 is nobody's."""
    folder = tmp_path_factory.mktemp("clips")
    for name in ("a.mp4", "b.mp4", "c.mp4", "notes.txt"):
        (folder / name).write_bytes(name.encode())

    def asked(seed: int) -> ClipRequest:
        return ClipRequest("a fox", seed, width=64, height=64, frames=4, fps=8.0, loop_frames=4)

    clips = Clips(folder)
    chosen = [clips.choose(asked(seed)) for seed in range(100)]
    assert chosen == [Clips(folder).choose(asked(seed)) for seed in range(100)]
    assert set(chosen) == {b"a.mp4", b"b.mp4", b"c.mp4"}


def test_a_folder_without_clips_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(BadSetting, match=r"\.mp4"):
        Clips(tmp_path_factory.mktemp("empty"))
