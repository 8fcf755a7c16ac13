"""Whether a database's URL can be what its writer meant. Pure: connects to nobody.

In a password that is not escaped, libpq takes an `@` or a `/` for the end of it, and the rest for host, port or
database. Its errors quote those, and so does the server's log.
"""

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from pipeline.errors import BadSetting


def checked_address(url: str, name: str) -> str:
    """The URL (or libpq's `keyword=value` form), unchanged. Raises `BadSetting`, which repeats nothing of it."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:  # it quotes what stands wrong, which may be the password
        raise _bad(name) from None
    port = str(parts.get("port") or "")
    if (port and not port.isdigit()) or any("@" in str(parts.get(part, "")) for part in ("host", "dbname")):
        raise _bad(name)
    return url


def _bad(name: str) -> BadSetting:
    return BadSetting(
        f"{name} is no URL of the form postgresql://user:password@host/database; in a password, "
        "@ is written as %40, / as %2F, % as %25, and a blank as %20"
    )
