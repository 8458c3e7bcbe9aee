"""Takes the pictures in this folder: the real program on a pseudo-terminal of each size, beside some real load.

One program for each size collects for a while; then the keys of its screens are pressed, and what an emulated
terminal shows of each is written as PNG and SVG. Needs pyte, Pillow, and a monospaced font for the PNG files.

Where the system allows it, all this happens in a namespace of its own, so that the pictures show neither the
processes nor the name of the machine that they are taken on.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.harness import Terminal
from benchmarks.terminals import crowd
from screenshots import png, svg
from screenshots.load import KINDS

FOLDER = Path(__file__).parent
SIZES = ((80, 24), (120, 40), (200, 50))
SCREENS = {"overview": ("1", r"memory\s+\d"), "system": ("3", r"\d+ processes")}
"""Each picture's name, the key that brings the screen, and what it then shows."""
HOST = "web-1"
PROCESSES = 60
LOAD = 55.0
"""Seconds of load before the first picture."""
_NAMESPACE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts")


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


@contextmanager
def load(seconds: float) -> Iterator[None]:
    """Every kind of load, for so long at most."""
    running = [subprocess.Popen(["python", "-m", "screenshots.load", kind, f"{seconds:.0f}"]) for kind in KINDS]
    try:
        yield
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()


def alone() -> None:
    """Start anew in a namespace of its own, where that can be done; comes back where it cannot, or is done."""
    if shutil.which(_NAMESPACE[0]) and subprocess.run([*_NAMESPACE, "true"], capture_output=True).returncode == 0:
        os.execvp(_NAMESPACE[0], [*_NAMESPACE, "python", "-m", "screenshots.take", "--inside", *sys.argv[1:]])
    print("no namespace of its own: the pictures show this machine's name and processes", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=150, help="how long the program collects first (default 150)")
    parser.add_argument("--interval", type=float, default=1, help="its interval (default 1)")
    parser.add_argument("--theme", default="dark", help="its theme (default dark)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go (default: beside this file)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    # All is started as `python`, so that the pictures do not show where this one is installed.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    if chosen.inside:
        socket.sethostname(HOST)
    else:
        alone()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    program = ["python", "-m", "perf_tui", "--interval", f"{chosen.interval:g}", "--theme", chosen.theme]
    busy = min(LOAD, chosen.seconds)
    with ExitStack() as stack:
        stack.enter_context(crowd(PROCESSES, chosen.seconds + 120))
        terminals = [stack.enter_context(Terminal(program, columns=columns, rows=rows)) for columns, rows in SIZES]
        watch(terminals, chosen.seconds - busy)
        stack.enter_context(load(busy + 10 * chosen.interval * len(SCREENS)))
        watch(terminals, busy)
        take(terminals, chosen.folder, settle=2 * chosen.interval)
    return 0


if __name__ == "__main__":
    sys.exit(main())
