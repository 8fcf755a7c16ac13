"""The one way in which commands write to the terminal, which shows whatever a line holds and obeys none of it.

What is said comes in lines, so that a line end within one is a stranger's, and is shown as an escape.
"""

import traceback
from collections.abc import Sequence
from types import TracebackType

import click

from cli.wording.printable import json_line, printable


def say(*lines: str) -> None:
    """Lines on standard output."""
    click.echo("\n".join(map(printable, lines)))


def complain(*lines: str) -> None:
    """Lines on standard error."""
    click.echo("\n".join(map(printable, lines)), err=True)


def say_json(value: object) -> None:
    """A value on standard output, as the only line of it."""
    click.echo(json_line(value))


def report_fault(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """The stack trace of a fault of ours, on standard error. For `sys.excepthook`."""
    complain(*"".join(traceback.format_exception(kind, fault, trace)).rstrip("\n").split("\n"))


def require_text(arguments: Sequence[str]) -> None:
    """Refuse a command line that is no text, which neither databases nor terminals take.

    Raises `click.UsageError`.
    """
    for place, argument in enumerate(arguments, start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:  # bytes that are not UTF-8 came in as lone surrogates (PEP 383)
            raise click.UsageError(f"argument {place} is no text in UTF-8: {argument[:40]!r}") from None
