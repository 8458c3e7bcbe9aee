"""The real program in its own process: exit codes, signals, pipes, and what it imports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "perf_tui"]
QUICK = ["--interval", "0.5"]
DEADLINE = 60
"""Seconds after which a process counts as hung; not a measure of speed."""

HEADLESS = """
import importlib, pkgutil, sys
import perf_tui
interface = ("perf_tui.ui", "perf_tui.cli.tui", "perf_tui.__main__")
count = 0
for found in pkgutil.walk_packages(perf_tui.__path__, "perf_tui."):
    if not found.name.startswith(interface):
        importlib.import_module(found.name)
        count += 1
print(count, *sorted({name.partition(".")[0] for name in sys.modules} & {"textual", "rich", "plotext"}))
"""


def run(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    settings = {"capture_output": True, "text": True, "timeout": DEADLINE, "stdin": subprocess.DEVNULL, **more}
    return subprocess.run([*PROGRAM, *arguments], **settings)  # type: ignore[call-overload, no-any-return]


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE)


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """A rule that fires at once on any machine, so that a line says that the engine runs."""
    path = tmp_path / "rules.json"
    path.write_text(json.dumps([{"metric_name": "memory_percent", "threshold": 0, "level": "info"}]))
    return str(path)


def test_once_json_holds_the_machine() -> None:
    done = run("--once", "--json", *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    values = {each["id"]: each["value"] for each in document["measures"] if not each["labels"]}
    assert 0 <= values["system.cpu.utilization"] <= 1
    assert values["system.memory.total"] > 0


def test_without_a_terminal_one_text_snapshot() -> None:
    done = run(*QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("perf-tui ")
    assert "\x1b" not in done.stdout


def test_wrong_usage_and_wrong_configuration(tmp_path: Path) -> None:
    assert run("colect").returncode == 2
    (tmp_path / "bad.toml").write_text("interval = 0\n")
    done = run("--config", "bad.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "perf-tui: bad.toml: interval: 0 is not allowed; allowed: a number from 0.5 to 60\n"


@pytest.mark.parametrize("command", ["alerts", "collect"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_its_exit_code(command: str, number: signal.Signals, rules: str) -> None:
    more = ["--verbose"] if command == "collect" else []
    with started(command, *more, "--config", rules, *QUICK) as process:
        assert process.stdout is not None
        assert "raised  info  memory_percent-info" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(DEADLINE) == 128 + number
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_an_interrupted_snapshot_shows_no_traceback(tmp_path: Path) -> None:
    # The long interval keeps it between its two readings; the first line of importtime says that it began.
    with started("--once", "--interval", "60") as process:
        wait_for_engine(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""


def wait_for_engine(pid: int) -> None:
    """Until the process has started the threads on which sources read."""
    import time

    for _ in range(DEADLINE * 100):
        if len(os.listdir(f"/proc/{pid}/task")) > 3:
            return
        time.sleep(0.01)
    raise AssertionError("the engine did not start")


def test_a_reader_that_leaves_ends_it_quietly(rules: str) -> None:
    with started("alerts", "--config", rules, *QUICK) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(DEADLINE) == 128 + signal.SIGPIPE
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_standard_output_that_is_full() -> None:
    with open("/dev/full", "w") as full:
        done = run("config", "print", stdout=full, capture_output=False, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == "perf-tui: standard output cannot be written: No space left on device\n"


def test_a_standard_output_that_is_closed() -> None:
    script = "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    done = subprocess.run(
        [sys.executable, "-c", script, "-m", "perf_tui", "config", "print"], stderr=subprocess.PIPE, timeout=DEADLINE
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_no_headless_module_imports_textual() -> None:
    done = subprocess.run([sys.executable, "-c", HEADLESS], capture_output=True, text=True, timeout=DEADLINE)
    assert done.stderr == ""
    count, *heavy = done.stdout.split()
    assert int(count) > 60
    assert heavy == []


def test_collect_imports_neither_textual_nor_what_nothing_here_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "perf_tui", "collect", "--for", "1", "--no-discover", *QUICK],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0
    assert "perf_tui.engine.engine" in done.stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert not imported & {"textual", "rich", "plotext", "aiohttp", "pynvml"}


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_the_version_and_the_help_import_next_to_nothing(flag: str) -> None:
    script = f"import sys; from perf_tui.cli.main import main; main(['{flag}']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=DEADLINE)
    loaded = set(done.stderr.split())
    assert "perf_tui.cli.arguments" in loaded
    heavy = {"textual", "rich", "psutil", "msgspec", "asyncio", "wcwidth", "perf_tui.engine", "perf_tui.config"}
    assert not loaded & heavy
