"""Fixtures of the tests of downloading."""

import ssl
from pathlib import Path

import pytest

from local.fal.server import Tls
from tests.pipeline.downloads.servers import certified


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clip.mp4"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """For fal's hosts, of an authority that is itself."""
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def trust(certificate: Tls) -> ssl.SSLContext:
    """Trusts that authority alone."""
    return ssl.create_default_context(cafile=certificate.certificate)
