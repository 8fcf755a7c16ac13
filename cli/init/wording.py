"""What `storyreel init` says. Pure."""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from cli.init.contents import CONFIG, MIGRATIONS
from cli.init.project import Change, Comparison

_MOST_LINES = 12
"""Of a difference: enough to know one's own change again."""


def written(changes: Sequence[Change], sections: Sequence[str]) -> list[str]:
    """One line a file, and one for all new migrations. `sections`: what the config got."""
    migrations = [change for change in changes if change.path.startswith(MIGRATIONS) and change.before is None]
    lines = [_written(change, sections) for change in changes if change not in migrations]
    if len(migrations) > 1:
        first, last = (PurePosixPath(migrations[place].path).name for place in (0, -1))
        return [f"  new       {MIGRATIONS}/: {len(migrations)} files,", f"            {first} to {last}", *lines]
    return [*(f"  new       {change.path}" for change in migrations), *lines]


def _written(change: Change, sections: Sequence[str]) -> str:
    if change.before is None:
        return f"  new       {change.path}"
    if not change.only_adds:
        return f"  replaced  {change.path}"
    what = f": {', '.join(f'[{name}]' for name in sections)}" if change.path == CONFIG else ""
    return f"  added to  {change.path}{what}"


def kept(changes: Iterable[Change]) -> list[str]:
    """What was left as it is, though it is not what comes with Storyreel."""
    return [f"  kept      {change.path}: {counted(change)}" for change in changes]


def counted(change: Change) -> str:
    """How far the file that is there is from ours."""
    lines = _difference(change)
    yours = sum(line.startswith("-") for line in lines)
    ours = sum(line.startswith("+") for line in lines)
    return f"lines that Storyreel's has not: {yours}; of Storyreel's that are missing: {ours}"


def shown(change: Change) -> list[str]:
    """The beginning of what would be taken away (-) and put in (+)."""
    lines = _difference(change)
    more = len(lines) - _MOST_LINES
    return [
        f"{change.path}: {counted(change)}",
        *(f"    {line}" for line in lines[:_MOST_LINES]),
        *([f"    … and {more} lines more"] if more > 0 else []),
    ]


def _difference(change: Change) -> list[str]:
    before, after = (each.decode(errors="replace").splitlines() for each in (change.before or b"", change.after))
    lines = difflib.unified_diff(before, after, lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def notices(found: Comparison) -> list[str]:
    """What a person must do in the config, where nothing can simply be added."""
    return [
        *(f"  change    {CONFIG}: {difference}" for difference in found.config.differing),
        *(line for lines in found.config.by_hand for line in _by_hand(lines)),
    ]


def _by_hand(lines: str) -> list[str]:
    return [f"  change    {CONFIG}: its form lets nothing be added at the end; put in:", *_indented(lines)]


def _indented(lines: str) -> list[str]:
    return [f"              {line}" for line in lines.splitlines()]


def engine_stays(release: str) -> list[str]:
    """Why a file that was applied is not rewritten for the next release."""
    return [
        f"The engine's file in this project installs release {release} of it, and stays: `storyreel db migrate`",
        "brings the database to the one that this Storyreel works with.",
    ]


def next_steps(later: Sequence[str], forwarders: Sequence[str]) -> list[str]:
    """From here to the first video, in order."""
    steps = [
        _push(later),
        ["Let Storyreel log in. In the SQL editor:  alter role storyreel password '…';"],
        ["Copy .env.example to .env, keep that out of git, and fill in what stands first."],
        ["Give the placeholders to your bucket:  set -a; . ./.env; storyreel placeholders publish"],
        ["Run Storyreel on a host of yours: docs/deploy/ has containers, AWS Lambda and systemd."],
        *([_deploy(forwarders)] if forwarders else []),
        [
            "Give a table videos. In the SQL editor, or a migration of your own:",
            "select storyreel.attach('public.your_table', 'text_column', 'owner_column');",
        ],
        ["See whether everything answers:  storyreel doctor"],
    ]
    lines = ["Next:"]
    for number, (first, *rest) in enumerate(steps, start=1):
        lines += [f"  {number}. {first}", *(f"     {line}" for line in rest)]
    return lines


def _push(later: Sequence[str]) -> list[str]:
    if not later:
        return ["Apply the migrations:  supabase db push"]
    return [
        "Apply the migrations:  supabase db push --include-all",
        f"Yours are later ({later[-1]}), and without --include-all the command",
        "stops where they are applied already. Storyreel's need nothing of yours and change nothing of yours.",
    ]


def _deploy(forwarders: Sequence[str]) -> list[str]:
    return [
        "Deploy the edge functions, which pass on to that host:",
        "supabase secrets set STORYREEL_FUNCTIONS_URL=https://<the host>/functions/v1",
        f"supabase functions deploy {' '.join(forwarders)}",
    ]
