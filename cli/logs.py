"""How the long-running processes log: to standard error, one record to a line, in words that cannot be forged.

This is for the commands; another server that runs the functions (`uvicorn --factory functions.app:create_app`) has
handlers of its own, and formats as it is told to.
"""

import logging
import sys

from cli.wording.printable import printable

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_FURTHER = "\n  "  # only a record begins at the beginning of a line


class LineFormatter(logging.Formatter):
    """One record, one line that begins with its date; what it has more, a stack trace mostly, is indented below.

    A stranger's words in it are shown as `cli.wording.printable` shows them.
    """

    def __init__(self) -> None:
        super().__init__(_FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """The record as lines."""
        return _FURTHER.join(map(printable, super().format(record).split("\n")))


def log_to_stderr() -> None:
    """Our own news and the engine's troubles; libraries otherwise keep quiet."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for ours in ("functions", "pipeline", "storage", "local"):
        logging.getLogger(ours).setLevel(logging.INFO)
