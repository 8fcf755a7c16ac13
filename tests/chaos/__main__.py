"""`make chaos`: many stories through real processes while everything outside and inside goes wrong.

Prints a table, and leaves it in the folder as `report.json`. Exit codes: 0 all is well, 1 it is not, or it did not
end in time, 2 bad arguments. Started again on the folder of a run that was killed, it goes on with that.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path

from rich.console import Console

from tests.chaos.caps import caps_of
from tests.chaos.events import Events
from tests.chaos.judgement import judge
from tests.chaos.report import Report
from tests.chaos.run import Ending, make_plan, run
from tests.chaos.scenario import acts, remaining

PATIENCE = 0.04
"""Leases are 6 s and longer then (`pipeline.timing`): longer than any step takes on a busy laptop."""

_SHOWN = 20  # sentences; the rest stand in report.json


def report_on(folder: Path, ending: Ending) -> Report:
    """Judge a run, and leave what was found in its folder."""
    stories = [story.id for story in remaining(acts(ending.plan.stories, ending.plan.seed))]
    events = Events(folder / "events.jsonl").read()
    report = Report(ending, judge(ending.facts, stories, caps_of(events)), events)
    (folder / "report.json").write_text(json.dumps(report.as_json(), indent=2))
    return report


def main() -> int:
    """Run, print, and return the exit code."""
    told = _parse()
    folder = told.folder.absolute()
    console = Console(width=110)
    begun = time.monotonic()

    def tell(line: str) -> None:
        console.print(f"{time.monotonic() - begun:5.0f} s: {line}")

    if (folder / "report.json").exists():
        console.print(f"the run in {folder} has ended; take a new folder")
        return 2
    try:
        plan = make_plan(folder, stories=told.stories, seed=told.seed, patience=PATIENCE)
        ending = asyncio.run(run(folder, plan, seconds=60 * told.minutes, tell=tell))
    except (ValueError, RuntimeError) as error:
        console.print(str(error))
        return 2
    except KeyboardInterrupt:
        console.print(f"stopped; started again on {folder} it goes on")
        return 130
    report = report_on(folder, ending)
    console.print(report.table())
    for sentence in report.failures[:_SHOWN]:
        console.print(f"must not be: {sentence}", soft_wrap=True)
    return 1 if report.failures else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--stories", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--minutes", type=float, help="at most; default: by the number of stories")
    told = parser.parse_args()
    told.minutes = told.minutes or 4 + told.stories / 100
    return told


if __name__ == "__main__":
    os.umask(0o022)  # as root, Postgres runs as another user and has to reach its folder
    sys.exit(main())
