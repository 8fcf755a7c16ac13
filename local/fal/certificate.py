"""Makes a certificate for the emulator, which signs itself: fal's own clients insist on https.

It names the local machine and all of fal's hosts, so that it also serves where a hosts file leads those here. It
protects nothing: whoever runs the emulator tells a client, for one process, to trust it. It can be kept, so that
what a client was told holds at the next start, too.
"""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.fal.server import Tls

HOSTS = (
    "localhost",
    "fal.run",
    "queue.fal.run",
    "ws.fal.run",
    "rest.fal.ai",
    "fal.media",
    "v3.fal.media",
)
ADDRESSES = ("127.0.0.1", "::1")
LASTS = dt.timedelta(days=365)
RENEWED_BEFORE = dt.timedelta(days=7)
"""A certificate with less time left is made anew, so that none ends while an emulator runs."""


def keep_certificate(folder: Path, *, now: dt.datetime, more_hosts: Sequence[str] = ()) -> Tls:
    """The certificate in the folder; a new one where there is none, or none for these hosts and a week more.

    Raises OSError where the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = _files(folder)
    return kept if _serves(kept, more_hosts, now=now) else make_certificate(folder, now=now, more_hosts=more_hosts)


def make_certificate(folder: Path, *, now: dt.datetime, more_hosts: Sequence[str] = ()) -> Tls:
    """Write `certificate.pem` and `key.pem` into the folder, valid for a year from `now`.

    `more_hosts`: names or addresses to stand in it beside `HOSTS` and `ADDRESSES`.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "storyreel's fal emulator")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        # clocks of containers differ by seconds
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName(_names(more_hosts)), critical=False)
        # as an authority of its own, which is how it can be trusted by a file
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    tls = _files(folder)
    tls.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    tls.key.touch(0o600)
    tls.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return tls


def _files(folder: Path) -> Tls:
    return Tls(folder / "certificate.pem", folder / "key.pem")


def _names(more_hosts: Sequence[str]) -> list[x509.GeneralName]:
    return [_name(host) for host in dict.fromkeys((*HOSTS, *ADDRESSES, *more_hosts))]


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _serves(tls: Tls, more_hosts: Sequence[str], *, now: dt.datetime) -> bool:
    """Whether both files are there, belong together, name all hosts and last long enough."""
    try:
        certificate = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
        key = serialization.load_pem_private_key(tls.key.read_bytes(), password=None)
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    return (
        certificate.public_key() == key.public_key()
        and set(named).issuperset(_names(more_hosts))
        and certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - RENEWED_BEFORE
    )
