"""`storyreel sheet`: a PNG with a row per scene and a column per seed, or a sentence at once."""

from pathlib import Path

import pytest
from PIL import Image

from local.renderer import THEMES
from tests.cli.running import assert_sentence, storyreel


def test_a_sheet_has_a_row_per_scene_and_a_column_per_seed(tmp_path: Path) -> None:
    """A theme asked for twice is there once; what the rows show is told."""
    options = ("--theme=space", "--theme=space", "--seeds=2", "--size=96x64", "--text=storm")
    ended = storyreel("sheet", "all.png", *options, cwd=tmp_path)
    scenes = THEMES["space"].variants

    assert ended.code == 0, ended.said
    told = [f"row {number}: space/{scene}" for number, scene in enumerate(scenes, start=1)]
    assert ended.out.splitlines() == [*told, "all.png shows them with seeds 1 to 2"]
    with Image.open(tmp_path / "all.png") as image:
        assert (image.format, image.size) == ("PNG", (2 * 96, len(scenes) * 64))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.png", "--theme", "spaace"], ["--theme", "spaace", "space, ocean"]),
        (["a.png", "--size", "big"], ["--size", "'big'", "256x256"]),
        (["a.png", "--size", "256"], ["--size", "256x256"]),
        (["a.png", "--theme", "space", "--size", "63x64"], ["--size", "even"]),
        (["a.png", "--theme", "space", "--size", "-64x64"], ["--size", "-64"]),
        (["a.png", "--size", "1280x1280", "--seeds", "24"], ["megapixels", "fewer"]),
        (["a.jpg"], ["FILE", ".png"]),
        (["no/folder/a.png"], ["FILE", "no/folder"]),
        (["."], ["FILE", "directory"]),
        ([], ["FILE"]),
    ],
    ids=" ".join,
)
def test_what_cannot_be_drawn_is_a_sentence(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    """Before anything is drawn, and nothing is written."""
    assert_sentence(storyreel("sheet", *arguments, cwd=tmp_path), *words)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_no_file_is_a_sentence(tmp_path: Path) -> None:
    """The file and the reason, whatever it is."""
    (tmp_path / "a.png").symlink_to(tmp_path / "gone" / "a.png")
    options = ("--theme=space", "--seeds=1", "--size=64x64")
    assert_sentence(storyreel("sheet", "a.png", *options, cwd=tmp_path), "a.png", "No such file")
