"""The two listings of Supabase Storage, made from the sorted paths of a bucket. Pure."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

MAX_PAGE = 1000


@dataclass(frozen=True)
class Page:
    """One page of paths; `cursor` is None on the last."""

    paths: tuple[str, ...]
    cursor: str | None


def flat_page(paths: Sequence[str], *, cursor: str | None, limit: int) -> Page:
    """Paths after the cursor, which is the last path seen in base64, as in list-v2. Raises ValueError."""
    after = _decoded(cursor) if cursor else ""
    rest = [path for path in paths if path > after]
    shown = rest[: max(1, min(limit, MAX_PAGE))]
    more = len(rest) > len(shown)
    return Page(tuple(shown), base64.b64encode(f"l:{shown[-1]}".encode()).decode() if more else None)


def folder_entries(paths: Sequence[str], folder: str) -> list[str]:
    """Names right inside the folder (`""` or ending in `/`), sorted; those that are folders end in `/`."""
    inside = (path[len(folder) :] for path in paths if path.startswith(folder))
    names = {name if not slash else name + slash for name, slash, _ in (i.partition("/") for i in inside)}
    return sorted(names)


def _decoded(cursor: str) -> str:
    try:
        token = base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("not a cursor") from error
    if not token.startswith("l:"):
        raise ValueError("not a cursor")
    return token.removeprefix("l:")
