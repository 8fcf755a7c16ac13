"""An S3 that looks at the signatures of addresses, as AWS does and moto does not: a gate in front of moto.

Written by AWS's description ("Authenticating Requests: Using Query Parameters (AWS Signature Version 4)"), without
the library that signs in what is tested. Requests that are signed in a header, or not at all, moto judges.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from tests.storage.buckets.gates import Gate

LONGEST_SECONDS = 604_800


class SigV4Gate(Gate):
    """Lets through to moto what is signed in no query, and what is signed well there and not too long ago."""

    def __init__(self, moto: str, *, secret_key: str, clock: Callable[[], datetime]) -> None:
        super().__init__(moto, clock=clock)
        self._secret_key = secret_key

    async def refusal(self, request: Request) -> tuple[int, str] | None:
        given = parameters(request)
        if "X-Amz-Signature" not in given:
            return None
        headers = signed_headers(request, given["X-Amz-SignedHeaders"])
        text = string_to_sign("AWS4-HMAC-SHA256", request, given, headers)
        key = f"AWS4{self._secret_key}".encode()
        for part in scope(given["X-Amz-Credential"]).split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        if not hmac.compare_digest(given["X-Amz-Signature"], hmac.digest(key, text.encode(), "sha256").hex()):
            return 403, "SignatureDoesNotMatch"
        seconds = int(given["X-Amz-Expires"])
        if seconds > LONGEST_SECONDS:
            return 403, "AuthorizationQueryParametersError"
        over = self._clock() > made_at(given["X-Amz-Date"]) + timedelta(seconds=seconds)
        return (403, "AccessDenied") if over else None


def parameters(request: Request) -> dict[str, str]:
    """The query, escaped as it came."""
    return dict(re.findall(r"([^&=]+)=?([^&]*)", request.scope["query_string"].decode()))


def scope(credential: str) -> str:
    """What stands behind the key's id in a credential, still escaped."""
    return credential.split("%2F", 1)[1].replace("%2F", "/")


def made_at(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def signed_headers(request: Request, names: str) -> dict[str, str]:
    return {name: request.headers[name] for name in names.replace("%3B", ";").split(";")}


def string_to_sign(algorithm: str, request: Request, given: dict[str, str], headers: dict[str, str]) -> str:
    """Alike with AWS and Google, whose parameters only begin with other words."""
    vendor = "X-Amz" if algorithm.startswith("AWS4") else "X-Goog"
    query = "&".join(f"{name}={value}" for name, value in sorted(given.items()) if name != f"{vendor}-Signature")
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    path = request.scope["raw_path"].decode()
    canonical = f"{request.method}\n{path}\n{query}\n{lines}\n{';'.join(sorted(headers))}\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return "\n".join([algorithm, given[f"{vendor}-Date"], scope(given[f"{vendor}-Credential"]), digest])
