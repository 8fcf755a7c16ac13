"""Pages and folders made from paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.bucket.listing import flat_page, folder_entries

PATHS = st.lists(
    st.lists(st.sampled_from(["a", "b", "ü", "c.mp4"]), min_size=1, max_size=4).map("/".join), unique=True
)


@given(PATHS.map(sorted), st.integers(1, 5))
def test_pages_together_are_the_whole(paths: list[str], limit: int) -> None:
    """Following cursors yields every path once, in order, no page longer than asked."""
    seen: list[str] = []
    cursor = None
    while True:
        page = flat_page(paths, cursor=cursor, limit=limit)
        assert len(page.paths) <= limit
        seen += page.paths
        cursor = page.cursor
        if cursor is None:
            break

    assert seen == paths


@pytest.mark.parametrize("cursor", ["?", "eDp5", "bDr/"])
def test_a_made_up_cursor_is_an_error(cursor: str) -> None:
    """It is not taken for the beginning."""
    with pytest.raises(ValueError, match="not a cursor"):
        flat_page(["a"], cursor=cursor, limit=1)


@given(PATHS.map(sorted))
def test_walking_the_folders_finds_every_path(paths: list[str]) -> None:
    """Each path is reached by going down from the root."""
    found: list[str] = []
    folders = [""]
    while folders:
        folder = folders.pop()
        for name in folder_entries(paths, folder):
            (folders if name.endswith("/") else found).append(folder + name)

    assert sorted(found) == paths
