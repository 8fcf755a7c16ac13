"""`generate-video` for a forger: every way to make a token without the key that its users' are made with."""

import base64
import json
from collections.abc import AsyncIterator, Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.postgres import EmbeddedPostgres
from tests.functions.auth import (
    ABSENT,
    Auth,
    SigningKey,
    compact,
    elliptic,
    mac,
    open_auth,
    rsa_key,
    segment,
    signed,
)
from tests.functions.user_sites import (
    ANNA,
    JWT_SECRET,
    STORY,
    TokenSite,
    accepted,
    bearing,
    database_of,
    open_users_door,
    refused,
)


@pytest.fixture(scope="module")
async def site(postgres: EmbeddedPostgres, _template: str) -> AsyncIterator[TokenSite]:
    with database_of(postgres, _template, "users_forgeries") as urls:
        async with (
            open_auth() as auth,
            open_users_door(urls.worker, auth) as door,
            open_users_door(urls.worker, auth, SUPABASE_JWT_SECRET=JWT_SECRET) as legacy,
        ):
            yield TokenSite(auth, door, legacy)


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "nOnE", "", "null", None, 0, [], ["ES256"], {}, ABSENT], ids=repr
)
async def test_an_unsigned_token_is_nobodys(site: TokenSite, algorithm: object) -> None:
    """However "none" is spelt, with an empty signature, a sensible one, or none at all."""
    header = {"alg": algorithm, "typ": "JWT", "kid": site.auth.key.kid}
    for sign in (lambda _: b"", site.auth.key.sign, mac(b""), mac(JWT_SECRET.encode())):
        token = compact(header, site.auth.claims(ANNA), sign)

        await refused(site.door, token)
        await refused(site.legacy, token)
        await refused(site.legacy, token.rsplit(".", 1)[0])


async def test_a_public_key_is_no_shared_secret(site: TokenSite) -> None:
    """The oldest confusion: HS256 with what everyone can read, in every form that it is written in."""
    for key in site.auth.keys:
        public, jwk = key.private.public_key(), key.jwk()
        forms = [
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
            public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            json.dumps(jwk).encode(),
            json.dumps(jwk, separators=(",", ":")).encode(),
            json.dumps(jwk, sort_keys=True).encode(),
            key.kid.encode(),
            str(jwk.get("x", jwk.get("n"))).encode(),
        ]
        if isinstance(public, ec.EllipticCurvePublicKey):
            forms.append(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        else:
            forms.append(public.public_bytes(Encoding.PEM, PublicFormat.PKCS1))
        for form in forms:
            for digest in ("sha256", "sha384", "sha512"):
                header = {"alg": f"HS{digest[3:]}", "typ": "JWT", "kid": key.kid}
                token = compact(header, site.auth.claims(ANNA), mac(form, digest))
                await refused(site.door, token)
                await refused(site.legacy, token)


def _wrong_algorithms(auth: Auth) -> dict[str, tuple[str, str, Callable[[bytes], bytes]]]:
    """Signatures that hold by the right private key, under names that are not allowed or not that key's."""
    elliptical, rsa_kid = auth.keys[0], auth.keys[1]
    rsa_private = rsa_kid.private
    assert isinstance(rsa_private, rsa.RSAPrivateKey)

    def pss(message: bytes) -> bytes:
        return rsa_private.sign(message, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())

    def der(message: bytes) -> bytes:
        assert isinstance(elliptical.private, ec.EllipticCurvePrivateKey)
        return elliptical.private.sign(message, ec.ECDSA(SHA256()))

    edwards = ed25519.Ed25519PrivateKey.generate()
    return {
        "PS256": ("PS256", "rsa-1", pss),
        "PS256 called RS256": ("RS256", "rsa-1", pss),
        "RS384": ("RS384", "rsa-1", signed("RS384", rsa_private)),
        "RS512": ("RS512", "rsa-1", signed("RS512", rsa_private)),
        "ES384": ("ES384", "ec-1", signed("ES384", ec.generate_private_key(ec.SECP384R1()))),
        "ES512": ("ES512", "ec-1", signed("ES512", ec.generate_private_key(ec.SECP521R1()))),
        "ES256K": ("ES256K", "ec-1", signed("ES256K", ec.generate_private_key(ec.SECP256K1()))),
        "EdDSA": ("EdDSA", "ec-1", edwards.sign),
        "ES256 for an RSA key": ("ES256", "rsa-1", elliptical.sign),
        "RS256 for an EC key": ("RS256", "ec-1", rsa_kid.sign),
        "ES256 by RSA": ("ES256", "rsa-1", rsa_kid.sign),
        "ES256 with DER": ("ES256", "ec-1", der),
        "es256": ("es256", "ec-1", elliptical.sign),
        "ES256 with a blank": ("ES256 ", "ec-1", elliptical.sign),
    }


async def test_only_the_allowed_algorithms_and_each_with_its_own_keys(site: TokenSite) -> None:
    """Even where the signature itself is a good one."""
    for case, (algorithm, kid, sign) in _wrong_algorithms(site.auth).items():
        token = compact({"alg": algorithm, "typ": "JWT", "kid": kid}, site.auth.claims(ANNA), sign)
        answer = await site.legacy.post(json=STORY, headers=bearing(token))

        assert answer.status_code == 401, case


async def test_a_spoilt_signature_is_no_signature(site: TokenSite) -> None:
    """Zeros ("psychic signatures", CVE-2022-21449), the group's order, cut, doubled, another token's, one bit."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551.to_bytes(32)
    for raw in (
        b"",
        b"\0",
        bytes(64),
        order + order,
        bytes(32) + order,
        bytes(31) + b"\1" + bytes(32),
        b"\xff" * 64,
    ):
        header = {"alg": "ES256", "typ": "JWT", "kid": "ec-1"}
        await refused(site.door, compact(header, site.auth.claims(ANNA), always(raw)))
    whole = site.auth.token(ANNA)
    head, payload, signature = whole.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    swapped = segment(raw[32:] + raw[:32])
    flipped = segment(bytes([raw[0] ^ 1]) + raw[1:])
    longer = segment(raw + b"\0")
    other = site.auth.token(ANNA, email="other@example.com").split(".")
    for spoilt in (swapped, flipped, longer, segment(raw[:-1]), segment(raw * 2), other[2]):
        await refused(site.door, f"{head}.{payload}.{spoilt}")
    await refused(site.door, f"{head}.{other[1]}.{signature}")
    await accepted(site.door, whole)


def always(signature: bytes) -> Callable[[bytes], bytes]:
    """The same, whatever is signed."""
    return lambda _: signature


async def test_a_token_brings_no_keys_along(site: TokenSite) -> None:
    """Keys, certificates and addresses of keys in its header are what the forger chose; nobody looks there."""
    forger = elliptic("forged")
    async with open_auth() as evil:
        embedded: list[dict[str, object]] = [
            {"jwk": forger.jwk()},
            {"jku": evil.jwks_url},
            {"x5u": f"{evil.url}/certificate.pem"},
            {"x5c": ["MIIB"]},
            {"jwk": forger.jwk(), "jku": evil.jwks_url, "x5u": evil.url},
        ]
        evil.keys = [forger]
        for more in embedded:
            for kid in (forger.kid, site.auth.key.kid, ABSENT, evil.jwks_url):
                header = {"alg": "ES256", "typ": "JWT", "kid": kid, **more}
                await refused(site.door, compact(header, site.auth.claims(ANNA), forger.sign))

        assert (evil.asked, evil.strays) == (0, [])


@pytest.mark.parametrize(
    "kid",
    [
        ABSENT,
        None,
        "",
        0,
        [],
        ["ec-1"],
        {},
        True,
        "EC-1",
        "ec-1\0",
        " ec-1",
        "../../etc/passwd",
        "' or 1=1 --",
        "x" * 9000,
    ],
    ids=lambda kid: ascii(kid)[:30],
)
async def test_a_key_is_named_as_it_is_listed(site: TokenSite, kid: object) -> None:
    """A genuine signature under a kid that is missing or another is by no known key."""
    await refused(site.door, compact({"alg": "ES256", "kid": kid}, site.auth.claims(ANNA), site.auth.key.sign))


async def test_what_must_be_understood_and_is_not_is_refused(site: TokenSite) -> None:
    """RFC 7515, 4.1.11: a `crit` header that we do not know means that we must not accept."""
    unknown: list[dict[str, object]] = [
        {"crit": ["b64"], "b64": False},
        {"crit": ["exp2"], "exp2": 1},
        {"crit": "exp2"},
        {"crit": []},
    ]
    for more in unknown:
        header = {"alg": "ES256", "typ": "JWT", "kid": "ec-1", **more}
        await refused(site.door, compact(header, site.auth.claims(ANNA), site.auth.key.sign))


async def test_a_weak_key_of_another_project_is_nobodys(site: TokenSite) -> None:
    """The right kid, the right claims, another private key."""
    for stranger in (
        elliptic("ec-1"),
        SigningKey("rsa-1", "RS256", rsa_key(1024)),
        SigningKey("rsa-1", "RS256", rsa_key(3072)),
    ):
        await refused(site.door, site.auth.token(ANNA, key=stranger))
