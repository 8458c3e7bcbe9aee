"""Takes the pictures in this folder: `perf-tui demo` on a pseudo-terminal, while something is wrong with it.

One demo runs for all of them. Each group of screens is photographed during an incident that it shows well: the
keys of each screen are pressed, the terminal is given one size after the other, and what an emulated terminal
shows is written as PNG and SVG. Needs pyte, Pillow, and a monospaced font for the PNG files.

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
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness import Terminal
from benchmarks.terminals import crowd
from screenshots import png, svg

FOLDER = Path(__file__).parent
SIZES = ((120, 40), (80, 24), (200, 50))


class Shot(NamedTuple):
    """One screen."""

    name: str
    keys: tuple[str, ...]
    """Those that bring it."""
    shows: str
    """What it then shows, as a regular expression."""


class Scene(NamedTuple):
    """Screens that are photographed during one incident."""

    incident: str
    tells: str
    """What the list of active alerts then says, as a regular expression."""
    shots: tuple[Shot, ...]


SCENES = (
    Scene("slow-dependency", "", ()),
    Scene("runaway-task", "", ()),
    Scene(
        "failing-requests", r"(firing|flapping)\s+5xx", (
            Shot("app", ("2", "g"), r"routes by time spent|latency \w+"),
            Shot("service", ("enter",), r"to \d\d:\d\d:\d\d"),
        ),
    ),
    Scene(
        "dead-worker", r"(firing|flapping)\s+error", (
            Shot("workers", ("5",), r"processing|waiting"),
            Shot("worker", ("enter",), r"Esc back|pid \d"),
        ),
    ),
    Scene(
        "full-cache", r"(firing|flapping)\s+waiting", (
            Shot("ai", ("4",), r"tokens per second"),
            Shot("overview", ("1",), r"memory\s+\d"),
            Shot("system", ("3",), r"\d+ processes"),
            Shot("alerts", ("6",), r"rules"),
            Shot("rule", ("tab", "enter"), r"rule requests wait"),
        ),
    ),
)  # fmt: skip
"""In the order in which they happen; those without screens give the charts something to show."""
HOST = "web-1"
PROCESSES = 60
FIRST, PACE = 60.0, 80.0
"""Seconds until the first incident, and from one to the next; each lasts for half of that."""
KEYSTROKE = 0.5
TOASTS = 6.0
"""Seconds after which what pops up is gone."""
_NAMESPACE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts")


def take(terminal: Terminal, shot: Shot, folder: Path, settle: float) -> None:
    """Photograph a screen at each size."""
    for key in shot.keys:
        terminal.press(key)
        terminal.read_for(KEYSTROKE)  # the next key is for what this one brings
    for columns, rows in SIZES:
        terminal.resize(columns, rows)
        terminal.wait_for(shot.shows)
        terminal.read_for(settle)
        file = folder / f"{shot.name}-{columns}x{rows}"
        png.write(terminal.screen, file.with_suffix(".png"))
        svg.write(terminal.screen, file.with_suffix(".svg"))
    terminal.resize(*SIZES[0])


def alone() -> None:
    """Start anew in a namespace of its own, where that can be done; comes back where it cannot, or is done."""
    if shutil.which(_NAMESPACE[0]) and subprocess.run([*_NAMESPACE, "true"], capture_output=True).returncode == 0:
        os.execvp(_NAMESPACE[0], [*_NAMESPACE, "python", "-m", "screenshots.take", "--inside", *sys.argv[1:]])
    print("no namespace of its own: the pictures show this machine's name and processes", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interval", type=float, default=1, help="the program's interval (default 1)")
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
    order = ",".join(scene.incident for scene in SCENES)
    program = ["python", "-m", "perf_tui", "demo", "--incidents", order, "--pace", f"{PACE:g}"]
    program += ["--interval", f"{chosen.interval:g}", "--theme", chosen.theme]
    with ExitStack() as stack:
        stack.enter_context(crowd(PROCESSES, FIRST + PACE * (len(SCENES) + 1)))
        columns, rows = SIZES[0]
        terminal = stack.enter_context(Terminal(program, columns=columns, rows=rows))
        for number, scene in enumerate(SCENES):
            if not scene.shots:
                continue
            terminal.press("6")
            terminal.read_for(max(0.0, FIRST + number * PACE - terminal.elapsed))
            terminal.wait_for(scene.tells, timeout=PACE)
            terminal.read_for(TOASTS)
            for shot in scene.shots:
                take(terminal, shot, chosen.folder, settle=1.2 * chosen.interval)
        terminal.press("escape")
        terminal.read_for(chosen.interval)  # what is typed at once behind it would be a key with Alt
        terminal.press("q")
        terminal.exit_code()
    return 0


if __name__ == "__main__":
    sys.exit(main())
