"""The composition root: opens everything one process needs, wires it together, and closes it again.

Below this, parts get what they need as arguments. Handlers and jobs see `Services`; nothing else does.
"""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx

from functions.bucket_settings import (
    AzureBucketSettings,
    BucketSettings,
    DiskBucketSettings,
    GcsBucketSettings,
    S3BucketSettings,
    SupabaseBucketSettings,
)
from functions.render_tags import tag
from functions.settings import ModerationSettings, Settings
from functions.user_tokens import UserTokens
from pipeline.download import HttpClipSource
from pipeline.fal.client import FalGenerator
from pipeline.moderation.endpoint import EndpointModerator
from pipeline.moderation.moderators import FailingOpen, InTurn, Nobody, OfflineRules, Pausing
from pipeline.ports import Bucket, ClipSource, Generator, Moderator, Transcoder
from pipeline.timing import Timing
from storage.database import Database
from storage.deployment import check_database, note_bucket
from storage.plans import PostgresPlans
from storage.renders import PostgresRenders
from storage.stories import PostgresStories
from storage.sweep import PostgresSweep
from storage.takes import PostgresTakes


def utc_now() -> datetime:
    """The clock of every process of ours."""
    return datetime.now(UTC)


def new_seed() -> int:
    """The seed of a new take. Never 0, which some providers take for "choose one"."""
    return random.SystemRandom().randrange(1, 2**31)


@dataclass(frozen=True)
class Stores:
    """The rows, one port per concern."""

    stories: PostgresStories
    plans: PostgresPlans
    renders: PostgresRenders
    takes: PostgresTakes
    sweep: PostgresSweep


@dataclass(frozen=True)
class Services:
    """What steps and handlers work with, as long as the process lives.

    `offline_moderator` answers at once, and is what doors ask; `moderator` is all there are. `private_bucket`
    signs addresses; None where the bucket is public, whose addresses the database knows.
    """

    settings: Settings
    database: Database
    stores: Stores
    generator: Generator
    source: ClipSource
    offline_moderator: Moderator
    moderator: Moderator
    private_bucket: Bucket | None
    user_tokens: UserTokens
    timing: Timing
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    new_seed: Callable[[], int]

    def webhook_url(self, render_id: UUID) -> str:
        """Where the provider reports on the render."""
        http = self.settings.http
        return f"{http.functions_url}/video-webhook/{render_id}/{tag(render_id, http.webhook_secrets[0])}"


@dataclass(frozen=True)
class Media:
    """What only the steps that touch files need."""

    bucket: Bucket
    transcoder: Transcoder


@asynccontextmanager
async def open_services(settings: Settings, *, connections: int = 8) -> AsyncIterator[Services]:
    """Open the database and the HTTP client. Raises `BadSetting` where the database is not prepared.

    `connections` to the database, at most, unless the settings say.
    """
    outside = not settings.fal.emulated
    tls = httpx.create_ssl_context(trust_env=outside)  # once for both clients: it reads a hundred authorities
    async with (
        httpx.AsyncClient(verify=tls, limits=httpx.Limits(max_connections=20), trust_env=outside) as http,
        Database(settings.database.url, connections=settings.database.connections or connections) as database,
        _private_bucket(settings.bucket) as private_bucket,
    ):
        await check_database(database)
        fal, users = settings.fal, settings.users
        offline = OfflineRules() if settings.moderation.rules else Nobody()
        yield Services(
            settings=settings,
            database=database,
            stores=Stores(
                PostgresStories(database),
                PostgresPlans(database),
                PostgresRenders(database),
                PostgresTakes(database),
                PostgresSweep(database),
            ),
            generator=FalGenerator(
                http, key=fal.key, queue_url=fal.queue_url, jwks_url=fal.jwks_url, emulated=fal.emulated
            ),
            source=HttpClipSource(hosts=fal.file_hosts, tls=tls),
            offline_moderator=offline,
            moderator=_with_endpoint(offline, settings.moderation, http),
            private_bucket=private_bucket,
            user_tokens=UserTokens(http, jwks_url=users.jwks_url, issuer=users.issuer, secret=users.jwt_secret),
            timing=settings.timing,
            clock=utc_now,
            jitter=random.SystemRandom().random,
            new_seed=new_seed,
        )


def _with_endpoint(offline: Moderator, settings: ModerationSettings, http: httpx.AsyncClient) -> Moderator:
    """The offline rules, and then the endpoint where there is one."""
    endpoint = settings.endpoint
    if endpoint is None:
        return offline
    asking = EndpointModerator(http, base_url=endpoint.url, key=endpoint.key, model=endpoint.model)
    patient = Pausing(asking, clock=utc_now)
    return InTurn(offline, FailingOpen(patient) if endpoint.fails_open else patient)


@asynccontextmanager
async def open_media(services: Services) -> AsyncIterator[Media]:
    """Open the bucket, make it where it is not there, and find ffmpeg."""
    # Heavy imports that the webhook and the doors never need.
    from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg  # noqa: PLC0415 - see above

    opened = services.private_bucket  # open already, to sign addresses
    async with nullcontext(opened) if opened else open_bucket(services.settings.bucket) as bucket:
        await bucket.ensure()
        await note_bucket(services.database, bucket)
        media = services.settings.media
        transcoder = FfmpegTranscoder(media.ffmpeg or bundled_ffmpeg(), concurrency=media.concurrency)
        yield Media(bucket, transcoder)


@asynccontextmanager
async def _private_bucket(settings: BucketSettings) -> AsyncIterator[Bucket | None]:
    if settings.is_public:
        yield None
        return
    async with open_bucket(settings) as bucket:
        yield bucket


def open_bucket(settings: BucketSettings) -> AbstractAsyncContextManager[Bucket]:
    """The bucket, whether or not it is there: nothing is asked of it yet.

    Only the client library that is used gets imported: they are the heaviest imports we have.
    """
    match settings:
        case DiskBucketSettings(root, name, public_base_url):
            from storage.buckets.disk import DiskBucket  # noqa: PLC0415 - see above
            from storage.buckets.signing import url_signer  # noqa: PLC0415 - see above

            signer = None if settings.is_public else url_signer(settings.secret, utc_now)
            return DiskBucket(root, name, public_base_url=public_base_url, signer=signer)
        case SupabaseBucketSettings(url, key, name, is_public):
            from storage.buckets.supabase import SupabaseBucket  # noqa: PLC0415 - see above

            return SupabaseBucket(url, key, name, is_public=is_public)
        case S3BucketSettings(name):
            from storage.buckets.s3 import s3_bucket  # noqa: PLC0415 - see above

            return s3_bucket(
                name,
                endpoint=settings.endpoint,
                region=settings.region,
                access_key=settings.access_key,
                secret_key=settings.secret_key,
                session_token=settings.session_token,
                public_base_url=settings.public_base_url,
            )
        case GcsBucketSettings(name, key, is_public, public_base_url):
            from storage.buckets.gcs import gcs_bucket  # noqa: PLC0415 - see above

            return gcs_bucket(name, key=key, is_public=is_public, public_base_url=public_base_url)
        case AzureBucketSettings(name):
            from storage.buckets.azure import azure_bucket  # noqa: PLC0415 - see above

            return azure_bucket(
                name,
                account=settings.account,
                key=settings.key,
                endpoint=settings.endpoint,
                is_public=settings.is_public,
                public_base_url=settings.public_base_url,
            )
