"""The composition root: opens everything one process needs, wires it together, and closes it again.

Below this, parts get what they need as arguments. Handlers and jobs see `Services`; nothing else does.
"""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx

from functions.render_tags import tag
from functions.settings import (
    BucketSettings,
    DiskBucketSettings,
    S3BucketSettings,
    Settings,
    SupabaseBucketSettings,
)
from functions.user_tokens import UserTokens
from pipeline.download import HttpClipSource
from pipeline.fal.client import FalGenerator
from pipeline.ports import Bucket, ClipSource, Generator, Transcoder
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
    """What steps and handlers work with, as long as the process lives."""

    settings: Settings
    database: Database
    stores: Stores
    generator: Generator
    source: ClipSource
    user_tokens: UserTokens
    timing: Timing
    clock: Callable[[], datetime]
    jitter: Callable[[], float]

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
    """Open the database and the HTTP client. Raises `BadSetting` where the database is not prepared."""
    async with (
        httpx.AsyncClient(limits=httpx.Limits(max_connections=20), trust_env=not settings.fal.emulated) as http,
        Database(settings.database.url, connections=connections) as database,
    ):
        await check_database(database)
        fal, users = settings.fal, settings.users
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
            source=HttpClipSource(http, hosts=fal.file_hosts),
            user_tokens=UserTokens(http, jwks_url=users.jwks_url, issuer=users.issuer, secret=users.jwt_secret),
            timing=settings.timing,
            clock=utc_now,
            jitter=random.SystemRandom().random,
        )


@asynccontextmanager
async def open_media(services: Services) -> AsyncIterator[Media]:
    """Open the bucket, make it where it is not there, and find ffmpeg."""
    # Heavy imports that the webhook and the doors never need.
    from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg  # noqa: PLC0415 - see above

    async with _open_bucket(services.settings.bucket) as bucket:
        await note_bucket(services.database, bucket)
        media = services.settings.media
        transcoder = FfmpegTranscoder(media.ffmpeg or bundled_ffmpeg(), concurrency=media.concurrency)
        yield Media(bucket, transcoder)


@asynccontextmanager
async def _open_bucket(settings: BucketSettings) -> AsyncIterator[Bucket]:
    """Only the client library that is used gets imported: they are the heaviest imports we have."""
    match settings:
        case DiskBucketSettings(root, name, public_base_url):
            from storage.buckets.disk import DiskBucket  # noqa: PLC0415 - see above

            async with DiskBucket(root, name, public_base_url=public_base_url) as disk:
                await disk.ensure()
                yield disk
        case SupabaseBucketSettings():
            from storage.buckets.supabase import SupabaseBucket  # noqa: PLC0415 - see above

            async with SupabaseBucket(settings.url, settings.key, settings.name) as supabase:
                await supabase.ensure()
                yield supabase
        case S3BucketSettings():
            from storage.buckets.s3 import S3Bucket  # noqa: PLC0415 - see above

            async with S3Bucket(
                settings.name,
                endpoint=settings.endpoint,
                region=settings.region,
                access_key=settings.access_key,
                secret_key=settings.secret_key,
                public_base_url=settings.public_base_url,
            ) as s3:
                await s3.ensure()
                yield s3
