"""The local HTTP server: the functions, and the bucket beside them where it is a folder.

Hosted, Supabase serves the bucket; here one server has both, under Supabase's own paths, so that a URL differs
by its host alone.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette

from functions.app import create_app
from functions.bucket_settings import DiskBucketSettings
from functions.services import Services
from functions.settings import Settings
from local.bucket.server import routes


def create_gateway(settings: Settings, services: Callable[[], AbstractAsyncContextManager[Services]]) -> Starlette:
    """The application for these settings, with what they opened."""
    if isinstance(settings.bucket, DiskBucketSettings):
        bucket = routes(settings.bucket.root, secret=settings.bucket.secret)
        return create_app(services, more_routes=bucket)
    return create_app(services)
