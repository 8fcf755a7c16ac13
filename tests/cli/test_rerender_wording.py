"""What `storyreel rerender` says where the truth depends on where it works, or on what else goes on."""

from cli.rerender.wording import stopped_line, undo_json, undo_lines
from storage.choices import Undone


def test_whoever_stops_it_hears_what_goes_on_without_it() -> None:
    """A deployment's workers do; the stack of a folder may end with the command that started it."""
    deployed, local = stopped_line(7, deployed=True), stopped_line(7, deployed=False)

    assert "goes on at the workers" in deployed
    assert "workers" not in local
    assert "`storyreel up`" in local
    for text in (deployed, local):
        assert "`storyreel rerender --resume 7`" in text


def test_an_undo_says_that_what_was_under_way_is_not_waited_for() -> None:
    """And that what plays now is replaced all the same; where nothing was, not a word of it."""
    tried, done = (" ".join(undo_lines(3, Undone(2, 1), dry_run=dry_run)) for dry_run in (True, False))

    assert "1 of these has a re-render under way: it would not be waited for any more" in tried
    assert "1 of these had a re-render under way: it is not waited for any more" in done
    assert "all the same" in done
    assert "under way" not in " ".join(undo_lines(3, Undone(2, 0), dry_run=False))
    assert undo_json("public.stories", 3, Undone(2, 1), dry_run=False)["under_way"] == 1
