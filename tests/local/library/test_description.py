"""A library is described by hand: whatever is wrong is named, with file, theme and clip, before anything runs."""

from pathlib import Path

import pytest

from local.library.description import (
    SCENES,
    SHIPPED,
    BadLibrary,
    DrawnClip,
    OwnClip,
    PaidClip,
    read_library,
)
from local.renderer import THEMES
from pipeline.boxes import Shape
from tests.local.library.small import described

WHOLE = """
name = "harbour"

[languages]
spanish = "el la los de que y en un una"

[[theme]]
name = "ocean"
[theme.words.spanish]
loud = "ballena mar"
faint = "azul"
[theme.words.english]
clear = "harbour"
[[theme.clip]]
scene = "open_sea"
seed = 7
text = "a stormy night"
shapes = ["square", "tall"]
[[theme.clip]]
file = "clips/lagoon.mp4"
[[theme.clip]]
prompt = "A lagoon at dawn"
model = "lightning"
parameters = { steps = 8 }
seed = 3
"""

CLIP = '[[theme]]\nname = "ocean"\n[[theme.clip]]\n'


def test_all_that_can_be_said_is_read(tmp_path: Path) -> None:
    """Languages, words in three degrees, and the three kinds of clips."""
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "lagoon.mp4").touch()

    library = read_library(described(tmp_path, WHOLE))

    (ocean,) = library.themes
    assert (library.name, dict(library.languages)) == ("harbour", {"spanish": "el la los de que y en un una"})
    assert (ocean.words["spanish"].loud, ocean.words["spanish"].faint) == ("ballena mar", "azul")
    assert ocean.clip == (
        DrawnClip(scene="open_sea", seed=7, text="a stormy night", shapes=(Shape.SQUARE, Shape.TALL)),
        OwnClip(file="clips/lagoon.mp4"),
        PaidClip(prompt="A lagoon at dawn", model="lightning", parameters={"steps": 8}, seed=3),
    )


def test_a_drawn_clip_is_drawn_in_every_shape_unless_it_says_which(tmp_path: Path) -> None:
    library = read_library(described(tmp_path / "clips", f'{CLIP}scene = "reef"\nseed = 1'))

    assert library.themes[0].clip == (DrawnClip(scene="reef", seed=1, shapes=tuple(Shape)),)
    assert library.name == "clips"


def test_no_two_scenes_of_the_renderer_have_the_same_name() -> None:
    """A clip names its scene without the theme it belongs to."""
    assert len(SCENES) == sum(len(theme.variants) for theme in THEMES.values())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("theme = 1", ["theme"]),
        ("[[themes]]", ["themes", "not permitted"]),
        ("a = [" + "[" * 5000, ["no TOML"]),
        ("x = ", ["no TOML"]),
        ('[[theme]]\nname = "Ocean"', ["theme 'Ocean'", "name"]),
        ('[[theme]]\nname = "o\\u0000"', ["name"]),
        ("[[theme]]\nname = 7", ["theme '7', name"]),
        ("[[theme]]", ["theme 1, name", "required"]),
        ('[[theme]]\nname = "ocean"\n[[theme]]\nname = "ocean"', ["two themes 'ocean'"]),
        ('[[theme]]\nname = "ocean"\nclip = [3]', ["theme 'ocean', clip 1", "one of scene, file and prompt"]),
        (CLIP, ["theme 'ocean', clip 1", "one of scene, file and prompt"]),
        (f'{CLIP}scene = "reef"\nfile = "a.mp4"', ["theme 'ocean', clip 1", "one of scene, file and prompt"]),
        (f'{CLIP}scene = "reef"', ["theme 'ocean', clip 1, seed", "required"]),
        (f'{CLIP}scene = "reef"\nseed = "7"', ["clip 1, seed", "integer"]),
        (f'{CLIP}scene = "reef"\nseed = 2147483648', ["clip 1, seed", "2147483647"]),
        (f'{CLIP}scene = "reef"\nseed = 1\nshapes = []', ["clip 1, shapes"]),
        (f'{CLIP}scene = "reef"\nseed = 1\nshapes = ["round"]', ["clip 1, shapes", "'square', 'wide' or 'tall'"]),
        (f'{CLIP}scene = "reef"\nseed = 1\nmood = "x"', ["clip 1, mood", "not permitted"]),
        (f'{CLIP}scene = "atlantis"\nseed = 1', ["theme 'ocean', clip 1", "no scene 'atlantis'", "open_sea"]),
        (f'{CLIP}file = "no.mp4"', ["theme 'ocean', clip 1", "'no.mp4' is not there"]),
        (f'{CLIP}file = "../out.mp4"', ["theme 'ocean', clip 1", "'../out.mp4' is no path inside"]),
        (f'{CLIP}file = "a/../../out.mp4"', ["is no path inside"]),
        (f'{CLIP}file = "/etc/passwd"', ["is no path inside"]),
        (f'{CLIP}file = "a\\u0000b"', ["is no path inside"]),
        (f'{CLIP}file = ""', ["is no path inside"]),
        (f'{CLIP}file = "built/a.mp4"', ["theme 'ocean', clip 1", "'built/a.mp4' lies in the folder 'built'"]),
        (f'{CLIP}file = "Built/a.mp4"', ["lies in the folder 'built'"]),
        (f'{CLIP}prompt = ""', ["theme 'ocean', clip 1"]),
        (f'{CLIP}prompt = "A whale"\nmodel = "lightnin"', ["theme 'ocean', clip 1", "did you mean lightning"]),
        (f'{CLIP}prompt = "A whale"\nparameters = {{ seed = 3 }}', ["theme 'ocean', clip 1", "seed"]),
        (
            f'{CLIP}scene = "reef"\nseed = 1\n[[theme.clip]]\nscene = "reef"\nseed = 1',
            ["theme 'ocean', clip 2 is the same as an earlier one"],
        ),
        (
            '[[theme]]\nname = "ocean"\n[theme.words.klingon]\nloud = "bIQ"',
            ["theme 'ocean'", "klingon", "[languages] klingon"],
        ),
        ('[languages]\n"English; drop" = "the"', ["languages"]),
        ('[languages]\nenglish = "the\\u0000a"', ["languages, english"]),
        ('name = "shipped"', ["'shipped'", "comes with Storyreel"]),
        ('name = "My Clips"', ["name"]),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    """One sentence: the file, the place in it, and what is wrong."""
    with pytest.raises(BadLibrary) as refused:
        read_library(described(tmp_path / "clips", text))

    for word in ["placeholders.toml", *words]:
        assert word in str(refused.value)
    assert len(str(refused.value)) < 800


def test_a_folder_whose_name_will_not_do_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(BadLibrary, match=r"'My Clips'.*name = \"my-clips\""):
        read_library(described(tmp_path / "My Clips", ""))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (2**20 + 1)], ids=["no text", "too long"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "placeholders.toml").write_bytes(content)

    with pytest.raises(BadLibrary, match=r"placeholders\.toml"):
        read_library(tmp_path)


def test_a_folder_without_a_description_is_no_library(tmp_path: Path) -> None:
    with pytest.raises(BadLibrary, match="a library is a folder with"):
        read_library(tmp_path)


def test_the_languages_of_the_shipped_library_need_not_be_told_again(tmp_path: Path) -> None:
    """English words in an app's library are enough: what tells English is known."""
    language = next(iter(read_library(SHIPPED).languages))
    text = f'[[theme]]\nname = "pirates"\n[theme.words.{language}]\nloud = "treasure"'

    assert read_library(described(tmp_path / "clips", text)).themes[0].words[language].loud == "treasure"
