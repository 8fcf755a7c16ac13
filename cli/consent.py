"""Asks a person at the terminal whether to go on. Whoever calls says what it costs, and what to do without one."""

import signal
import sys

import click


def can_ask() -> bool:
    """Whether somebody sits there."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> None:
    """Return where the answer is yes. Raises `click.Abort`, for Ctrl-C too."""
    if not agrees(question):
        raise click.Abort


def agrees(question: str) -> bool:
    """Whether the answer is yes. Raises `click.Abort` for Ctrl-C, and where nobody answers."""
    # Here Ctrl-C must end the waiting for an answer; the event loop's own handler would wait for one.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return click.confirm(question, err=True)
    finally:
        signal.signal(signal.SIGINT, handler)
