"""What is sent to terminals that can do less, and what never is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

import pytest
from real_terminal import NUMBER, PROGRAM, Start, attributes, highlighted, switched
from wcwidth import wcswidth

from benchmarks.emulator import SEQUENCE
from benchmarks.harness import Terminal

WITHOUT_COLOUR = {b"", b"0", b"1", b"2", b"4", b"7", b"22", b"24", b"27", b"39", b"49"}


def through_every_screen(terminal: Terminal) -> None:
    """Shows every screen, the help and a dialog."""
    terminal.wait_for(NUMBER)
    for key, screen in {"2": "app", "3": "system", "4": "ai", "5": "workers", "6": "alerts", "1": "overview"}.items():
        terminal.press(key)
        terminal.wait_for(lambda terminal, screen=screen: highlighted(terminal) == screen)
    for key, words in {"?": "next pane", "e": "snapshot"}.items():
        terminal.press(key)
        terminal.wait_for(words)
        terminal.press("escape")
        terminal.wait_for(NUMBER)


def test_a_dumb_terminal_and_a_pipe_get_one_text_snapshot(start: Start, tmp_path: Path) -> None:
    dumb = start("--interval", "0.5", TERM="dumb")
    piped = subprocess.run(
        [*PROGRAM, "--interval", "0.5"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "TERM": "xterm-256color", "LANG": "C.UTF-8"},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=20,
        check=True,
    )
    assert dumb.exit_code() == 0
    for text in (dumb.raw.replace(b"\r\n", b"\n"), piped.stdout):
        assert b"\x1b" not in text
        assert re.search(rb"memory +utilization \d", text)


def test_no_color_sends_none(start: Start) -> None:
    terminal = start("--interval", "0.5", NO_COLOR="1")
    through_every_screen(terminal)
    assert attributes(terminal.raw) - WITHOUT_COLOUR == set()
    assert b"7" in attributes(terminal.raw), "what is selected still shows"


def test_ascii_draws_with_nothing_else(start: Start) -> None:
    terminal = start("--interval", "0.5", "--ascii")
    through_every_screen(terminal)
    drawn = SEQUENCE.sub(b"", bytes(terminal.raw))
    assert re.findall(rb"[^\x20-\x7e\r\n]+", drawn) == []
    assert attributes(terminal.raw) - WITHOUT_COLOUR, "colours are a matter of their own"


def test_no_mouse_leaves_the_mouse_to_the_terminal(start: Start) -> None:
    without, usual = start("--interval", "0.5", "--no-mouse"), start("--interval", "0.5")
    for terminal in (without, usual):
        terminal.wait_for(NUMBER)
        terminal.press("3")
        terminal.wait_for(lambda terminal: highlighted(terminal) == "system")
    mouse = {1000, 1002, 1003, 1006, 1015, 1016}
    on = {mode for mode, left in switched(without.raw).items() if left}
    assert not mouse & on
    assert switched(usual.raw)[1000]


@pytest.fixture
def named() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes whose names were made to hurt."""
    names = [
        b"hostile-plain",
        b"hostile-\x1b[31m\x1b]0;owned\x07 [red]markup[/red] [@click=app.quit]x[/]",
        "hostile-日本語の処理 😀 é e\u0301 end".encode(),
        b"hostile-\xff\xfe\x80 broken end",
        b"hostile-\xc2\x9b31m \xe2\x80\xae reversed end",
        ("hostile-" + "漢字" * 100).encode(),
    ]
    waiting = "import sys; sys.stdin.read()"
    running = [
        subprocess.Popen([name, "-S", "-c", waiting], executable=sys.executable, stdin=subprocess.PIPE)
        for name in names
    ]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.communicate()


def test_names_of_processes_are_shown_and_never_obeyed(start: Start, named: list[subprocess.Popen[bytes]]) -> None:
    terminal = start("--interval", "0.5", "--screen", "system", columns=140, rows=40)
    terminal.wait_for(r"\d+ processes")
    terminal.press("/")
    terminal.press("hostile-")
    terminal.press("enter")
    terminal.wait_for(lambda terminal: all(re.search(rf"^ +{each.pid} ", terminal.text, re.M) for each in named))
    rows = [next(line for line in terminal.lines if re.match(rf" +{each.pid} ", line)) for each in named]
    _plain, markup, wide, broken, steering, long = rows
    assert r"hostile-\x1b[31m\x1b]0;owned\x07 [red]markup[/red] [@click=app.quit]x[/]" in markup
    assert "hostile-日本語の処理 😀 é é end" in normalize("NFC", wide)
    assert r"hostile-\xff\xfe\x80 broken end" in broken
    assert r"hostile-\x9b31m \u202e reversed end" in steering
    assert len({row.index("hostile-") for row in rows}) == 1, "the columns before it are aligned"
    assert long.endswith("…")
    assert terminal.screen.columns - 2 < wcswidth(long) <= terminal.screen.columns, "cut on the boundary of a cell"

    assert b"owned\x07" not in terminal.raw
    assert b"\x1b[31m" not in terminal.raw
    assert b"\xc2\x9b" not in terminal.raw
    assert b"\xe2\x80\xae" not in terminal.raw
