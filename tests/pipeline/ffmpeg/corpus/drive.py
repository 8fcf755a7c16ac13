"""Transcodes files as the step does and says of each what came of it. A program, so that it can be watched whole.

`python -m tests.pipeline.ffmpeg.corpus.drive FOLDER FILE ...` gives each file an empty folder below FOLDER and
writes a line of JSON for each as soon as it is done.
"""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.errors import MediaError
from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg


@dataclass(frozen=True)
class Outcome:
    """What came of the file `name`: an error and its message, or frames and the files made of them; and the ids of
    processes that were left over.
    """

    name: str
    error: str
    message: str
    frames: int
    made: tuple[str, ...]
    survivors: tuple[int, ...]


def folder_of(place: Path, file: Path) -> Path:
    """Where the file is transcoded into."""
    return place / file.stem


def still_in(folder: Path) -> tuple[int, ...]:
    """Ids of the processes that work in the folder, as every child of the transcoder does from its start."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:  # it has just ended, or is another user's
            continue
    return tuple(found)


async def main(place: Path, files: list[Path]) -> None:
    """Two at a time, as on a machine of two cores."""
    transcoder = FfmpegTranscoder(bundled_ffmpeg(), concurrency=2)

    async def one(file: Path) -> None:
        outcome = await transcode(transcoder, file, folder_of(place, file))
        sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
        sys.stdout.flush()

    async with asyncio.TaskGroup() as group:
        for file in files:
            group.create_task(one(file))


async def transcode(transcoder: FfmpegTranscoder, file: Path, folder: Path) -> Outcome:
    """Make the folder, transcode into it, and look who is still there. Any other error than a clip's goes on."""
    folder.mkdir()
    try:
        done = await transcoder.transcode(file, folder)
    except MediaError as error:
        return Outcome(file.name, type(error).__name__, str(error), 0, (), still_in(folder))
    made = tuple(item.file.name for item in done.renditions)
    return Outcome(file.name, "", "", done.video.frames, made, still_in(folder))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]))
