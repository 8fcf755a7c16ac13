"""Which paths are objects, and how they look in a URL."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import BucketRefused
from storage.buckets import keys

LETTERS = st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters='/#[]{}^`"<>\\|%~')
PARTS = st.text(LETTERS, min_size=1, max_size=30).filter(lambda part: part not in {".", ".."})
PATHS = st.lists(PARTS, min_size=1, max_size=5).map("/".join).filter(keys.is_path)


@given(st.text(max_size=40))
@example("../etc/passwd")
@example("a/../../b")
@example("a/./b")
@example("/etc/passwd")
@example("\ud800")
@example("a\u202eb")
def test_a_path_is_refused_or_stays_inside_the_folder(path: str) -> None:
    """No accepted path leaves the folder it is joined to, or says two things in one."""
    if not keys.is_path(path):
        return

    joined = Path("/bucket") / path
    assert joined.relative_to("/bucket").as_posix() == path
    assert ".." not in joined.parts
    assert not set(path) & set('%~\\"<>|#\x00\n')


@given(PATHS)
def test_every_start_of_a_path_is_a_prefix(path: str) -> None:
    """Whatever an object is called, it can be listed by any start of its path."""
    for end in range(len(path) + 1):
        assert keys.checked_prefix(path[:end]) == path[:end]


@given(PATHS)
def test_the_url_unescapes_to_the_path(path: str) -> None:
    """A URL means exactly its object, and nothing of the path is taken for a query or a fragment."""
    base = keys.base_url("http://host:1/", "clips", is_public=True)
    url = urlsplit(keys.object_url(base, path))

    assert base == "http://host:1/storage/v1/object/public/clips"
    assert url.query == url.fragment == ""
    assert unquote(url.path) == f"/storage/v1/object/public/clips/{path}"
    assert url.path.isascii()
    assert "+" not in url.path


def test_lengths_are_counted_in_bytes() -> None:
    """S3's limit and the file system's are bytes of UTF-8, not letters."""
    assert keys.is_path("ü" * 100)
    assert not keys.is_path("ü" * 101)
    assert keys.is_path("/".join(["a" * 127] * 8))
    assert not keys.is_path("/".join(["a" * 128] * 8))


@pytest.mark.parametrize("prefix", ["/", "//", "a//", "../", "a/../b", "a\x00", "a\\", "~"])
def test_a_prefix_that_starts_no_path_is_refused(prefix: str) -> None:
    """A listing of nowhere is a mistake, not an empty answer."""
    with pytest.raises(BucketRefused):
        keys.checked_prefix(prefix)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", ".hidden", "a b", "ü", "a~b", "a" * 64])
def test_names_that_are_no_bucket_are_refused(name: str) -> None:
    """A bucket's name is also a folder's."""
    with pytest.raises(BucketRefused):
        keys.checked_name(name)
