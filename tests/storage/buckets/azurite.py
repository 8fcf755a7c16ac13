"""Azure's own storage emulator, Azurite, in a process of its own; and how a test makes containers in it."""

import base64
import hmac
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate

import httpx

from tests.conftest import program

# The emulator's, known to everyone (learn.microsoft.com/azure/storage/common/storage-use-azurite).
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_VERSION = "2023-11-03"


@contextmanager
def azurite() -> Iterator[str]:
    """Its address, without the account that stands first in every path."""
    command = ["node", str(program("azurite")), "--inMemoryPersistence", "--blobPort", "0", "--disableTelemetry"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            listening = (re.search(r"listens on (http://\S+)", line) for line in process.stdout)
            yield next(found[1] for found in listening if found)
        finally:
            process.kill()


def make_container(address: str, name: str, *, is_public: bool) -> None:
    """As its owner would. By "Authorize with Shared Key"; the only headers are those of x-ms-."""
    access = {"x-ms-blob-public-access": "blob"} if is_public else {}
    headers = {**access, "x-ms-date": formatdate(usegmt=True), "x-ms-version": _VERSION}
    signed = "".join(f"{header}:{value}\n" for header, value in headers.items())
    text = "PUT" + 12 * "\n" + f"{signed}/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), "sha256")).decode()
    reply = httpx.put(
        f"{address}/{ACCOUNT}/{name}",
        params={"restype": "container"},
        headers={**headers, "authorization": f"SharedKey {ACCOUNT}:{signature}"},
    )
    reply.raise_for_status()
