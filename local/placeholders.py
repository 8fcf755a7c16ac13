"""Makes the loops that play from the first moment, and tells the database where they lie.

Renders what is missing and nothing else, from fixed seeds, so a second start finds everything done.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from local.renderer import THEMES, render_clip
from pipeline.ports import Bucket, Transcoded, Transcoder

_SEED = 7
_SIDE, _FRAMES, _FPS = 512, 24, 8.0  # three seconds
_FOLDER = "placeholders"

_MISSING = """
    select t.name from storyreel.themes t
    where not exists (select from storyreel.placeholders p where p.theme = t.name) order by t.name
"""
_REGISTER = """
    insert into storyreel.placeholders
      (theme, bucket, path, poster_path, preview_path, blurhash, width, height)
    values (%(theme)s, %(bucket)s, %(video)s, %(poster)s, %(preview)s, %(blurhash)s, %(width)s, %(height)s)
    on conflict do nothing
"""


async def publish_missing(database_url: str, bucket: Bucket, transcoder: Transcoder) -> list[str]:
    """Render, store and register a placeholder for every theme that has none; their names."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        rows = await (await connection.execute(_MISSING)).fetchall()
        names = [name for (name,) in rows if name in THEMES]
        for name in names:
            with TemporaryDirectory(prefix="storyreel-") as folder:
                made = await _make(name, Path(folder), transcoder)
                paths = await _store(name, made, bucket)
            size = {"width": made.video.width, "height": made.video.height}
            arguments = {"theme": name, "bucket": bucket.name, "blurhash": made.blurhash, **size, **paths}
            await connection.execute(_REGISTER, arguments)
    return names


async def _make(theme: str, folder: Path, transcoder: Transcoder) -> Transcoded:
    original, renditions = folder / "original.mp4", folder / "renditions"
    renditions.mkdir()
    await asyncio.to_thread(
        render_clip,
        original,
        text=theme,
        seed=_SEED,
        width=_SIDE,
        height=_SIDE,
        frames=_FRAMES,
        fps=_FPS,
        theme=theme,
    )
    return await transcoder.transcode(original, renditions)


async def _store(theme: str, made: Transcoded, bucket: Bucket) -> dict[str, str]:
    paths = {}
    for rendition in made.renditions:
        paths[rendition.kind] = f"{_FOLDER}/{theme}-1{rendition.file.suffix}"
        await bucket.put(paths[rendition.kind], rendition.file, content_type=rendition.content_type)
    return paths
