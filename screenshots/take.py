"""Takes the pictures in this folder: the real program on a pseudo-terminal of each size, beside some real load.

One program for each size collects for a while; then the keys of its screens are pressed, and what an emulated
terminal shows of each is written as PNG and SVG. Needs pyte, Pillow, and a monospaced font for the PNG files.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness import Terminal
from screenshots import png, svg

FOLDER = Path(__file__).parent
SIZES = ((80, 24), (120, 40), (200, 50))
LOAD = 55.0
"""Seconds of load before the first picture."""
SCREENS = {"overview": ("1", r"memory\s+\d"), "system": ("3", r"\d+ processes")}
"""Each picture's name, the key that brings the screen, and what it then shows."""


def take(terminals: Sequence[Terminal], folder: Path, settle: float) -> None:
    """Photograph every screen of each terminal, all terminals showing the same screen at a time."""
    for name, (key, shows) in SCREENS.items():
        for terminal in terminals:
            terminal.press(key)
        for terminal in terminals:
            terminal.wait_for(shows)
        watch(terminals, settle)
        for terminal in terminals:
            file = folder / f"{name}-{terminal.screen.columns}x{terminal.screen.lines}"
            png.write(terminal.screen, file.with_suffix(".png"))
            svg.write(terminal.screen, file.with_suffix(".svg"))


def watch(terminals: Sequence[Terminal], seconds: float) -> None:
    """Keep reading them all."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for terminal in terminals:
            terminal.read_for(0.1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=150, help="how long the program collects first (default 150)")
    parser.add_argument("--interval", type=float, default=1, help="its interval (default 1)")
    parser.add_argument("--theme", default="dark", help="its theme (default dark)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go (default: beside this file)")
    chosen = parser.parse_args()
    program = [sys.executable, "-m", "perf_tui", "--interval", f"{chosen.interval:g}", "--theme", chosen.theme]
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        elsewhere = stack.enter_context(tempfile.TemporaryDirectory())
        terminals = [
            stack.enter_context(
                Terminal(
                    program, columns=columns, rows=rows, folder=elsewhere, environment={"XDG_CONFIG_HOME": elsewhere}
                )
            )
            for columns, rows in SIZES
        ]
        busy = min(LOAD, chosen.seconds)
        watch(terminals, chosen.seconds - busy)
        photographing = 3 * chosen.interval * len(SCREENS)
        load = subprocess.Popen([sys.executable, "-m", "screenshots.load", f"{busy + photographing:.0f}"])
        stack.callback(load.wait)
        stack.callback(load.terminate)
        watch(terminals, busy)
        take(terminals, chosen.folder, settle=2 * chosen.interval)
    return 0


if __name__ == "__main__":
    sys.exit(main())
