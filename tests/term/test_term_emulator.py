"""The emulated terminal that the other tests look at."""

from __future__ import annotations

import pytest

from benchmarks.emulator import Emulator


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (b"\x1b[6n", b"\x1b[2;4R"),
        (b"\x1b[c", b"\x1b[?62;22c"),
        (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),
        (b"\x1b[?2048$p", b"\x1b[?2048;0$y"),
        (b"\x1b[>c\x1b[?u\x1b]11;?\x07", b""),
    ],
)
def test_questions_are_answered_as_xterm_does(question: bytes, answer: bytes) -> None:
    emulator = Emulator(20, 5)
    assert emulator.feed(b"\x1b[2;1Habc" + question) == answer
    assert emulator.lines[1] == "abc"


def test_sequences_that_arrive_in_pieces_are_whole() -> None:
    whole, pieces = Emulator(30, 4), Emulator(30, 4)
    data = "\x1b[>1u\x1b[2;3H\x1b[38;5;80mgrün\x1b[0m\x1b]0;title\x1b\\ \x1bP+q544e\x1b\\日本\x1b[1;5Hend".encode()
    whole.feed(data)
    for at in range(len(data)):
        pieces.feed(data[at : at + 1])
    assert whole.lines == pieces.lines == ["    end", "  grün 日本", "", ""]


def test_repeated_characters_are_repeated() -> None:
    emulator = Emulator(20, 2)
    emulator.feed(b"[|\x1b[7b]")
    assert emulator.lines[0] == "[||||||||]"


def test_a_terminal_of_no_cells_is_survived() -> None:
    emulator = Emulator(20, 5)
    emulator.resize(0, 0)
    emulator.feed(b"abc")
    emulator.resize(20, 5)
    emulator.feed(b"\x1b[2J\x1b[Hback")
    assert emulator.text == "back"
