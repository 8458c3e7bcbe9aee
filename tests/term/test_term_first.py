"""The first picture, on a terminal whose interface never comes to be: its import hangs, or fails."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from real_terminal import FIRST, Start, assert_given_back


@pytest.fixture
def textual(tmp_path: Path) -> Path:
    """A file that is imported in place of Textual."""
    package = tmp_path / "instead" / "textual"
    package.mkdir(parents=True)
    return package / "__init__.py"


def path(textual: Path) -> str:
    return f"{textual.parent.parent}:{Path(__file__).parents[2]}"


def test_a_signal_ends_it_while_the_interface_is_being_loaded(start: Start, textual: Path) -> None:
    textual.write_text("import threading\nthreading.Event().wait(60)\n")
    expected = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}
    started = {number: start(PYTHONPATH=path(textual)) for number in expected}
    for number, terminal in started.items():
        terminal.wait_for(FIRST)
        terminal.signal(number)
    for number, terminal in started.items():
        assert terminal.exit_code() == expected[number]
        assert_given_back(terminal)


def test_an_interface_that_cannot_be_loaded_gives_the_terminal_back(start: Start, textual: Path) -> None:
    textual.write_text("raise RuntimeError('broken installation')\n")
    terminal = start(PYTHONPATH=path(textual))
    assert terminal.exit_code() == 1
    assert b"broken installation" in terminal.raw.split(b"\x1b[?1049l")[-1]
    assert_given_back(terminal)


def test_a_terminal_that_is_too_small_has_no_first_picture(start: Start, textual: Path) -> None:
    textual.write_text("raise RuntimeError('broken installation')\n")
    terminal = start(PYTHONPATH=path(textual), columns=79, rows=24)
    assert terminal.exit_code() == 1
    assert b"memory" not in terminal.raw
