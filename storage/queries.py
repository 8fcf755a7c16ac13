"""SQL lives in `sql/*.sql`; this fetches a statement by its name. Pure but for reading those files once.

A file holds statements, each headed by a line `-- name: <name>`; what stands above the first is prose.
Statements take their arguments as psycopg's named placeholders, so no value is ever pasted into SQL.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "sql"
_HEADER = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def parse(text: str) -> Mapping[str, str]:
    """The statements of one file by name. Raises ValueError where a name stands twice or has no statement."""
    _, *parts = _HEADER.split(text)
    names, bodies = parts[::2], [body.strip() for body in parts[1::2]]
    if len(set(names)) != len(names):
        raise ValueError(f"a name stands twice among {names}")
    if empty := [name for name, body in zip(names, bodies, strict=True) if not body]:
        raise ValueError(f"no statement under {empty}")
    return dict(zip(names, bodies, strict=True))


@cache
def load(file: str) -> Mapping[str, bytes]:
    """The statements of `sql/<file>.sql`, as bytes: psycopg takes those as trusted text."""
    return {name: body.encode() for name, body in parse((_FOLDER / f"{file}.sql").read_text()).items()}
