"""perf-tui beside htop, btop and Glances, each on a pseudo-terminal of its own, by the system's own accounts.

Rounds are taken in turns (A B C A B C …), so that a drift of the machine hits all alike. Sleeping processes are
started until about as many exist as on a server at work. The interval of all programs is 2 seconds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import accounting, options, table
from benchmarks.harness import Terminal

FIGURES = {
    "cpu": "CPU s/min",
    "bytes": "bytes/s",
    "pss": "PSS MiB",
    "ready": "first number s",
}
BASES = ("htop", "Glances")


@dataclass(frozen=True, slots=True)
class Program:
    """What is measured, and how one sees that it shows something."""

    name: str
    command: tuple[str, ...]
    number: str
    """A regular expression for the first number of the machine on its screen: for all, memory in use."""
    keys: str = ""
    """What is pressed once it shows something."""
    after: str = ""
    """What its screen holds once the keys were followed."""


def programs() -> list[Program]:
    """Those that are installed here."""
    ours = (sys.executable, "-m", "perf_tui", "--interval", "2")
    found = [
        Program("perf-tui overview", ours, r"memory\s+\d"),
        Program("perf-tui system", ours, r"memory\s+\d", keys="3", after=r"\d+ processes"),
    ]
    peers = [
        Program("htop", ("htop", "-d", "20"), r"Mem\[.*\d[KMG]/"),
        Program("btop", ("btop",), r"Used:\D*\d"),
        # Glances looks on the network for a newer version of itself unless told not to.
        Program("Glances", ("glances", "-t", "2", "--disable-check-update"), r"MEM\s+\d"),
    ]
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(".venv-bench/bin").resolve())])
    for peer in peers:
        place = shutil.which(peer.command[0], path=folders)
        if place is None:
            print(f"{peer.name} is not installed: left out", file=sys.stderr)
        else:
            found.append(Program(peer.name, (place, *peer.command[1:]), peer.number))
    return found


def measure(program: Program, size: tuple[int, int], settle: float, seconds: float, folder: Path) -> dict[str, float]:
    """One round of one program; a figure that could not be taken is left out."""
    columns, rows = size
    environment = {"XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    with Terminal(program.command, columns=columns, rows=rows, environment=environment, folder=folder) as terminal:
        figures: dict[str, float] = {}
        try:
            figures["ready"] = terminal.wait_for(program.number, timeout=15)
            if program.keys:
                terminal.press(program.keys)
                terminal.wait_for(program.after)
        except (TimeoutError, EOFError) as error:
            print(f"{program.name}: {error}", file=sys.stderr)
            return figures
        # Emulating costs this process more than some programs cost themselves: not while they are measured.
        terminal.emulating = False
        terminal.read_for(max(0.0, settle - terminal.elapsed))
        began, cpu, sent = time.monotonic(), terminal.cpu_seconds(), len(terminal.raw)
        terminal.read_for(seconds)
        took = time.monotonic() - began
        if not terminal.ended:
            figures["cpu"] = (terminal.cpu_seconds() - cpu) / took * 60
            figures["bytes"] = (len(terminal.raw) - sent) / took
            figures["pss"] = terminal.pss_bytes() / 2**20
    return figures


@contextmanager
def crowd(wanted: int, seconds: float) -> Iterator[int]:
    """Sleeping processes until `wanted` exist; they end by themselves after `seconds` at the latest."""
    missing = max(0, wanted - len(accounting.pids()))
    sleepers = [subprocess.Popen(["sleep", f"{seconds:.0f}"], stdin=subprocess.DEVNULL) for _ in range(missing)]
    try:
        yield len(accounting.pids())
    finally:
        for sleeper in sleepers:
            sleeper.kill()
        for sleeper in sleepers:
            sleeper.wait()


def main() -> int:
    """Measure, and print the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--secs", type=float, default=30, help="seconds that a round measures (default 30)")
    parser.add_argument("--settle", type=float, default=6, help="seconds before that (default 6)")
    parser.add_argument("--size", default="200x50", help="columns and rows (default 200x50)")
    parser.add_argument("--processes", type=int, default=450, help="processes that exist meanwhile (default 450)")
    parser.add_argument("--only", default="", help="programs whose names hold this text")
    chosen = parser.parse_args()
    columns, rows = map(int, chosen.size.split("x"))
    candidates = [program for program in programs() if chosen.only.lower() in program.name.lower()]
    runs: dict[str, list[dict[str, float]]] = {program.name: [] for program in candidates}
    longest = chosen.rounds * len(candidates) * (chosen.settle + chosen.secs + 20)
    with crowd(chosen.processes, longest) as there, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "btop").mkdir()
        (folder / "btop" / "btop.conf").write_text("update_ms = 2000\n")
        for _ in range(chosen.rounds):
            for program in candidates:
                runs[program.name].append(measure(program, (columns, rows), chosen.settle, chosen.secs, folder))
    print(
        f"terminal: {chosen.size}, {there} processes, interval 2 s, {chosen.secs:g} s after {chosen.settle:g} s, "
        f"medians of {chosen.rounds} rounds"
    )
    print("\n".join(table.lines(runs, FIGURES, BASES)))
    options.keep(chosen.json, "terminal", runs)
    return 0
