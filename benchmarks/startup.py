"""How long one waits: for the version, for one text snapshot, for the first number on a screen and for the keys."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from benchmarks import options, table
from benchmarks.harness import Terminal, surroundings

_OURS = (sys.executable, "-m", "perf_tui")
FIGURES = {"seconds": "seconds"}


def command(*arguments: str, folder: str) -> float:
    """Seconds that a command takes from its start to its end."""
    began = time.monotonic()
    subprocess.run(
        arguments,
        check=True,
        cwd=folder,
        env=surroundings({}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - began


def screen(folder: str) -> tuple[float, float]:
    """Seconds to the first number of the machine, and to the whole interface with its key bar."""
    with Terminal(_OURS, columns=200, rows=50, folder=folder) as terminal:
        return terminal.wait_for(r"memory\s+\d"), terminal.wait_for(r"\bquit\b")


def main() -> int:
    """Measure, and print the table."""
    chosen = options.parser(__doc__).parse_args()
    runs: dict[str, list[dict[str, float]]] = {
        "python, nothing else": [],
        "perf-tui --version": [],
        "perf-tui --once --interval 0.5": [],
        "perf-tui, first number": [],
        "perf-tui, the whole interface": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(chosen.rounds):
            number, whole = screen(folder)
            taken = (
                command(sys.executable, "-c", "", folder=folder),
                command(*_OURS, "--version", folder=folder),
                command(*_OURS, "--once", "--interval", "0.5", folder=folder),
                number,
                whole,
            )
            for rounds, seconds in zip(runs.values(), taken, strict=True):
                rounds.append({"seconds": seconds})
    print(f"start-up: medians of {chosen.rounds} rounds")
    print("\n".join(table.lines(runs, FIGURES)))
    options.keep(chosen.json, "startup", runs)
    return 0
