"""Whether there are wheels for a machine is asked of pip as that machine would, and a gap is named."""

from pathlib import Path

import pytest

from supply.lock import Pin
from supply.wheels import Machine, ask, glibc

_HASH = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("marker", "cpu", "python", "taken"),
    [
        ("", "aarch64", "3.11", True),
        ("platform_machine == 'aarch64'", "aarch64", "3.11", True),
        ("platform_machine == 'aarch64'", "x86_64", "3.11", False),
        ("python_full_version < '3.13'", "x86_64", "3.11", True),
        ("python_full_version < '3.13'", "x86_64", "3.13", False),
        ("sys_platform == 'win32'", "x86_64", "3.13", False),
    ],
)
def test_a_package_is_asked_for_where_it_would_be_installed(
    marker: str, cpu: str, python: str, taken: bool
) -> None:
    """Whatever machine asks."""
    assert Machine(cpu, python).takes(Pin("oak", "1.0", marker, frozenset({_HASH}))) is taken


@pytest.mark.parametrize(
    ("wheels", "oldest"),
    [
        (["oak-1.0-py3-none-any.whl"], 0),
        (["oak-1.0-cp311-abi3-manylinux_2_24_aarch64.whl"], 24),
        (["oak-1.0-cp311-cp311-manylinux2014_x86_64.manylinux_2_28_x86_64.whl"], 17),
        (["oak-1.0-cp311-cp311-manylinux1_x86_64.whl", "elm-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"], 28),
    ],
)
def test_wheels_run_from_the_newest_glibc_on_that_one_of_them_needs(wheels: list[str], oldest: int) -> None:
    """Each has several names for what it runs on, and needs the oldest of them."""
    assert glibc(wheels) == oldest


def test_a_package_without_a_wheel_is_named(tmp_path: Path) -> None:
    """Here by an index that has nothing at all."""
    elsewhere = ["--isolated", "--no-index", f"--find-links={tmp_path}"]

    wheels, complaint = ask([Pin("oak", "1.0", "", frozenset({_HASH}))], Machine("aarch64", "3.11"), elsewhere)

    assert wheels == []
    assert "oak==1.0" in complaint
