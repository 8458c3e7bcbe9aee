"""`python -m benchmarks.why`: breaks real things on purpose and counts how often the cause is named.

It takes half an hour. What was seen is kept in bench-results/; `--replay` ranks it again.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.why import recording as tape
from benchmarks.why.kinds import KINDS
from benchmarks.why.rankers import ours
from benchmarks.why.recording import Recording
from benchmarks.why.report import into_docs, report
from benchmarks.why.scene import plan, play
from benchmarks.why.score import place

RESULTS = Path("bench-results")


def main() -> None:
    """Record or replay, print, and write where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4], help="one fault of each kind for each")
    parser.add_argument("--kinds", nargs="+", default=[], choices=[kind.name for kind in KINDS], metavar="KIND")
    parser.add_argument("--replay", type=Path, nargs="+", metavar="FILE", help="rank again what was recorded")
    parser.add_argument("--show", action="store_true", help="what is named for each fault")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/why.md")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # parts and folder go with it
    recordings: list[Recording] = []
    if chosen.replay:
        for file in chosen.replay:
            recordings += tape.load(file)
    else:
        recordings = record(chosen.seeds, chosen.kinds)
    if chosen.show:
        for each in recordings:
            show(each)
    text = report(recordings, _words())
    print(text)
    if chosen.write:
        into_docs(text)


def record(seeds: Sequence[int], kinds: Sequence[str]) -> list[Recording]:
    """Break things, and keep what was seen after each fault."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"why-{datetime.now(UTC):%Y%m%d-%H%M%S}.jsonl.gz"
    recordings: list[Recording] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="perf-tui-why-") as folder:
        for each in play(Path(folder), todo := plan(seeds, kinds)):
            recordings.append(each)
            tape.add(file, each)
            print(f"{len(recordings)}/{len(todo)} after {time.monotonic() - began:.0f} s", flush=True)
            show(each)
    print(file)
    return recordings


def show(recording: Recording) -> None:
    """One fault in a few lines."""
    named = ours(recording)
    found = place(recording, named)
    told = f"{recording.alert} after {recording.delay:.1f} s" if recording.alert else "no alert"
    print(f"{recording.kind} {recording.seed}: {recording.words}; {told}; cause at {found}", flush=True)
    for key in named:
        print("   ", "*" if key in recording.causes else " ", key, flush=True)


def _words() -> str:
    cores = len(os.sched_getaffinity(0))
    return f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
