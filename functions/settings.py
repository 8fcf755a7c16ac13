"""The only reader of the environment: turns variables into small frozen classes, or stops the start.

Every error names the variable and the mend. Nothing here opens a connection. Secrets are kept out of `repr`.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from pipeline.errors import BadSetting
from pipeline.timing import Timing

Environment = Mapping[str, str]
FAL_QUEUE_URL = "https://queue.fal.run"
_SERVICE_KEYS = ("SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY")


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the rows are. Workers and functions log in as the role `storyreel`."""

    url: str = field(repr=False)


@dataclass(frozen=True)
class FalSettings:
    """The provider. `file_hosts` are where its clips may be downloaded from."""

    key: str = field(repr=False)
    queue_url: str = FAL_QUEUE_URL
    jwks_url: str = "https://rest.fal.ai/.well-known/jwks.json"
    file_hosts: tuple[str, ...] = ("fal.media", "fal.run", "fal.ai", "storage.googleapis.com")
    emulated: bool = False


@dataclass(frozen=True)
class DiskBucketSettings:
    """A bucket in a folder, served by the local stack."""

    root: Path
    name: str
    public_base_url: str


@dataclass(frozen=True)
class SupabaseBucketSettings:
    """A bucket of Supabase Storage."""

    url: str
    key: str = field(repr=False)
    name: str


@dataclass(frozen=True)
class S3BucketSettings:
    """A bucket of any S3; `endpoint` None means AWS."""

    name: str
    endpoint: str | None
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    public_base_url: str


BucketSettings = DiskBucketSettings | SupabaseBucketSettings | S3BucketSettings


@dataclass(frozen=True)
class HttpSettings:
    """The functions' own address, as the provider reaches it, and who may call them.

    `secrets` are what the app's back end shows, `operator_secrets` what those show who watch and mend; where there
    are none, nobody may. The first of `webhook_secrets` marks the addresses that the provider calls; all count.
    """

    functions_url: str
    secrets: tuple[str, ...] = field(repr=False)
    operator_secrets: tuple[str, ...] = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class UserSettings:
    """How the app's signed-in users are known. `jwt_secret` None: by public keys alone."""

    jwks_url: str
    issuer: str
    jwt_secret: str | None = field(repr=False)


@dataclass(frozen=True)
class MediaSettings:
    """ffmpeg: None means the one that is bundled."""

    ffmpeg: Path | None
    concurrency: int


@dataclass(frozen=True)
class Settings:
    """Everything one process of ours is told."""

    database: DatabaseSettings
    fal: FalSettings
    bucket: BucketSettings
    http: HttpSettings
    users: UserSettings
    media: MediaSettings
    timing: Timing
    previews: bool = True


def from_environment() -> Settings:
    """Read this process's environment. Raises `BadSetting`."""
    return read(os.environ, cores=os.cpu_count() or 1)


def inherited() -> dict[str, str]:
    """The environment as it is, to be handed on to children."""
    return dict(os.environ)


def read(environment: Environment, *, cores: int) -> Settings:
    """Read everything at once. Raises `BadSetting`. `cores` is what ffmpeg may use unless it is set."""
    base = _url(environment, "SUPABASE_URL", "the project's address, https://<ref>.supabase.co")
    functions = _optional_url(environment, "STORYREEL_FUNCTIONS_URL") or f"{base}/functions/v1"
    return Settings(
        database=DatabaseSettings(_database_url(environment)),
        fal=_fal(environment),
        bucket=_bucket(environment, base),
        http=HttpSettings(
            functions, _secrets(environment), _operator_secrets(environment), _webhook_secrets(environment)
        ),
        users=_users(environment, base),
        media=MediaSettings(
            ffmpeg=_file(environment, "STORYREEL_FFMPEG"),
            concurrency=_positive(environment, "STORYREEL_FFMPEG_PROCESSES", default=cores),
        ),
        timing=replace(Timing().scaled(_patience(environment)), keep=_keep(environment)),
        previews=_switch(environment, "STORYREEL_PREVIEWS"),
    )


def _fal(environment: Environment) -> FalSettings:
    key = _required(environment, "FAL_KEY", "make one at fal.ai, or run `storyreel emulator`")
    queue = _optional_url(environment, "STORYREEL_FAL_QUEUE_URL")
    more_hosts = tuple(
        host.strip() for host in _value(environment, "STORYREEL_CLIP_HOSTS").split(",") if host.strip()
    )
    if queue is None or queue == FAL_QUEUE_URL:
        return FalSettings(key, file_hosts=FalSettings.file_hosts + more_hosts)
    jwks = _optional_url(environment, "STORYREEL_FAL_JWKS_URL") or f"{queue}/.well-known/jwks.json"
    return FalSettings(key, queue, jwks, file_hosts=(urlsplit(queue).netloc, *more_hosts), emulated=True)


def _bucket(environment: Environment, base: str) -> BucketSettings:
    name = _value(environment, "STORYREEL_BUCKET") or "videos"
    if folder := _value(environment, "STORYREEL_BUCKET_FOLDER"):
        return DiskBucketSettings(Path(folder), name, base)
    if access_key := _value(environment, "STORYREEL_S3_ACCESS_KEY"):
        return S3BucketSettings(
            name=name,
            endpoint=_optional_url(environment, "STORYREEL_S3_ENDPOINT"),
            region=_value(environment, "STORYREEL_S3_REGION") or "us-east-1",
            access_key=access_key,
            secret_key=_required(environment, "STORYREEL_S3_SECRET_KEY", "it belongs to the access key"),
            public_base_url=_url(environment, "STORYREEL_PUBLIC_URL", "where the bucket's files are reached"),
        )
    return SupabaseBucketSettings(base, _service_key(environment), name)


def _service_key(environment: Environment) -> str:
    for name in _SERVICE_KEYS:
        if value := _value(environment, name):
            return value
    raise BadSetting(
        "SUPABASE_SECRET_KEY (or SUPABASE_SERVICE_ROLE_KEY) is not set: copy it from the project's API keys"
    )


def _secrets(environment: Environment) -> tuple[str, ...]:
    """Several are valid at once, so that one can be replaced without an outage."""
    return _own_secrets(environment, "STORYREEL_SECRETS") or (_service_key(environment),)


def _operator_secrets(environment: Environment) -> tuple[str, ...]:
    """None unless they are set; and none that the app's back end shows as well."""
    operators = _own_secrets(environment, "STORYREEL_OPERATOR_SECRETS")
    if set(operators) & set(_secrets(environment)):
        raise BadSetting(
            "STORYREEL_OPERATOR_SECRETS holds a secret that the app's back end shows; make one of its own"
        )
    return operators


def _webhook_secrets(environment: Environment) -> tuple[str, ...]:
    """Those of the back end, and the service key: a worker that was not told of the others marks with it."""
    keys = (_value(environment, name) for name in _SERVICE_KEYS)
    return tuple(dict.fromkeys([*_secrets(environment), *filter(None, keys)]))


def _own_secrets(environment: Environment, name: str) -> tuple[str, ...]:
    own = _list(environment, name)
    if any(len(secret) < 16 or not secret.isascii() or not secret.isprintable() for secret in own):
        raise BadSetting(f"a secret in {name} is shorter than 16 characters, or not plain ASCII")
    return own


def _users(environment: Environment, base: str) -> UserSettings:
    auth = f"{base}/auth/v1"
    secret = _value(environment, "SUPABASE_JWT_SECRET") or None
    if secret is not None and len(secret.encode()) < 32:  # RFC 7518, 3.2; Supabase's own are longer
        raise BadSetting("SUPABASE_JWT_SECRET is shorter than 32 bytes: copy it anew, or leave it out")
    return UserSettings(
        jwks_url=_optional_url(environment, "STORYREEL_JWKS_URL") or f"{auth}/.well-known/jwks.json",
        issuer=_value(environment, "STORYREEL_JWT_ISSUER") or auth,
        jwt_secret=secret,
    )


def _value(environment: Environment, name: str) -> str:
    value = environment.get(name, "").strip()
    if any("\ud800" <= character <= "\udfff" for character in value):  # how Python shows bytes that are not UTF-8
        raise BadSetting(f"{name} is no text in UTF-8")
    return value


def _list(environment: Environment, name: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(part.strip() for part in _value(environment, name).split(",") if part.strip())


def _required(environment: Environment, name: str, mend: str) -> str:
    value = _value(environment, name)
    if not value:
        raise BadSetting(f"{name} is not set: {mend}")
    return value


def _database_url(environment: Environment) -> str:
    name = "SUPABASE_DB_URL"
    value = _required(environment, name, "the database's URL, postgresql://storyreel:…@…")
    try:
        port = str(conninfo_to_dict(value).get("port", ""))
    except ProgrammingError:  # its message quotes what stands wrong, which may be the password
        port = "none"
    if port and not port.isdigit():
        raise BadSetting(f"{name} is no URL of the form postgresql://storyreel:…@…")
    return value


def _optional_url(environment: Environment, name: str) -> str | None:
    value = _value(environment, name).rstrip("/")
    if not value:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not match, a port that is no number
        usable = False
    if not usable or not value.isprintable():
        raise BadSetting(f"{name} is {value!r}, which is no http or https address")
    return value


def _url(environment: Environment, name: str, mend: str) -> str:
    value = _optional_url(environment, name)
    if value is None:
        raise BadSetting(f"{name} is not set: {mend}")
    return value


def _positive(environment: Environment, name: str, *, default: int) -> int:
    value = _value(environment, name)
    if not value:
        return default
    if not re.fullmatch(r"[1-9]\d{0,3}", value, re.ASCII):
        raise BadSetting(f"{name} is {value[:20]!r}; it must be a whole number from 1 to 9999")
    return int(value)


def _patience(environment: Environment) -> float:
    """By how much longer than usual to wait before someone looks again."""
    value = _value(environment, "STORYREEL_PATIENCE") or "1"
    try:
        factor = float(value)
    except ValueError:
        factor = 0.0
    if not 0.01 <= factor <= 100:
        raise BadSetting(f"STORYREEL_PATIENCE is {value[:20]!r}; it must be a number from 0.01 to 100")
    return factor


def _keep(environment: Environment) -> timedelta:
    """For how long files that nobody needs any more are kept."""
    return timedelta(days=_positive(environment, "STORYREEL_KEEP_DAYS", default=Timing.keep.days))


def _switch(environment: Environment, name: str) -> bool:
    """On, unless it is said."""
    value = _value(environment, name).lower() or "on"
    if value not in {"on", "off"}:
        raise BadSetting(f"{name} is {value[:20]!r}; it must be on or off")
    return value == "on"


def _file(environment: Environment, name: str) -> Path | None:
    value = _value(environment, name)
    if not value:
        return None
    path = Path(value)
    try:
        found = path.is_file()
    except (OSError, ValueError):  # longer than any path may be, or with a NUL in it
        found = False
    if not found:
        raise BadSetting(f"{name} is {value[:200]!r}, where no file is")
    return path
