"""The board of the real program with 5,000 workers that heartbeat every two seconds: CPU time, keys, memory."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import heartbeats, options, table
from benchmarks.harness import Terminal

FIGURES = {
    "cpu": "CPU %", "worker": "on a worker's screen %", "median": "key median ms", "p99": "key p99 ms",
    "worst": "worst ms", "before": "MiB", "later": "MiB later", "after": "MiB after keys",
}  # fmt: skip
MOST_CPU, MOST_MS = 25.0, 100.0
"""Percent of a core, and milliseconds from a key to its picture (99th percentile)."""


@contextmanager
def beating(count: int) -> Iterator[str]:
    """Workers that heartbeat into a file; gives the configuration that names it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "heartbeats"
        path.touch()
        config = Path(folder) / "config.toml"
        config.write_text(
            f'discovery.enabled = false\nalerting.remember = false\n[[workers]]\nname = "many"\nheartbeat = "{path}"\n',
            encoding="utf-8",
        )
        writer = subprocess.Popen([sys.executable, "-m", "benchmarks.heartbeats", str(path), str(count)])
        try:
            yield str(config)
        finally:
            writer.kill()
            writer.wait()


def once(count: int, presses: int, seconds: float, settle: float) -> dict[str, float]:
    """One run of the program: on the board for so long, then keys on it, then a worker's own screen for so long."""
    # The worst first, and by name: those that wait, then those that have a task.
    first = next(number for number in range(count) if not heartbeats.busy(number))
    last = max(number for number in range(count) if heartbeats.busy(number))
    steps = (
        ("G", heartbeats.name(last)), ("g", heartbeats.name(first)), ("enter", "Esc back"),
        ("n", heartbeats.name(first + 1)), ("escape", "tok/s"),
    )  # fmt: skip
    with (
        beating(count) as config,
        Terminal([sys.executable, "-m", "perf_tui", "--config", config], columns=120, rows=40) as terminal,
    ):
        terminal.wait_for(r"memory\s+\d")
        terminal.press("5")
        terminal.wait_for(heartbeats.name(first), 30.0)
        terminal.emulating = False
        terminal.read_for(settle)
        found = {"before": terminal.pss_bytes() / 2**20, "cpu": _cpu(terminal, seconds)}
        found["later"] = terminal.pss_bytes() / 2**20
        taken = []
        for number in range(presses):
            key, shows = steps[number % len(steps)]
            answered = _answer(terminal, key, shows)
            if key != "escape":  # Textual waits 100 ms for what may follow a lone Esc
                taken.append(answered)
        taken.sort()
        _answer(terminal, "enter", "Esc back")
        found["worker"] = _cpu(terminal, seconds)
        found["after"] = terminal.pss_bytes() / 2**20
    return {
        **found, "median": statistics.median(taken), "p99": taken[int(0.99 * (len(taken) - 1))], "worst": taken[-1],
    }  # fmt: skip


def _cpu(terminal: Terminal, seconds: float) -> float:
    """Percent of a core while it is left to itself."""
    began, used = terminal.elapsed, terminal.cpu_seconds()
    terminal.read_for(seconds)
    return (terminal.cpu_seconds() - used) / (terminal.elapsed - began) * 100


def _answer(terminal: Terminal, key: str, shows: str) -> float:
    """Milliseconds from a key to what it brings, at whatever moment of the tick."""
    terminal.read_for(0.23)
    terminal.raw.clear()
    began = terminal.elapsed
    terminal.press(key)
    return (terminal.wait_for(lambda each: shows.encode() in each.raw) - began) * 1000


def main() -> int:
    """Measure, and print the table; 1 where it is beyond what it may cost."""
    parser = options.parser(__doc__)
    parser.add_argument("--workers", type=int, default=5_000)
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0, help="on the board, and on one worker (default 20)")
    parser.add_argument("--settle", type=float, default=70.0, help="before that: a window and a little (default 70)")
    chosen = parser.parse_args()
    rounds = [once(chosen.workers, chosen.presses, chosen.seconds, chosen.settle) for _ in range(chosen.rounds)]
    runs = {f"{chosen.workers} workers": rounds}
    print(f"board: {chosen.presses} presses a round, medians of {chosen.rounds} rounds")
    print("\n".join(table.lines(runs, FIGURES)))
    options.keep(chosen.json, "board", runs)
    found = next(iter(table.medians(runs).values()))
    return int(found["cpu"] > MOST_CPU or found["p99"] > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
