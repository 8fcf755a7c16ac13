"""Compares a Supabase project's folder with what Storyreel brings: what is missing, and what is there otherwise.

Reads, and writes nothing. Files of ours are wanted to the letter, but for line ends, which git may change; of
`config.toml` and `.env.example` only our part is.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.init import contents
from cli.init.block import with_block
from cli.init.config import Settlement, settle
from pipeline.errors import BadRequest
from storage.engine import ENGINE_SCHEMA
from storage.migrate import engine_migration

_RELEASE = re.compile(rf"^comment on schema {ENGINE_SCHEMA} is '([\w.]+)';", re.MULTILINE)
_VERSION = re.compile(r"(\d+)_.*\.sql")


class NotAProject(BadRequest):
    """The folder is no Supabase project, or none that can be written into; the message says what to do."""

    code = "not_a_project"


@dataclass(frozen=True)
class Change:
    """A file to write. `before` None: it is not there. `only_adds`: whatever is in it stays as it is."""

    path: str
    before: bytes | None
    after: bytes
    only_adds: bool = False

    @property
    def needs_consent(self) -> bool:
        """Whether something that is there would be lost."""
        return self.before is not None and not self.only_adds


@dataclass(frozen=True)
class Comparison:
    """What to write, and what else to tell.

    `later`: migrations of the app's that come after one of ours which is new here. `engine`: the release that the
    project's own file installs, where that is another than the one that comes with us.
    """

    changes: tuple[Change, ...]
    config: Settlement
    files: int
    later: tuple[str, ...]
    engine: str | None


def compare(project: Path) -> Comparison:
    """Look at everything that we bring. Raises `NotAProject`, and `OSError` where something cannot be read."""
    if not (project / contents.CONFIG).is_file():
        raise NotAProject(
            f"there is no {contents.CONFIG} in {project}: name the folder of your Supabase project, "
            "or make one of it with `supabase init`"
        )
    if (project / contents.CONFIG).samefile(contents.ROOT / contents.CONFIG):
        raise NotAProject(f"{project} is Storyreel's own checkout: name the folder of your Supabase project")
    _require_free_versions(project)
    config = _settle(project)
    wanted = contents.whole_files()
    if engine := _other_engine(project):
        del wanted[contents.path_of(engine_migration())]
    changes = [*_differing(project, wanted), *_merged(project, config)]
    return Comparison(
        changes=tuple(changes),
        config=config,
        files=len(wanted) + 2,
        later=tuple(_later(project, changes)),
        engine=engine,
    )


def _require_free_versions(project: Path) -> None:
    """Two files of one version are one too many for the list of what was applied."""
    for migration in contents.migrations():
        wanted = Path(contents.path_of(migration))
        for path in (project / contents.MIGRATIONS).glob(f"{migration.version}_*.sql"):
            if path.name != wanted.name:
                raise NotAProject(
                    f"{contents.MIGRATIONS}/{path.name} has the version of {wanted.name}, which Storyreel brings: "
                    "give yours another one, or remove it if an earlier Storyreel put it there"
                )


def _settle(project: Path) -> Settlement:
    try:
        return settle(_text(project / contents.CONFIG), contents.config())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotAProject(f"{project / contents.CONFIG} is no TOML: {error}") from error


def _text(path: Path) -> str:
    """With the line ends that it has."""
    return path.read_bytes().decode() if path.exists() else ""


def _other_engine(project: Path) -> str | None:
    """An installation is never rewritten: where it was applied, only `db migrate` brings the next release."""
    engine = engine_migration()
    there, comes = (_RELEASE.search(text) for text in (_text(project / contents.path_of(engine)), engine.text))
    return there[1] if there and comes and there[1] != comes[1] else None


def _differing(project: Path, wanted: dict[str, bytes]) -> Iterator[Change]:
    for path, after in wanted.items():
        before = (project / path).read_bytes() if (project / path).exists() else None
        if before is None or before.replace(b"\r\n", b"\n") != after:
            yield Change(path, before, after)


def _merged(project: Path, config: Settlement) -> Iterator[Change]:
    """The two files in which only a part is ours."""
    if config.added:
        before = (project / contents.CONFIG).read_bytes()
        yield Change(contents.CONFIG, before, config.text.encode(), only_adds=True)
    example = project / contents.EXAMPLE
    there = example.read_bytes() if example.exists() else None
    theirs = (there or b"").decode(errors="surrogateescape")  # it may be in any encoding
    after, only_adds = with_block(theirs, contents.example())
    if after != theirs:
        yield Change(contents.EXAMPLE, there, after.encode(errors="surrogateescape"), only_adds=only_adds)


def _later(project: Path, changes: Sequence[Change]) -> Iterator[str]:
    """The app's migrations after the first of ours that is new."""
    new = [Path(change.path).name for change in changes if change.path.startswith(contents.MIGRATIONS)]
    if not new:
        return
    ours = {Path(contents.path_of(migration)).name for migration in contents.migrations()}
    for path in sorted((project / contents.MIGRATIONS).glob("*.sql")):
        if path.name not in ours and _VERSION.fullmatch(path.name) and path.name > min(new):
            yield path.name
