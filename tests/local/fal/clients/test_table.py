"""docs/emulator.md promises what is proven here, and no more."""

import importlib
import json
import re
from collections.abc import Iterator

import fal_client
import pytest

from tests.conftest import ROOT
from tests.local.fal.clients.serving import proven_calls

PAGE = ROOT / "docs" / "emulator.md"
HERE = "tests.local.fal.clients"
MODULES = {
    "`fal_client`": ("test_fal_client",),
    "`@fal-ai/client`": ("test_fal_js", "test_fal_js_direct", "test_fal_js_large"),
    "`fal.apps`": ("test_fal_apps",),
}


@pytest.mark.parametrize("client", MODULES)
def test_the_page_names_exactly_the_calls_that_tests_prove(client: str) -> None:
    """A column of the table, and the tests of that client."""
    modules = (importlib.import_module(f"{HERE}.{name}") for name in MODULES[client])
    proven = sorted(call for module in modules for call in proven_calls(module))
    assert sorted(_promised(client)) == proven


def test_the_page_names_the_versions_that_are_proven() -> None:
    """As the three environments have them."""
    node = json.loads((ROOT / "tests" / "node" / "package.json").read_text())["dependencies"]
    sdk = re.search(r"^fal==(\S+)", (ROOT / "tests" / "fal_apps" / "requirements.in").read_text(), re.MULTILINE)
    assert sdk is not None
    page = PAGE.read_text()
    assert f"fal-client {fal_client.__version__} " in page
    assert f"@fal-ai/client {node['@fal-ai/client']}," in page
    assert f"fal {sdk[1]}." in page


def _promised(client: str) -> Iterator[str]:
    _, first_cell, rest = PAGE.read_text().partition("| What |")
    table = (first_cell + rest.partition("\n\n")[0]).splitlines()
    head, _, *rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in table]
    for row in rows:
        yield from re.findall(r"`([^`]+)`", row[head.index(client)])
