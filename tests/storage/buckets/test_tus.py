"""The words of TUS, and how far an upload has come."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.buckets import tus
from storage.buckets.tus import Progress


@given(st.dictionaries(st.sampled_from(["bucketName", "objectName", "metadata"]), st.text()))
def test_metadata_of_any_letters_fits_into_a_header(metadata: dict[str, str]) -> None:
    """Pairs of a name and base64, parted by commas."""
    header = tus.creating(7, metadata)["upload-metadata"]
    pairs = [pair.split(" ") for pair in header.split(",") if pair]

    assert header.isascii()
    assert {name: base64.b64decode(value).decode() for name, value in pairs} == metadata


def test_every_request_that_changes_something_may_replace() -> None:
    """Supabase asks the last chunk, and not only the first request, whether to."""
    assert tus.creating(1, {})["x-upsert"] == tus.sending(0, 1)["x-upsert"] == "true"


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/storage/v1/upload/resumable/YWJj_-1",
        "https://proxy.example:8443/upload/resumable/YWJj_-1?x=1",
        "/upload/resumable/YWJj_-1/",
        "YWJj_-1",
    ],
)
def test_of_an_address_only_the_id_is_used(location: str) -> None:
    """Behind proxies the rest is often wrong, and the key goes to no other host."""
    assert tus.upload_id(location) == "YWJj_-1"


@pytest.mark.parametrize("location", ["", "/", "http://host/..", "http://host/a b", "http://host/a%2fb"])
def test_an_address_without_an_id_is_none(location: str) -> None:
    """And nothing is sent to a place that was not meant."""
    with pytest.raises(ValueError, match="no address"):
        tus.upload_id(location)


@pytest.mark.parametrize("told", [None, "", "-1", "1.5", "x", "9" * 30, "\u0661"])
def test_an_offset_is_a_number_of_bytes(told: str | None) -> None:
    """Whatever else is said is no answer."""
    with pytest.raises(ValueError, match="no offset"):
        tus.offset_in({} if told is None else {"upload-offset": told})


def test_what_is_gained_forgives_failures() -> None:
    """A long upload outlives many short interruptions; sending the same again gains nothing."""
    shaken = Progress().begun("a").at(10).interrupted().interrupted()

    assert (shaken.offset, shaken.failures) == (None, 2)
    assert shaken.at(10).failures == shaken.at(4).failures == 2
    assert shaken.at(11).failures == 0
    assert shaken.lost().begun("b").at(10).failures == 3


@given(st.lists(st.sampled_from(["begun", "at", "interrupted", "lost"])), st.data())
def test_no_upload_goes_on_for_ever(events: list[str], data: st.DataObject) -> None:
    """Between two failures that count less than all before, there are bytes that the server never had."""
    progress = Progress()
    for event in events:
        before = progress
        match event:
            case "begun":
                progress = progress.begun("a")
            case "at":
                progress = progress.at(data.draw(st.integers(0, 50)))
            case "interrupted":
                progress = progress.interrupted()
            case _:
                progress = progress.lost()
        assert progress.furthest >= before.furthest
        assert progress.failures >= before.failures or progress.furthest > before.furthest
