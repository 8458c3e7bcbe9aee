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
import tempfile
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
SCREENS = {
    "overview": (("1",), r"memory\s+\d"),
    "app": (("2",), r"routes by time spent|latency \w+"),
    "service": (("enter",), r"seen as"),
    "system": (("3",), r"\d+ processes"),
    "ai": (("4",), r"tokens per second"),
    "alerts": (("6",), r"rules"),
}
"""Each picture's name, the keys that bring the screen, and what it then shows."""
SERVICES = {
    "checkout": ("tests/sources/scrape/services/fastapi_app.py", "shop"),
    "search": ("tests/sources/scrape/services/fastapi_app.py", "search"),
    "llama": ("perf_tui/demo/model.py", "chat"),
}
"""Real services of the tests, and the kind of traffic that each gets."""
HOST = "web-1"
PROCESSES = 60
LOAD = 55.0
"""Seconds of load before the first picture."""
_NAMESPACE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts")


def take(terminals: Sequence[Terminal], folder: Path, settle: float) -> None:
    """Photograph every screen of each terminal, all terminals showing the same screen at a time."""
    for name, (keys, shows) in SCREENS.items():
        for terminal in terminals:
            terminal.press(*keys)
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


@contextmanager
def services(seconds: float) -> Iterator[str]:
    """The services under traffic; gives the configuration that names them."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        targets = []
        for name, (script, traffic) in SERVICES.items():
            port = _free_port()
            words = [folder, str(port)] if traffic == "chat" else [str(port)]
            stack.enter_context(_ended(["python", script, *words]))
            stack.enter_context(_ended(["python", "-m", "screenshots.traffic", traffic, str(port), f"{seconds:.0f}"]))
            targets.append(f'[[targets]]\nname = "{name}"\nurl = "http://127.0.0.1:{port}/metrics"\n')
        config = Path(folder) / "config.toml"
        config.write_text("discovery.enabled = false\n\n" + "\n".join(targets), encoding="utf-8")
        yield str(config)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _ended(command: Sequence[str]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
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
    busy = min(LOAD, chosen.seconds)
    with ExitStack() as stack:
        stack.enter_context(crowd(PROCESSES, chosen.seconds + 120))
        config = stack.enter_context(services(chosen.seconds + 120))
        program = ["python", "-m", "perf_tui", "--config", config, "--interval", f"{chosen.interval:g}"]
        program += ["--theme", chosen.theme]
        terminals = [stack.enter_context(Terminal(program, columns=columns, rows=rows)) for columns, rows in SIZES]
        watch(terminals, chosen.seconds - busy)
        stack.enter_context(load(busy + 10 * chosen.interval * len(SCREENS)))
        watch(terminals, busy)
        take(terminals, chosen.folder, settle=2 * chosen.interval)
    return 0


if __name__ == "__main__":
    sys.exit(main())
