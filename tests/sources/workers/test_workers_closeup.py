"""What is read of the worker on show: the end of its log as it grows, and its open files."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from perf_tui.measures.workers import CLOSEUP, Closeup
from perf_tui.sources.workers import closeup
from perf_tui.sources.workers.closeup import LINES, LONGEST, CloseupSource, Target


@pytest.fixture
async def source() -> AsyncIterator[CloseupSource]:
    made = CloseupSource()
    yield made
    await made.close()


async def look(source: CloseupSource) -> Closeup:
    found = source.derive(await source.read(), 1.0).tables[CLOSEUP]
    assert isinstance(found, Closeup)
    return found


def append(path: Path, text: str | bytes) -> None:
    with path.open("ab") as file:
        file.write(text.encode() if isinstance(text, str) else text)


async def test_nobody_is_looked_at_first_and_nothing_is_read(source: CloseupSource) -> None:
    assert await look(source) == Closeup("")


async def test_the_end_of_its_log_then_what_is_added_through_rotation(source: CloseupSource, tmp_path: Path) -> None:
    log = tmp_path / "w.log"
    append(log, "".join(f"line {number}\n" for number in range(2 * LINES)))
    source.target = Target("w", None, str(log))
    found = await look(source)
    assert (found.worker, found.log, found.reason) == ("w", str(log), "")
    assert found.lines == tuple(f"line {number}" for number in range(LINES, 2 * LINES))
    append(log, "more\nhalf a li")
    assert (await look(source)).lines[-2:] == (f"line {2 * LINES - 1}", "more")
    append(log, "ne\n")
    assert (await look(source)).lines[-1] == "half a line"
    log.rename(tmp_path / "w.log.1")
    append(tmp_path / "w.log.1", "last\n")
    append(log, "first\n")
    found = await look(source)
    assert found.lines[-3:] == ("half a line", "last", "first")
    assert len(found.lines) == LINES
    log.write_text("emptied\n")
    assert (await look(source)).lines[-1] == "emptied"


async def test_hostile_text_is_spelled_out_and_cut(source: CloseupSource, tmp_path: Path) -> None:
    log = tmp_path / "w.log"
    append(log, b"\x1b[31mred\x1b[0m\ttab\rback\xff\n" + b"x" * 5000 + b"\n\n\xe6\x95\xb0\n")
    source.target = Target("w", None, str(log))
    lines = (await look(source)).lines
    assert lines[0].startswith("\\x1b[31mred\\x1b[0m  ")
    assert lines[1:] == ("back\\xff", "x" * (LONGEST - 1) + "…", "", "数")


async def test_a_log_that_grows_faster_than_it_is_read_is_followed_at_its_end(
    source: CloseupSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closeup, "MOST", 1000)
    monkeypatch.setattr("perf_tui.sources.accesslog.tail.BLOCK", 1000)
    log = tmp_path / "w.log"
    append(log, "begin\n")
    source.target = Target("w", None, str(log))
    await look(source)
    append(log, "".join(f"line {number:04d}\n" for number in range(1000)))
    await look(source)
    assert (await look(source)).lines[-1] == "line 0999"
    append(log, "next\n")
    assert (await look(source)).lines[-2:] == ("line 0999", "next")


async def test_what_cannot_be_read_is_said(source: CloseupSource, tmp_path: Path) -> None:
    source.target = Target("w", None, str(tmp_path / "none.log"))
    found = await look(source)
    assert found.lines == ()
    assert "there is no file" in found.reason
    append(tmp_path / "none.log", "there\n")
    assert await look(source) == Closeup("w", None, str(tmp_path / "none.log"), ("there",))
    source.target = Target("w", None, str(tmp_path))
    assert "is a folder, not a file" in (await look(source)).reason
    os.mkfifo(tmp_path / "pipe")
    source.target = Target("w", None, str(tmp_path / "pipe"))
    assert "is a pipe, not a file" in (await look(source)).reason


async def test_another_worker_has_another_log_or_none(source: CloseupSource, tmp_path: Path) -> None:
    append(tmp_path / "a", "of a\n")
    source.target = Target("a", None, str(tmp_path / "a"))
    assert (await look(source)).lines == ("of a",)
    source.target = Target("b")
    assert await look(source) == Closeup("b")
    source.target = Target()
    assert await look(source) == Closeup("")


async def test_open_files_of_a_process(source: CloseupSource, tmp_path: Path) -> None:
    source.target = Target("me", os.getpid())
    before = (await look(source)).files
    assert before is not None
    with (tmp_path / "one").open("w"), (tmp_path / "two").open("w"):
        assert (await look(source)).files == before + 2
    source.target = Target("gone", 2**22 + 1)
    assert (await look(source)).files is None
