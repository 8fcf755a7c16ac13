"""What Storyreel brings into a Supabase project, by the path that each file has there."""

from pathlib import Path

from storage.migrate import Migration, engine_migration, ours

CONFIG = "supabase/config.toml"
EXAMPLE = ".env.example"
MIGRATIONS = "supabase/migrations"
_FUNCTIONS = "supabase/functions"
ROOT = Path(__file__).parent.parent.parent
"""Our own checkout."""

_NOT_BROUGHT = {"node_modules", "__pycache__"}


def migrations() -> list[Migration]:
    """Ours, and the engine's installation as one of them."""
    return [*ours(), engine_migration()]


def path_of(migration: Migration) -> str:
    """Where the Supabase command line looks for it."""
    return f"{MIGRATIONS}/{migration.version}_{migration.name}.sql"


def whole_files() -> dict[str, bytes]:
    """The files that are ours altogether: migrations, and the forwarders with what they share."""
    found = {path_of(migration): migration.text.encode() for migration in migrations()}
    for path in sorted((ROOT / _FUNCTIONS).rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not any(part in _NOT_BROUGHT or part.startswith(".") for part in parts):
            found["/".join(parts)] = path.read_bytes()
    return found


def forwarders() -> list[str]:
    """The names of the edge functions."""
    return sorted(index.parent.name for index in (ROOT / _FUNCTIONS).glob("[!_.]*/index.ts"))


def config() -> str:
    """Our own config, of which a project gets the sections of functions and buckets."""
    return (ROOT / CONFIG).read_text()


def example() -> str:
    """Every setting, with what it is for."""
    return Path(__file__).with_name("env.example").read_text()
