"""From the first number to the end, whatever ends it: the terminal is given back."""

from __future__ import annotations

import re
import signal
import socket
import sys
from pathlib import Path

import pytest
from real_terminal import NUMBER, Start, assert_given_back, highlighted

from benchmarks.harness import Terminal

SCREENS = {"2": "app", "3": "system", "4": "ai", "5": "workers", "6": "alerts", "1": "overview"}


def test_shows_numbers_then_every_screen_and_quits(start: Start) -> None:
    by_q, by_ctrl_c = start("--interval", "0.5"), start("--interval", "0.5")
    by_q.wait_for(NUMBER)
    for key, screen in SCREENS.items():
        by_q.press(key)
        by_q.wait_for(lambda terminal, screen=screen: highlighted(terminal) == screen)
    by_q.press("q")
    by_ctrl_c.wait_for(NUMBER)
    by_ctrl_c.press("ctrl+c")
    for terminal in (by_q, by_ctrl_c):
        assert terminal.exit_code() == 0
        assert_given_back(terminal)


def test_signals_end_it_with_their_number(start: Start) -> None:
    expected = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}
    started = {number: start() for number in expected}
    for number, terminal in started.items():
        terminal.wait_for(NUMBER)
        terminal.signal(number)
    for number, terminal in started.items():
        assert terminal.exit_code() == expected[number]
        assert_given_back(terminal)


def test_ends_without_spinning_when_the_terminal_is_gone(start: Start) -> None:
    told, not_told = start(), start()
    for terminal in (told, not_told):
        terminal.wait_for(NUMBER)
    used = [terminal.cpu_seconds() for terminal in (told, not_told)]
    for terminal in (told, not_told):
        terminal.hang_up()
    told.signal(signal.SIGHUP)
    for terminal, before in zip((told, not_told), used, strict=True):
        assert terminal.exit_code(timeout=6) == 129
        assert terminal.cpu_seconds() - before < 2.5  # a spinning loop takes a second for each


def test_an_ignored_hang_up_is_ignored_until_the_terminal_is_gone(start: Start) -> None:
    terminal = start(command=("sh", "-c", f'trap "" HUP; exec "{sys.executable}" -m perf_tui'))
    terminal.wait_for(NUMBER)
    terminal.signal(signal.SIGHUP)
    terminal.press("3")
    terminal.wait_for(lambda terminal: highlighted(terminal) == "system")
    terminal.hang_up()
    assert terminal.exit_code(timeout=6) == 129


def test_draws_on_the_terminal_where_errors_go_to_a_file(start: Start, tmp_path: Path) -> None:
    terminal = start(command=("sh", "-c", f'"{sys.executable}" -m perf_tui 2>errors; exit $?'))
    terminal.wait_for(NUMBER)
    terminal.press("q")
    assert terminal.exit_code() == 0
    assert_given_back(terminal)
    assert (tmp_path / "errors").read_bytes() == b""


@pytest.fixture
def ticks() -> socket.socket:
    """Where `ticking.py` sends its ticks."""
    port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port.bind(("127.0.0.1", 0))
    port.settimeout(10)
    with port:
        yield port


def stall(terminal: Terminal, ticks: socket.socket) -> int:
    """Without reading, press keys until the interface answers no more; returns the engine's tick."""
    status = Path(f"/proc/{terminal.pid}/task/{terminal.pid}/status")
    seen: list[str] = []
    for key in "13" * 50:
        terminal.press(key)
        tick = int(ticks.recv(64))
        seen.extend(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", status.read_text(), re.M))
        if len(seen) > 3 and len(set(seen[-4:])) == 1:  # its loop has woken up for no key and for no tick
            return tick
    raise AssertionError("the interface never blocked")


def test_a_terminal_that_does_not_read_stops_neither_the_engine_nor_the_end(start: Start, ticks: socket.socket) -> None:
    program = (sys.executable, str(Path(__file__).with_name("ticking.py")), str(ticks.getsockname()[1]))
    terminal = start(command=program, columns=200, rows=50)
    terminal.wait_for(NUMBER)

    stalled_at = stall(terminal, ticks)
    while int(ticks.recv(64)) < stalled_at + 8:
        pass

    terminal.press("6")
    terminal.wait_for(lambda terminal: highlighted(terminal) == "alerts")  # it goes on once somebody reads

    stall(terminal, ticks)
    terminal.signal(signal.SIGTERM)
    assert terminal.exit_code(timeout=5, reading=False) == 143
    terminal.exit_code()
    assert_given_back(terminal)
