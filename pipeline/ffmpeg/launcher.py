"""Takes resources away from its own process, then becomes another program.

Run as a script, `python -I -S launcher.py AS=1000000 CPU=60 -- /path/to/program argument ...`. Between fork
and exec of a threaded parent no Python may run (hence no `preexec_fn`), so the limits are set by a process of
its own, which keeps its id through exec. Must import nothing beyond the standard library's core: it starts
for every ffmpeg.
"""

import os
import resource
import sys
from collections.abc import Mapping


def restrain(limits: Mapping[str, int]) -> None:
    """Lower this process's limits for good. Names as in setrlimit(2) without `RLIMIT_`, values in its units.

    A limit already lower stays. CPU gets one second between SIGXCPU and SIGKILL: with both at once, the end
    would look like a kill from outside.
    """
    for name, value in limits.items():
        if name == "AS" and sys.platform == "darwin":
            continue  # that kernel does not enforce it and refuses to set it
        kind = getattr(resource, f"RLIMIT_{name}")
        _, ceiling = resource.getrlimit(kind)
        soft = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
        hard = soft + 1 if name == "CPU" and soft != ceiling else soft
        resource.setrlimit(kind, (soft, hard))


def main(arguments: list[str]) -> None:
    """Apply the `NAME=value` arguments before `--`, then exec what follows it."""
    end = arguments.index("--")
    pairs = (argument.partition("=") for argument in arguments[:end])
    restrain({name: int(value) for name, _, value in pairs})
    program = arguments[end + 1 :]
    # The one variable that Python gives itself, in a locale that speaks no UTF-8 (PEP 538).
    environment = {name: value for name, value in os.environ.items() if name != "LC_CTYPE"}
    try:
        os.execve(program[0], program, environment)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.exit(f"{program[0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
