"""A terminal that changes its size, down to nothing."""

from __future__ import annotations

from real_terminal import NUMBER, Start, assert_given_back, highlighted

from benchmarks.harness import Terminal

TINY = ((20, 3), (1, 1), (0, 0), (79, 24), (80, 23))


def whole(terminal: Terminal) -> bool:
    """Whether header, numbers and key bar fill the terminal from corner to corner."""
    lines = terminal.lines
    return (
        lines[0].startswith(" perf-tui")
        and len(lines[0]) >= terminal.screen.columns - 1
        and len(lines) == terminal.screen.lines
        and lines[-1].endswith("q quit")
        and highlighted(terminal) == "overview"
    )


def notice(terminal: Terminal) -> bool:
    """Whether one line says that there is no room, and nothing else is on show."""
    first, *others = terminal.lines
    return "80x24" in first and not any(others)


def test_shrinks_to_a_notice_and_comes_back_whole(start: Start) -> None:
    terminal = start("--interval", "0.5")
    terminal.wait_for(NUMBER)
    for size in TINY:
        terminal.resize(*size)
        if size[0] >= 20:
            terminal.wait_for(notice)
        else:
            terminal.read_for(0.3)  # nothing can be read on it; that it goes on is seen below
        terminal.resize(120, 40)
        terminal.wait_for(whole)
        terminal.wait_for(NUMBER)
    for size in ((80, 24), (300, 100), (81, 25), (200, 50)):
        terminal.resize(*size)
        terminal.wait_for(whole)
    terminal.press("q")
    assert terminal.exit_code() == 0
    assert_given_back(terminal)


def test_starts_on_a_terminal_without_a_size_or_with_too_little_room(start: Start) -> None:
    started = [start("--interval", "0.5", columns=columns, rows=rows) for columns, rows in ((0, 0), (1, 1), (20, 3))]
    for terminal in started:
        terminal.wait_for(lambda terminal: b"\x1b[?1049h" in terminal.raw)
        terminal.resize(120, 40)
    for terminal in started:
        terminal.wait_for(whole)
        terminal.press("q")
        assert terminal.exit_code() == 0
