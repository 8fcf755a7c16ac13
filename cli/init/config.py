"""What of our `supabase/config.toml` a project's own still lacks, as lines to put at its end. Pure.

It takes nothing away and changes no line: sections that are there are the app's. A table may stand anywhere in
TOML, so that the end of a file is as good a place as any; where it is none (`functions = {}` closes that table),
the lines are left for a person.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

_SECTION = re.compile(r"^\[(?P<name>(?:functions|storage\.buckets)\.[\w-]+)\]$", re.MULTILINE)
_NEXT = re.compile(r"^\[|\Z", re.MULTILINE)


@dataclass(frozen=True)
class Settlement:
    """The config as it should be. `added` and `by_hand` are sections; `differing` says what to set in which."""

    text: str
    added: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


def settle(theirs: str, ours: str) -> Settlement:
    """Add the sections of functions and buckets that are in ours and not in theirs.

    A bucket that is there may be as it likes. A function must be as we have it: with `verify_jwt` on, Supabase
    itself would refuse fal's deliveries. Raises `tomllib.TOMLDecodeError` where theirs is no TOML.
    """
    known, text = tomllib.loads(theirs), theirs
    added, by_hand, differing = list[str](), list[str](), list[str]()
    for name, lines in sections(ours).items():
        there = _table(known, name)
        if there is not None:
            differing += _differences(name, there, tomllib.loads(ours)) if name.startswith("functions.") else []
        elif _is_toml(extended := _with(text, lines)):
            text = extended
            added.append(name)
        else:
            by_hand.append(lines)
    return Settlement(text, tuple(added), tuple(by_hand), tuple(differing))


def sections(config: str) -> dict[str, str]:
    """Each section of a function or a bucket, by name, with its lines and the comments directly above it."""
    found = {}
    for match in _SECTION.finditer(config):
        above = re.search(r"(?:^#.*\n)*\Z", config[: match.start()], re.MULTILINE)
        end = _NEXT.search(config, match.end())
        assert above, "it may be empty"
        assert end, "every text has an end"
        body = re.sub(r"(?:^#.*\n?|^\n)*\Z", "", config[match.start() : end.start()], flags=re.MULTILINE)
        found[match["name"]] = f"{above[0]}{body.rstrip()}\n"
    return found


def _with(text: str, lines: str) -> str:
    """With the lines at its end, which end as its own do."""
    ending = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else ending if text.endswith("\n") else ending * 2
    return f"{text}{gap}{lines.replace(chr(10), ending)}"


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _table(config: Mapping[str, object], name: str) -> Mapping[str, object] | None:
    table: object = config
    for part in name.split("."):
        table = table.get(part) if isinstance(table, Mapping) else None
    return table if isinstance(table, Mapping) else None


def _differences(name: str, there: Mapping[str, object], ours: Mapping[str, object]) -> list[str]:
    wanted = _table(ours, name) or {}
    return [f"[{name}] needs {key} = {_toml(value)}" for key, value in wanted.items() if there.get(key) != value]


def _toml(value: object) -> str:
    """Of a boolean, a number or a plain string, as TOML writes it."""
    return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'
