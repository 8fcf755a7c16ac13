"""The `storyreel` command: what it is made of, and how errors look. Its parts stand in `cli.commands`.

Exit codes: 0 done, 1 no generated video or something that a person must see to, 2 bad input or settings.
"""

import io
import sys

import click

from cli.commands.databases import db
from cli.commands.making import make, models, sheet
from cli.commands.operating import costs, doctor, limits, resume, settle, status
from cli.commands.placeholders import placeholders
from cli.commands.rerendering import rerender
from cli.commands.running import emulator, serve, up, worker
from cli.commands.starting import init
from cli.say import complain, report_fault, require_text
from pipeline.errors import StoryreelError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--end-with-parent", is_flag=True, hidden=True, help="End when standard input closes.")
def command(end_with_parent: bool) -> None:
    """Story text in a database row becomes a video that always plays.

    Without settings everything runs on this machine, in the folder .storyreel, with no account.
    """
    if end_with_parent:
        from cli.processes import end_with_parent as watch  # noqa: PLC0415 - heavy work is imported where done

        watch()


for part in (make, models, sheet, init, up, worker, serve, emulator, rerender, placeholders, db):
    command.add_command(part)
for part in (status, doctor, costs, settle, limits, resume):
    command.add_command(part)


def main() -> None:
    """The entry point. An error of ours is a sentence, not a stack trace."""
    sys.excepthook = report_fault
    try:
        require_text(sys.argv[1:])
        command(standalone_mode=False)
    except click.ClickException as error:
        complain(*_shown(error))
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        complain("stopped")
        sys.exit(130)
    except StoryreelError as error:
        complain(*f"Error: {error}".split("\n"))
        sys.exit(2)


def _shown(error: click.ClickException) -> list[str]:
    """The lines that click has for it, those on how the command is used among them."""
    lines = io.StringIO()
    error.show(lines)
    return lines.getvalue().rstrip("\n").split("\n")


if __name__ == "__main__":
    main()
