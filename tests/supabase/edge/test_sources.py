"""The edge functions' sources, as Deno itself judges them."""

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.supabase.edge.running import check_types, deno

pytestmark = pytest.mark.needs("deno")

FUNCTIONS = str(ROOT / "supabase" / "functions")
AROUND = str(Path(__file__).parent)


async def test_types_are_right(checkout: Path) -> None:
    """Against the types of the very packages that are imported."""
    code, said = await check_types(checkout)

    assert code == 0, said


@pytest.mark.parametrize("command", [("lint",), ("fmt", "--check")], ids=["lint", "fmt"])
async def test_nothing_is_amiss(command: tuple[str, ...], tmp_path: Path) -> None:
    """By Deno's own rules, none of them turned off."""
    code, said = await deno(*command, FUNCTIONS, AROUND, folder=tmp_path)

    assert code == 0, said
