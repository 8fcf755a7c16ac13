"""`storyreel placeholders`: builds, shows and publishes a library, or says in a sentence why not."""

import json
import os
import re
from pathlib import Path

import psycopg
import pytest

from tests.cli.running import assert_sentence, storyreel
from tests.cli.terminal import at_a_terminal, interrupt, read_until
from tests.conftest import DatabaseUrls
from tests.local.library.small import described, lagoon

PAID = '[[theme]]\nname = "ocean"\n[[theme.clip]]\nprompt = "A whale swims"\nmodel = "lightning"\n'


def settings_for(urls: DatabaseUrls, folder: Path, **more: str) -> dict[str, str]:
    """A deployment with a real provider, whom nobody here may reach."""
    return {
        "SUPABASE_URL": "http://127.0.0.1:1",
        "SUPABASE_DB_URL": urls.worker,
        "SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789",
        "STORYREEL_BUCKET_FOLDER": str(folder / "buckets"),
        "FAL_KEY": "id:secret",
        **more,
    }


def test_a_library_is_built_shown_and_published(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    """The three commands in turn; the list tells at each point what there is."""
    folder, settings = str(lagoon(tmp_path / "lagoon")), settings_for(database_urls, tmp_path)

    (before, _) = json.loads(storyreel("placeholders", "list", folder, "--json").out)
    ended = storyreel("placeholders", "build", folder)
    (built, _) = json.loads(storyreel("placeholders", "list", folder, "--json", settings=settings).out)
    told = storyreel("placeholders", "publish", folder, settings=settings)
    (there, _) = json.loads(storyreel("placeholders", "list", folder, "--json", settings=settings).out)

    assert (ended.code, ended.out.splitlines()[-1]) == (0, "2 built, 0 were there already"), ended.said
    assert told.out.startswith("6 files uploaded"), told.said
    assert (before["built"], before["shape"], before["published"]) == (False, None, None)
    assert (built["theme"], built["clip"], built["kind"], built["shape"]) == ("ocean", 1, "own", "square")
    assert (built["width"], built["height"], built["seconds"], built["published"]) == (96, 96, 0.75, False)
    assert there == built | {"published": True}
    assert (
        storyreel("placeholders", "publish", folder, settings=settings).out == "everything was published already\n"
    )


def test_the_list_is_a_table_for_people(tmp_path: Path) -> None:
    ended = storyreel("placeholders", "list", str(lagoon(tmp_path / "lagoon")))

    assert [line.split() for line in ended.out.splitlines()] == [
        ["theme", "clip", "of", "shape", "size", "seconds", "KB"],
        ["ocean", "1", "own", "?", "-", "-", "-", "not", "built"],
        ["ocean", "2", "own", "?", "-", "-", "-", "not", "built"],
        ["2", "loops,", "0.0", "MB", "built"],
    ]


def test_a_build_makes_what_is_missing_and_no_more(tmp_path: Path) -> None:
    """Unless it is told to."""
    folder = str(lagoon(tmp_path / "lagoon"))
    first = storyreel("placeholders", "build", folder).out.splitlines()
    again = storyreel("placeholders", "build", folder).out.splitlines()
    forced = storyreel("placeholders", "build", folder, "--force", "--only", "ocean").out.splitlines()

    assert again == ["0 built, 2 were there already"]
    assert sorted(forced) == sorted(first)


def test_what_costs_money_is_not_built_without_consent(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    """No terminal to ask at, and no --yes: the price is shown, and nothing is asked of anybody."""
    folder = described(tmp_path / "clips", PAID)
    ended = storyreel("placeholders", "build", str(folder), settings=settings_for(database_urls, tmp_path))

    assert "theme 'ocean', clip 1, lightning: about $0." in ended.out
    assert "together about $0." in ended.out
    assert_sentence(ended, "costs money", "--yes")
    with psycopg.connect(database_urls.owner) as owner:
        assert owner.execute("select count(*) from storyreel.videos").fetchone() == (0,)


@pytest.mark.parametrize("answer", [b"n\n", None], ids=["no", "ctrl-c"])
def test_a_person_who_does_not_agree_has_asked_for_nothing(
    database_urls: DatabaseUrls, tmp_path: Path, answer: bytes | None
) -> None:
    """Ctrl-C ends the question at once."""
    folder = described(tmp_path / "clips", PAID)
    settings = settings_for(database_urls, tmp_path)
    with at_a_terminal("placeholders", "build", str(folder), settings=settings) as (process, person):
        assert "together about $0." in read_until(person, "[y/N]")
        if answer:
            os.write(person, answer)
        else:
            interrupt(process)

        assert "Traceback" not in read_until(person, "stopped")
        assert process.wait(30) == 130
    with psycopg.connect(database_urls.owner) as owner:
        assert owner.execute("select count(*) from storyreel.videos").fetchone() == (0,)


def test_a_clip_that_two_themes_share_is_reckoned_once(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    folder = described(tmp_path / "clips", PAID + PAID.replace("ocean", "rain"))
    ended = storyreel("placeholders", "build", str(folder), settings=settings_for(database_urls, tmp_path))

    assert (
        "theme 'rain', clip 1, lightning: the same clip as theme 'ocean', clip 1, costs nothing more" in ended.out
    )
    (one, together) = re.findall(r"about (\$[0-9.]+)", ended.out)
    assert one == together != "$0.0000"


def test_publishing_does_not_spend(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    folder = described(tmp_path / "clips", PAID)
    ended = storyreel("placeholders", "publish", str(folder), settings=settings_for(database_urls, tmp_path))

    assert_sentence(ended, "theme 'ocean', clip 1", "costs money", f"storyreel placeholders build {folder}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["build", "no/folder"], ["FOLDER", "no/folder"]),
        (["build", "."], ["placeholders.toml is not there"]),
        (["list", "."], ["placeholders.toml is not there"]),
        (["publish", "."], ["placeholders.toml is not there"]),
        (["build", "clips", "--only", "space"], ["--only", "no clips of space", "ocean"]),
    ],
    ids=" ".join,
)
def test_what_is_no_library_is_a_sentence(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    lagoon(tmp_path / "clips")

    assert_sentence(storyreel("placeholders", *arguments, cwd=tmp_path), *words)


def test_a_deployment_that_is_not_set_whole_is_a_sentence(tmp_path: Path) -> None:
    """One variable of a deployment means the deployment, never this machine's stack."""
    settings = {"SUPABASE_SECRET_KEY": "sb_secret_for_tests_only_0123456789"}
    ended = storyreel("placeholders", "publish", settings=settings, cwd=tmp_path)

    assert_sentence(ended, "SUPABASE_URL is not set")
    assert list(tmp_path.iterdir()) == []
