"""The whole corpus, hostile and odd, through the real transcoder, while everything its children do is watched."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from pipeline.errors import UnusableClip
from pipeline.ffmpeg import command, probe
from pipeline.ffmpeg.prober import prober
from pipeline.ffmpeg.process import ENVIRONMENT
from pipeline.ffmpeg.transcoder import FfmpegTranscoder, bundled_ffmpeg
from tests.conftest import PROGRAMS, ROOT
from tests.pipeline.ffmpeg.corpus import trace
from tests.pipeline.ffmpeg.corpus.case import Refusal
from tests.pipeline.ffmpeg.corpus.drive import Outcome
from tests.pipeline.ffmpeg.corpus.trace import Process
from tests.pipeline.ffmpeg.corpus.trap import trap
from tests.pipeline.ffmpeg.corpus.whole import CORPUS, HEAVIEST
from tests.pipeline.ffmpeg.films import film

PAGE = ROOT / "docs" / "hostile-media.md"
NOWHERE = "127.0.0.1:9"
MADE = {"video.mp4", "poster.jpg", "preview.webp"}

CODE = re.compile(
    r".*\.(py|pyc|so(\.\d+)*)|/etc/ld\.so\.cache|/proc/sys/vm/overcommit_memory|"
    + re.escape(str(Path(av.__file__).parent))
    + "/[a-z]+"
)
"""What a process may open for itself: modules and libraries, PyAV's folders of modules, and what malloc asks."""


@dataclass(frozen=True)
class Run:
    """The corpus in `folder`, what came of each case, and all that was started, if it was traced."""

    folder: Path
    outcomes: dict[str, Outcome]
    processes: list[Process]
    trapped: bool

    def original(self, process: Process) -> str:
        """The file that the process was started for."""
        return str(self.folder / f"{Path(process.folder()).name}.mp4")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All cases at once, in one process of their own: traced where strace works, and otherwise all the same."""
    files, made, traces = (tmp_path_factory.mktemp(name) for name in ("corpus", "made", "traces"))
    strace = PROGRAMS["strace"][0]()
    prefix = trace.command(strace, traces) if strace else []
    with trap() as baited:
        cases = {case.write(files, baited.address): case.name for case in CORPUS.values()}
        argv = [sys.executable, "-m", "tests.pipeline.ffmpeg.corpus.drive", str(made), *map(str, cases)]
        ended = subprocess.run(prefix + argv, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=170)
        trapped = baited.was_called()
    outcomes = [_outcome(line) for line in ended.stdout.splitlines()]
    names = {path.name: name for path, name in cases.items()}
    return Run(
        files, {names[item.name]: item for item in outcomes}, trace.processes(traces) if strace else [], trapped
    )


def _outcome(line: bytes) -> Outcome:
    fields = json.loads(line)
    return Outcome(**fields | {name: tuple(fields[name]) for name in ("made", "survivors")})


@pytest.mark.parametrize("name", CORPUS)
def test_each_file_ends_as_it_should(name: str, run: Run) -> None:
    """It is refused for what it is, or every frame of it is made; and nothing is told of this machine."""
    case, outcome = CORPUS[name], run.outcomes[name]

    if isinstance(case.expected, Refusal):
        assert (outcome.error, outcome.frames) == (case.expected.error.__name__, 0)
        assert case.expected.words in outcome.message
        assert str(run.folder.parent) not in outcome.message
        assert sys.prefix not in outcome.message
    else:
        assert (outcome.message, outcome.frames) == ("", case.expected)
        assert set(outcome.made) == MADE


def test_no_process_survives_its_file(run: Run) -> None:
    """When a file is done with, nobody works in its folder any more."""
    assert {name: outcome.survivors for name, outcome in run.outcomes.items() if outcome.survivors} == {}


def test_nobody_calls_where_a_file_points_to(run: Run) -> None:
    """Playlists, manifests and references name an address at which somebody listens."""
    assert not run.trapped


@pytest.mark.needs("strace")
def test_every_process_is_restrained_before_it_reads(run: Run) -> None:
    """Each has set itself every limit by the time it first opens the file."""
    assert len(run.processes) > len(CORPUS)
    for process in run.processes:
        limits = process.limits_before(run.original(process))
        allowed = command.LIMITS if _is_ffmpeg(process) else probe.LIMITS

        assert limits == allowed | {"CPU": limits["CPU"]}
        assert 0 < limits["CPU"] <= allowed["CPU"]


@pytest.mark.needs("strace")
def test_every_process_is_alone(run: Run) -> None:
    """It leads a session of its own, knows nothing of our environment, starts no other and asks for no socket."""
    for process in run.processes:
        assert len(process.named("setsid")) == 1
        assert set(process.variables()) == {len(ENVIRONMENT)}
        assert process.started() == []
        assert process.named("socket", "connect") == []


@pytest.mark.needs("strace")
def test_no_process_opens_what_is_not_its_own(run: Run) -> None:
    """Once restrained, it opens its file, what lies in its folder, and code; not even in vain anything else."""
    for process in run.processes:
        opened = process.opened_since_limited()
        own = {run.original(process), *(path for path in opened if Path(path).parent == Path(process.folder()))}

        assert run.original(process) in opened
        assert [path for path in opened if path not in own and not CODE.fullmatch(path)] == []


def test_the_trap_would_notice(tmp_path: Path) -> None:
    """The bait is real: an ffmpeg that is not guarded follows the playlist."""
    with trap() as baited:
        playlist = CORPUS["hls"].write(tmp_path, baited.address)
        careless = ["-f", "hls", "-allowed_extensions", "ALL", "-extension_picky", "0"]
        careless += ["-protocol_whitelist", "file,http,tcp", "-i", str(playlist), "-f", "null", "-"]
        argv = [str(bundled_ffmpeg()), "-nostdin", *careless]
        with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as following:
            called = baited.was_called(within=60)
            following.kill()

    assert called


async def test_no_other_codec_gets_to_decode(tmp_path: Path) -> None:
    """A picture of 6000x6000 is not even looked at while the file is opened: all that is known is its header."""
    original = CORPUS["huge png"].write(tmp_path, NOWHERE)
    async with prober(tmp_path) as reader:
        facts = await reader.facts(original)

    assert (facts.codec, facts.width, facts.height) == ("png", 64, 64)


def test_the_page_tells_what_comes_of_each_file() -> None:
    """Names, errors and frames of docs/hostile-media.md are those of the corpus."""
    rows = [line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    told = {row[0].removeprefix("| "): row[2] for row in rows if row[0] != "| file"}

    assert told.keys() == {*CORPUS, HEAVIEST.name}
    wrong = [
        name for name, case in CORPUS.items() if not all(word in told[name] for word in _words(case.expected))
    ]
    assert wrong == []


def _words(expected: int | Refusal) -> tuple[str, ...]:
    return (expected.error.__name__, expected.words) if isinstance(expected, Refusal) else (f"{expected} frames",)


def _link(path: Path) -> None:
    film(path.with_name("film.mp4"))
    path.symlink_to("film.mp4")


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


async def test_a_pipe_is_not_waited_for(
    transcoder: FfmpegTranscoder, tmp_path: Path, folder: Callable[[], Path]
) -> None:
    """It is refused unopened; what stands in it here is there lest a test wait for ever for who opens it."""
    os.mkfifo(tmp_path / "original.mp4")
    end = os.open(tmp_path / "original.mp4", os.O_RDWR)
    try:
        os.write(end, bytes(1000))
        with pytest.raises(UnusableClip, match="no regular file"):
            await transcoder.transcode(tmp_path / "original.mp4", folder())
    finally:
        os.close(end)


@pytest.mark.parametrize("make", [_link, _device, _socket, Path.mkdir])
async def test_an_original_is_a_regular_file(
    make: Callable[[Path], None], transcoder: FfmpegTranscoder, tmp_path: Path, folder: Callable[[], Path]
) -> None:
    """Nothing that leads elsewhere, be it to a good film."""
    make(tmp_path / "original.mp4")

    with pytest.raises(UnusableClip, match="no regular file"):
        await transcoder.transcode(tmp_path / "original.mp4", folder())


def _is_ffmpeg(process: Process) -> bool:
    return process.programs()[-1] == str(bundled_ffmpeg())
