"""Multipart bodies come out alike however the network cut them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.bucket.multipart import MAX_HEAD_BYTES, BadMultipart, MultipartReader, PartHead

TYPE = 'multipart/form-data; boundary="cut-here"'
# Contents that come close to looking like a delimiter.
CONTENTS = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"--cut-here", b"cut", b"x"])).map(
    b"".join
)


def body(content: bytes) -> bytes:
    return (
        b'--cut-here\r\nContent-Disposition: form-data; name="cacheControl"\r\n\r\n3600\r\n'
        b'--cut-here\r\nContent-Disposition: form-data; name="file"; filename="c"\r\n'
        b"Content-Type: video/mp4\r\n\r\n" + content + b"\r\n--cut-here--\r\n"
    )


def read(chunks: list[bytes]) -> list[tuple[PartHead, bytes]]:
    reader = MultipartReader(TYPE)
    parts: list[tuple[PartHead, bytes]] = []
    for chunk in chunks:
        for event in reader.feed(chunk):
            if isinstance(event, PartHead):
                parts.append((event, b""))
            else:
                parts[-1] = (parts[-1][0], parts[-1][1] + event)
    reader.close()
    return parts


@given(CONTENTS.filter(lambda content: b"\r\n--cut-here" not in b"\r\n" + content), st.data())
def test_any_cut_gives_the_same_parts(content: bytes, data: st.DataObject) -> None:
    """Chunks may end anywhere, in the middle of a delimiter too."""
    whole = body(content)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    chunks = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    assert read(chunks) == [
        (PartHead("cacheControl", None), b"3600"),
        (PartHead("file", "video/mp4"), content),
    ]
    assert read([whole[n : n + 1] for n in range(len(whole))]) == read([whole])


def test_little_is_held_back() -> None:
    """All but the possible start of a delimiter comes out at once."""
    reader = MultipartReader(TYPE)

    events = list(reader.feed(body(b"x" * 100_000)[:90_000]))

    assert sum(len(event) for event in events if isinstance(event, bytes)) > 89_000


@given(st.integers(0, len(body(b"clip")) - len(b"\r\n--cut-here--\r\n")))
def test_a_body_that_ends_early_is_an_error(end: int) -> None:
    """A form without its last delimiter was cut off."""
    with pytest.raises(BadMultipart):
        read([body(b"clip")[:end]])


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_needs_a_boundary(content_type: str) -> None:
    """Nothing can be read without."""
    with pytest.raises(BadMultipart):
        MultipartReader(content_type)


@pytest.mark.parametrize(
    "bad",
    [b"--cut-here??", b"--cut-here\r\nX: " + b"x" * (MAX_HEAD_BYTES + 1)],
    ids=["junk", "endless headers"],
)
def test_a_malformed_form_is_an_error(bad: bytes) -> None:
    """It is not waited for and not held."""
    with pytest.raises(BadMultipart):
        read([bad])
