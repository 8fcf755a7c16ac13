"""Looks at one part of a deployment after the other, and prints what it found. Without `fix` it changes nothing.

Costs nothing: the provider is asked about a request that does not exist, and no clip is ordered.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx

from cli.doctor.database import judge_contents, judge_server
from cli.doctor.finding import Finding, State, as_json, bad, lines, note, ok
from cli.options import STATE_FOLDER
from cli.place import is_deployment
from cli.say import say, say_json
from functions.bucket_settings import SupabaseBucketSettings
from functions.services import open_bucket
from functions.settings import Settings, from_environment, inherited, read
from local.sharing import use_stack
from local.stack import StackOptions
from pipeline.errors import BadSetting, GeneratorKeyRefused, GeneratorMissing, StoryreelError
from pipeline.fal.client import FalGenerator
from pipeline.ports import Bucket
from storage.buckets.round_trip import round_trip
from storage.checkup import look_at_contents, look_at_server
from storage.database import Database
from storage.session import check_session

_SECONDS = 10.0
_ENDPOINT = "fal-ai/fast-animatediff/text-to-video"  # any that fal has: nothing is asked of it


def examine(*, fix: bool, as_lines_of_json: bool) -> int:
    """Print every finding and return the exit code: 1 where something is bad."""
    findings = asyncio.run(_examine(fix=fix))
    if as_lines_of_json:
        say_json(as_json(findings))
    else:
        say(*lines(findings))
    return 1 if any(finding.state is State.BAD for finding in findings) else 0


async def _examine(*, fix: bool) -> list[Finding]:
    try:
        async with _settings() as settings:
            findings = [ok("settings", f"for {settings.http.functions_url}")]
            for part, look in _PARTS.items():
                findings += await _told(part, look(settings))
            findings += await _told("bucket", _look_at_bucket(settings, fix=fix))
            return findings
    except BadSetting as error:
        return [bad("settings", str(error))]


@asynccontextmanager
async def _settings() -> AsyncIterator[Settings]:
    """Those of the deployment that the environment names; without one, those of this folder's own stack."""
    if is_deployment():
        yield from_environment()
        return
    async with use_stack(Path(STATE_FOLDER), inherited(), StackOptions()) as info:
        yield read(info.settings, cores=os.cpu_count() or 1)


async def _told(part: str, looking: Awaitable[list[Finding]]) -> list[Finding]:
    """What was found; an error of ours that stopped the looking is a finding, too."""
    try:
        return await looking
    except StoryreelError as error:
        return [bad(part, str(error))]


async def _look_at_database(settings: Settings) -> list[Finding]:
    url = settings.database.url
    async with Database(url, connections=2) as database:
        server = await look_at_server(database)
        now = datetime.now(UTC)
        found = judge_server(server, has_session=await _has_session(url), now=now)
        if any(finding.state is State.BAD for finding in found):
            return found
        return [*found, *judge_contents(await look_at_contents(database), now=now)]


async def _has_session(url: str) -> bool:
    try:
        await check_session(url)
    except BadSetting:
        return False
    return True


async def _look_at_provider(settings: Settings) -> list[Finding]:
    fal = settings.fal
    async with httpx.AsyncClient(timeout=_SECONDS, trust_env=not fal.emulated) as http:
        generator = FalGenerator(
            http, key=fal.key, queue_url=fal.queue_url, jwks_url=fal.jwks_url, emulated=fal.emulated
        )
        try:
            await generator.status(_ENDPOINT, str(uuid4()))
        except GeneratorMissing:
            pass  # as it should be: it knows the key, and no such request
        except GeneratorKeyRefused as error:
            return [bad("provider", str(error), "Set FAL_KEY to a key of your account at fal.ai")]
    if fal.emulated:
        return [note("provider", f"{fal.queue_url} is an emulator: it draws clips, and nothing is paid")]
    return [ok("provider", f"{fal.queue_url} takes the key")]


async def _look_at_functions(settings: Settings) -> list[Finding]:
    url = settings.http.functions_url
    mend = "Serve the functions there, or set STORYREEL_FUNCTIONS_URL to where they are. The provider calls it."
    try:
        async with httpx.AsyncClient(timeout=_SECONDS) as http:
            answer = await http.get(f"{url}/health")
    except httpx.HTTPError as error:
        return [bad("functions", f"{url} does not answer ({type(error).__name__})", mend)]
    if answer.status_code != httpx.codes.OK:
        return [bad("functions", f"{url}/health answers HTTP {answer.status_code}", mend)]
    if not settings.fal.emulated and not url.startswith("https://"):
        return [bad("functions", f"{url} is not https: the provider cannot call it", mend)]
    return [ok("functions", f"{url} answers")]


async def _look_at_ffmpeg(settings: Settings) -> list[Finding]:
    from pipeline.ffmpeg.transcoder import bundled_ffmpeg  # noqa: PLC0415 - heavy

    ffmpeg = settings.media.ffmpeg or bundled_ffmpeg()
    try:
        process = await asyncio.create_subprocess_exec(
            str(ffmpeg),
            "-hide_banner",
            "-version",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
    except OSError as error:
        return [
            bad("ffmpeg", f"{ffmpeg} cannot be run: {error.strerror}", "Set STORYREEL_FFMPEG to one that can.")
        ]
    if process.returncode != 0:
        return [bad("ffmpeg", f"{ffmpeg} ends with code {process.returncode}", "Set STORYREEL_FFMPEG to another.")]
    return [ok("ffmpeg", said.decode(errors="replace").partition(" Copyright")[0])]


async def _look_at_bucket(settings: Settings, *, fix: bool) -> list[Finding]:
    async with open_bucket(settings.bucket) as bucket:
        found = await _look_at_limits(settings, bucket, fix=fix)
        if fix:
            await bucket.ensure()
        trip = await round_trip(bucket, marker=uuid4())
    wrong = [bad("bucket", step.sentence) for step in trip if not step.ok]
    where = f"{bucket.name} ({'public' if bucket.is_public else 'private'}) at {bucket.base_url}"
    return found + (wrong or [ok("bucket", f"{where}: {', '.join(step.what for step in trip)}")])


async def _look_at_limits(settings: Settings, bucket: Bucket, *, fix: bool) -> list[Finding]:
    """What Supabase Storage was told to take; elsewhere a bucket takes everything."""
    if not isinstance(settings.bucket, SupabaseBucketSettings):
        return []
    from storage.buckets.supabase import SupabaseBucket  # noqa: PLC0415 - only where it is open anyway

    assert isinstance(bucket, SupabaseBucket), "these settings open such a one"
    before = await bucket.differences()
    after = await bucket.mend() if fix else before
    mended = [ok("bucket", f"mended: {each.sentence}") for each in before if each not in after]
    return mended + [
        bad("bucket", each.sentence, "storyreel doctor --fix" if each.mendable else None) for each in after
    ]


_PARTS: dict[str, Callable[[Settings], Awaitable[list[Finding]]]] = {
    "database": _look_at_database,
    "provider": _look_at_provider,
    "functions": _look_at_functions,
    "ffmpeg": _look_at_ffmpeg,
}
