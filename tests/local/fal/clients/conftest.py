"""Ties each test here to the call of fal's client that it proves."""

from typing import Any

import pytest

from tests.local.fal.clients.serving import Told


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "proves(call): the call of fal's client that the test proves; docs/emulator.md lists it"
    )


@pytest.fixture
def told(request: pytest.FixtureRequest, session: Told) -> Any:
    """What the call came to when the program behind the module's `session` made it."""
    mark = request.node.get_closest_marker("proves")
    assert mark is not None
    return session.of(*mark.args)
