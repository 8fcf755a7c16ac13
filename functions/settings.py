"""The only reader of the environment: turns variables into small frozen classes, or stops the start.

Every error names the variable and the mend. Nothing here opens a connection. Secrets are kept out of `repr`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from functions.bucket_settings import BucketSettings, read_bucket
from functions.environment import Environment
from pipeline.errors import BadSetting
from pipeline.timing import Timing
from storage.address import checked_address

FAL_QUEUE_URL = "https://queue.fal.run"
_SERVICE_KEYS = ("SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY")
_SHORTEST_SECRET = 16  # characters


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the rows are. Workers and functions log in as the role `storyreel`.

    `connections` are what one process opens at most; None: what its kind needs.
    """

    url: str = field(repr=False)
    connections: int | None = None


@dataclass(frozen=True)
class FalSettings:
    """The provider. `file_hosts` are where its clips may be downloaded from."""

    key: str = field(repr=False)
    queue_url: str = FAL_QUEUE_URL
    jwks_url: str = "https://rest.fal.ai/.well-known/jwks.json"
    file_hosts: tuple[str, ...] = ("fal.media", "fal.run", "fal.ai", "storage.googleapis.com")
    emulated: bool = False


@dataclass(frozen=True)
class HttpSettings:
    """The functions' own address, as the provider reaches it, and who may call them.

    `secrets` are what the app's back end shows, `operator_secrets` what those show who watch and mend; where there
    are none, nobody may. `run_secrets` open run-jobs and nothing else. The first of `webhook_secrets` marks the
    addresses that the provider calls; all count.
    """

    functions_url: str
    secrets: tuple[str, ...] = field(repr=False)
    operator_secrets: tuple[str, ...] = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    run_secrets: tuple[str, ...] = field(repr=False, default=())


@dataclass(frozen=True)
class UserSettings:
    """How the app's signed-in users are known. `jwt_secret` None: by public keys alone."""

    jwks_url: str
    issuer: str
    jwt_secret: str | None = field(repr=False)


@dataclass(frozen=True)
class ModerationEndpoint:
    """An OpenAI-compatible moderation endpoint. `fails_open`: what it cannot be asked about goes on unchecked."""

    url: str
    key: str = field(repr=False)
    model: str
    fails_open: bool


@dataclass(frozen=True)
class ModerationSettings:
    """Who judges stories: our offline rules, and an endpoint behind them."""

    rules: bool = True
    endpoint: ModerationEndpoint | None = None


@dataclass(frozen=True)
class MediaSettings:
    """ffmpeg: None means the one that is bundled."""

    ffmpeg: Path | None
    concurrency: int


@dataclass(frozen=True)
class Settings:
    """Everything one process of ours is told. `url_seconds`: how long the addresses of private files hold."""

    database: DatabaseSettings
    fal: FalSettings
    bucket: BucketSettings
    http: HttpSettings
    users: UserSettings
    media: MediaSettings
    timing: Timing
    previews: bool = True
    url_seconds: int = 3600
    moderation: ModerationSettings = ModerationSettings()


def from_environment() -> Settings:
    """Read this process's environment. Raises `BadSetting`."""
    return read(os.environ, cores=os.cpu_count() or 1)


def inherited() -> dict[str, str]:
    """The environment as it is, to be handed on to children."""
    return dict(os.environ)


def read(variables: Mapping[str, str], *, cores: int) -> Settings:
    """Read everything at once. Raises `BadSetting`. `cores` is what ffmpeg may use unless it is set."""
    environment = Environment(variables)
    base = environment.url("SUPABASE_URL", "the project's address, https://<ref>.supabase.co")
    functions = environment.optional_url("STORYREEL_FUNCTIONS_URL") or f"{base}/functions/v1"
    return Settings(
        database=DatabaseSettings(_database_url(environment), _connections(environment)),
        fal=_fal(environment),
        bucket=read_bucket(
            environment,
            base,
            secret=lambda: _secrets(environment)[0],
            service_key=lambda: _service_key(environment),
        ),
        http=HttpSettings(
            functions,
            secrets=_secrets(environment),
            operator_secrets=_operator_secrets(environment),
            webhook_secrets=_webhook_secrets(environment),
            run_secrets=_own_secrets(environment, "STORYREEL_RUN_JOBS_SECRETS"),
        ),
        users=_users(environment, base),
        media=MediaSettings(
            ffmpeg=environment.file("STORYREEL_FFMPEG"),
            concurrency=environment.whole("STORYREEL_FFMPEG_PROCESSES", least=1, most=9999, default=cores),
        ),
        timing=replace(Timing().scaled(_patience(environment)), keep=_keep(environment)),
        previews=environment.one_of("STORYREEL_PREVIEWS", "on", "off") == "on",
        url_seconds=environment.whole(
            # Long enough to watch a video, and no longer than S3 signs for: a week.
            "STORYREEL_URL_SECONDS",
            least=60,
            most=604_800,
            default=Settings.url_seconds,
        ),
        moderation=_moderation(environment),
    )


def _fal(environment: Environment) -> FalSettings:
    key = environment.required("FAL_KEY", "make one at fal.ai, or run `storyreel emulator`")
    queue = environment.optional_url("STORYREEL_FAL_QUEUE_URL")
    more_hosts = environment.listed("STORYREEL_CLIP_HOSTS")
    if queue is None or queue == FAL_QUEUE_URL:
        return FalSettings(key, file_hosts=FalSettings.file_hosts + more_hosts)
    jwks = environment.optional_url("STORYREEL_FAL_JWKS_URL") or f"{queue}/.well-known/jwks.json"
    return FalSettings(key, queue, jwks, file_hosts=(urlsplit(queue).netloc, *more_hosts), emulated=True)


def _moderation(environment: Environment) -> ModerationSettings:
    """A setting that would quietly come to nothing is refused: who sets it believes that stories are judged."""
    rules = environment.one_of("STORYREEL_MODERATION", "rules", "off") == "rules"
    fails = environment.one_of("STORYREEL_MODERATION_FAILS", "closed", "open")
    url, key = (
        environment.optional_url("STORYREEL_MODERATION_URL"),
        environment.key("STORYREEL_MODERATION_KEY"),
    )
    if url is None and key:
        raise BadSetting(
            "STORYREEL_MODERATION_KEY is set and STORYREEL_MODERATION_URL is not: set it to the endpoint's "
            "address, https://api.openai.com/v1 for instance, or unset the key"
        )
    if url is None:
        return ModerationSettings(rules)
    if not rules:
        raise BadSetting("STORYREEL_MODERATION is off, and STORYREEL_MODERATION_URL is set: unset one of them")
    model = environment.text("STORYREEL_MODERATION_MODEL") or "omni-moderation-latest"
    return ModerationSettings(rules, ModerationEndpoint(url, key, model, fails == "open"))


def _service_key(environment: Environment) -> str:
    for name in _SERVICE_KEYS:
        if value := environment.key(name):
            if len(value) < _SHORTEST_SECRET:
                raise BadSetting(
                    f"{name} has fewer than {_SHORTEST_SECRET} characters; copy it anew, in one piece"
                )
            return value
    raise BadSetting(
        "SUPABASE_SECRET_KEY (or SUPABASE_SERVICE_ROLE_KEY) is not set: copy it from the project's API keys"
    )


def _secrets(environment: Environment) -> tuple[str, ...]:
    """Several are valid at once, so that one can be replaced without an outage."""
    return _own_secrets(environment, "STORYREEL_SECRETS") or (_service_key(environment),)


def _operator_secrets(environment: Environment) -> tuple[str, ...]:
    """None unless they are set; and none that the app's back end shows, or knows, as well."""
    operators = _own_secrets(environment, "STORYREEL_OPERATOR_SECRETS")
    if set(operators) & set(_webhook_secrets(environment)):
        raise BadSetting(
            "STORYREEL_OPERATOR_SECRETS holds a secret that the app's back end shows; make one of its own"
        )
    return operators


def _webhook_secrets(environment: Environment) -> tuple[str, ...]:
    """Those of the back end, and the service key: a worker that was not told of the others marks with it."""
    keys = (environment.text(name) for name in _SERVICE_KEYS)
    return tuple(dict.fromkeys([*_secrets(environment), *filter(None, keys)]))


def _own_secrets(environment: Environment, name: str) -> tuple[str, ...]:
    own = environment.listed(name)
    if any(len(secret) < _SHORTEST_SECRET or not secret.isascii() or not secret.isprintable() for secret in own):
        raise BadSetting(f"a secret in {name} is shorter than {_SHORTEST_SECRET} characters, or not plain ASCII")
    return own


def _users(environment: Environment, base: str) -> UserSettings:
    auth = f"{base}/auth/v1"
    secret = environment.text("SUPABASE_JWT_SECRET") or None
    if secret is not None and len(secret.encode()) < 32:  # RFC 7518, 3.2; Supabase's own are longer
        raise BadSetting("SUPABASE_JWT_SECRET is shorter than 32 bytes: copy it anew, or leave it out")
    return UserSettings(
        jwks_url=environment.optional_url("STORYREEL_JWKS_URL") or f"{auth}/.well-known/jwks.json",
        issuer=environment.text("STORYREEL_JWT_ISSUER") or auth,
        jwt_secret=secret,
    )


def _database_url(environment: Environment) -> str:
    name = "SUPABASE_DB_URL"
    return checked_address(environment.required(name, "the database's URL, postgresql://storyreel:…@…"), name)


def _connections(environment: Environment) -> int | None:
    # One would do for rows; but a request that waits for the app's own policies must not hold up all others.
    name = "STORYREEL_DB_CONNECTIONS"
    return environment.whole(name, least=2, most=100, default=2) if environment.text(name) else None


def _patience(environment: Environment) -> float:
    """By how much longer than usual to wait before someone looks again."""
    return environment.number("STORYREEL_PATIENCE", least=0.01, most=100, default=1)


def _keep(environment: Environment) -> timedelta:
    """For how long files that nobody needs any more are kept."""
    return timedelta(days=environment.whole("STORYREEL_KEEP_DAYS", least=1, most=9999, default=Timing.keep.days))
