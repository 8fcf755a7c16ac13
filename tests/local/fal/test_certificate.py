"""Promises of the kept certificate: used again as long as it serves, and made anew when it does not."""

import datetime as dt
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from local.fal.certificate import keep_certificate
from local.fal.server import Tls

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


@pytest.fixture
def kept(tmp_path: Path) -> Tls:
    """One that was made now, in a folder that was not there."""
    return keep_certificate(tmp_path / "state" / "tls", now=NOW)


def again(kept: Tls, *, days: float = 0, more_hosts: tuple[str, ...] = ()) -> bool:
    """Whether the same one is used when it is asked for later."""
    before = kept.certificate.read_bytes(), kept.key.read_bytes()
    tls = keep_certificate(kept.certificate.parent, now=NOW + dt.timedelta(days=days), more_hosts=more_hosts)
    assert tls == kept
    return (tls.certificate.read_bytes(), tls.key.read_bytes()) == before


@pytest.mark.parametrize(("days", "same"), [(0, True), (357.9, True), (358.1, False), (400, False), (-1, False)])
def test_it_is_used_again_while_a_week_is_left(kept: Tls, days: float, same: bool) -> None:
    assert again(kept, days=days) is same


def test_another_host_makes_another_one_that_names_it(kept: Tls) -> None:
    """A name or an address, beside those that stand in it anyway."""
    assert not again(kept, more_hosts=("emulator.test", "192.0.2.7"))
    assert again(kept, more_hosts=("emulator.test",))

    certificate = x509.load_pem_x509_certificate(kept.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "queue.fal.run", "emulator.test"} <= {*names.get_values_for_type(x509.DNSName)}
    assert {"127.0.0.1", "192.0.2.7"} <= {str(one) for one in names.get_values_for_type(x509.IPAddress)}


@pytest.mark.parametrize(
    "harm",
    [
        lambda kept, _: kept.key.unlink(),
        lambda kept, _: kept.certificate.unlink(),
        lambda kept, _: kept.certificate.write_text("nothing"),
        lambda kept, _: kept.key.write_bytes(b"\xff"),
        lambda kept, other: kept.key.write_bytes(other.key.read_bytes()),
    ],
    ids=["no key", "no certificate", "no PEM", "bytes", "another's key"],
)
def test_a_damaged_one_is_replaced(kept: Tls, tmp_path: Path, harm: Callable[[Tls, Tls], object]) -> None:
    """Whatever has become of the folder, the next start works."""
    harm(kept, keep_certificate(tmp_path / "other", now=NOW))
    keep_certificate(kept.certificate.parent, now=NOW)

    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(kept.certificate, kept.key)
    assert again(kept)


def test_the_key_is_for_its_owner_alone(kept: Tls) -> None:
    assert kept.key.stat().st_mode & 0o777 == 0o600
