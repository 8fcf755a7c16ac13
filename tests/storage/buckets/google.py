"""A stand-in for Google Cloud Storage: its own doors in front of moto's S3.

No emulator was found that speaks what is needed: fake-gcs-server answers obstore's PUT with 400, and knows no
multipart uploads by XML. But Google's XML API is S3's with other signatures, so moto behind a gate speaks it. By
Google's description the gate judges the tokens of service accounts ("self-signed JWTs") and signed addresses ("V4
signing process"), and says 404 to a DELETE of what is not there. What Google does otherwise than moto beyond that,
is not seen here.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

import httpx
import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.requests import Request

from tests.storage.buckets.gates import Gate
from tests.storage.buckets.sigv4 import LONGEST_SECONDS, made_at, parameters, string_to_sign

EMAIL = "storyreel@project.iam.gserviceaccount.com"
_HOST = "storage.googleapis.com"  # what is signed for, whatever host a stand-in has
_KNOWN_TO_MOTO = (
    b"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
)


class ServiceAccount:
    """A key as Google makes them."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public = self._private.public_key()

    @property
    def key(self) -> str:
        pem = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        told = {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": "key-1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
        }
        return json.dumps(told)


class GoogleGate(Gate):
    """Lets through to moto whoever shows a token or a signed address, and strangers without either."""

    def __init__(self, moto: str, account: ServiceAccount, *, clock: Callable[[], datetime]) -> None:
        super().__init__(moto, clock=clock)
        self._account = account

    async def refusal(self, request: Request) -> tuple[int, str] | None:
        given = parameters(request)
        if "X-Goog-Signature" in given:
            return self._of_address(request, given)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            return None
        try:
            jwt.decode(token, self._account.public, ["RS256"], issuer=EMAIL, options={"require": ["exp", "scope"]})
        except jwt.InvalidTokenError:
            return 401, "AuthenticationRequired"
        if request.method == "DELETE" and "uploadId" not in given and await self._is_missing(request):
            return 404, "NoSuchKey"
        return None

    def target(self, request: Request) -> str:
        """With a path that moto reads: obstore escapes `-` and `/` as well, which are the same to Google."""
        path, mark, query = super().target(request).partition("?")
        path = quote(unquote(path))
        return path if "X-Goog-Signature" in query else f"{path}{mark}{query}"

    def headers(self, request: Request) -> list[tuple[bytes, bytes]]:
        told = [header for header in super().headers(request) if header[0] != b"authorization"]
        is_known = "authorization" in request.headers or "X-Goog-Signature" in parameters(request)
        return [*told, (b"authorization", _KNOWN_TO_MOTO)] if is_known else told

    def _of_address(self, request: Request, given: dict[str, str]) -> tuple[int, str] | None:
        text = string_to_sign("GOOG4-RSA-SHA256", request, given, {"host": _HOST})
        try:
            signature = bytes.fromhex(given["X-Goog-Signature"])
            self._account.public.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return 403, "SignatureDoesNotMatch"
        seconds = int(given["X-Goog-Expires"])
        over = self._clock() > made_at(given["X-Goog-Date"]) + timedelta(seconds=seconds)
        return (400, "ExpiredToken") if over or seconds > LONGEST_SECONDS else None

    async def _is_missing(self, request: Request) -> bool:
        async with httpx.AsyncClient(verify=False, trust_env=False) as client:
            asked = self._server + self.target(request)
            return (
                await client.head(asked, headers={"authorization": _KNOWN_TO_MOTO.decode()})
            ).status_code == 404
