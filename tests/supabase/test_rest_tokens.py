"""Which tokens the API lets through to rows: those of the project's keys, for who they name, while they last."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.supabase.hosted import Project
from tests.supabase.rest import SECRET, Rest, serving, signed, token

pytestmark = [pytest.mark.needs("postgres15"), pytest.mark.needs("postgrest")]

ANN = uuid4()
OTHER_SECRET = "a secret of another project that is long enough"
KEY, OTHER_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def published(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """What a project publishes of its signing key."""
    return {**json.loads(ECAlgorithm.to_jwk(key.public_key())), "kid": "now", "alg": "ES256", "use": "sig"}


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


KEYS = {"keys": [published(KEY), {"kty": "oct", "k": unpadded(SECRET.encode()), "alg": "HS256"}]}


def forged(claims: dict[str, object], secret: bytes) -> str:
    """An HS256 token with any secret; PyJWT would refuse a public key for one."""
    head = unpadded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "now"}).encode())
    said = f"{head}.{unpadded(json.dumps(claims).encode())}"
    return f"{said}.{unpadded(hmac.digest(secret, said.encode(), hashlib.sha256))}"


@pytest.fixture(scope="module", autouse=True)
def _told(project: Project) -> None:
    """Ann has told a story."""
    with psycopg.connect(project.url()) as owner:
        owner.execute("insert into public.stories (text, owner_id) values ('A whale', %s)", [ANN])


@pytest.fixture(scope="module")
def rest(project: Project) -> Iterator[Rest]:
    """A project that signs with a shared secret."""
    with serving(project) as served:
        yield served


@pytest.fixture(scope="module")
def asymmetric(project: Project) -> Iterator[Rest]:
    """A project that signs with a key of its own, and lets tokens of its old secret run out."""
    with serving(project, secret=json.dumps(KEYS)) as served:
        yield served


async def asked(rest: Rest, sent: str) -> tuple[int, Any]:
    """The status, and how many videos were seen or the error's code."""
    async with rest.called(sent) as api:
        answer = await api.get("/story_videos")
    said = answer.json()
    return answer.status_code, len(said) if isinstance(said, list) else said["code"]


REFUSED: dict[str, tuple[str, tuple[int, str]]] = {
    "expired": (signed(token(user=ANN, exp=int(time.time()) - 3600)), (401, "PGRST301")),
    "not valid yet": (signed(token(user=ANN, nbf=int(time.time()) + 3600)), (401, "PGRST301")),
    "another project's": (signed(token(user=ANN), OTHER_SECRET), (401, "PGRST301")),
    "unsigned": (jwt.encode(token(user=ANN), "", algorithm="none"), (401, "PGRST301")),
    "signature cut off": (signed(token(user=ANN)).rpartition(".")[0] + ".", (401, "PGRST301")),
    "no token": ("' or true --", (401, "PGRST301")),
    "a worker's role": (signed(token("storyreel", ANN)), (403, "42501")),
    "the owner's role": (signed(token("project", ANN)), (403, "42501")),
    "the superuser's role": (signed(token("postgres", ANN)), (403, "42501")),
    "the API's own role": (signed(token("authenticator", ANN)), (403, "42501")),
    "SQL for a role": (signed(token("authenticated; reset role", ANN)), (400, "22023")),
    "a visitor's role": (signed(token("anon", ANN)), (401, "42501")),
    "no role": (signed({"sub": str(ANN)}), (401, "42501")),
    "SQL for a user": (signed(token(user=f"{ANN}' or true --")), (400, "22P02")),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_token_that_is_not_right_sees_nothing(rest: Rest, name: str) -> None:
    """The answer is an error, no empty list that could be taken for one's own."""
    sent, answer = REFUSED[name]

    assert await asked(rest, sent) == answer


@pytest.mark.parametrize(
    "user", [None, "", uuid4(), UUID(int=0)], ids=["none", "empty", "another", "the nil uuid"]
)
async def test_a_token_of_nobody_who_owns_stories_sees_none(rest: Rest, user: UUID | str | None) -> None:
    """Claims beside `sub` make nobody anybody else."""
    claims = token(user=user, user_metadata={"sub": str(ANN)}, app_metadata={"role": "service_role"}, email="ann")

    assert await asked(rest, signed(claims)) == (200, 0)


async def test_either_of_a_projects_keys_names_a_user(rest: Rest, asymmetric: Rest) -> None:
    """The shared secret, and a key of its own with the old secret beside it."""
    by_secret, by_key = signed(token(user=ANN)), signed(token(user=ANN), KEY, algorithm="ES256", kid="now")

    assert await asked(rest, by_secret) == (200, 1)
    assert await asked(asymmetric, by_secret) == (200, 1)
    assert await asked(asymmetric, by_key) == (200, 1)
    assert await asked(rest, by_key) == (401, "PGRST301")


async def test_a_public_key_is_no_secret(asymmetric: Rest) -> None:
    """What everybody can read signs nothing, in none of its spellings; nor does another's key of the same name."""
    spellings = [json.dumps(published(KEY)), json.dumps(KEYS), published(KEY)["x"]]
    for spelling in spellings:
        assert await asked(asymmetric, forged(token(user=ANN), spelling.encode())) == (401, "PGRST301")

    anothers = signed(token(user=ANN), OTHER_KEY, algorithm="ES256", kid="now")
    assert await asked(asymmetric, anothers) == (401, "PGRST301")
