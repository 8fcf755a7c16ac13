"""What starting costs: importing the functions' app, and `storyreel --help`, beside a bare interpreter.

The three run turn about, so that a busy machine is busy for all. Judges nothing.
Run from the repository: `python -m benchmarks.bench_imports [rounds]`.
"""

import subprocess
import sys
import time
from statistics import median

_STARTS = {
    "python -c pass": ["-c", "pass"],
    "import functions.app": ["-c", "import functions.app"],
    "storyreel --help": ["-m", "cli.main", "--help"],
}


def seconds(arguments: list[str]) -> float:
    """How long one start takes."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main(rounds: int) -> None:
    """Print medians."""
    rows = [{name: seconds(arguments) for name, arguments in _STARTS.items()} for _ in range(rounds)]
    bare = median(row["python -c pass"] for row in rows)
    print(f"medians of {rounds} rounds")
    for name in _STARTS:
        taken = median(row[name] for row in rows)
        print(f"  {name:22} {taken * 1000:5.0f} ms   {taken / bare:.1f} x bare")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
