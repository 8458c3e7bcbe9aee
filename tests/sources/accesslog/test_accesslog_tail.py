"""Following real files: growth, rotation, truncation, what may not be read."""

from __future__ import annotations

import grp
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from fakes import Clock

from perf_tui.measures.model import Status
from perf_tui.sources.accesslog.tail import BLOCK, LONGEST_LINE, LOOK_BACK, Budget, Tail, TailError


def read(tail: Tail, size: int = 1 << 40) -> bytes:
    return b"".join(tail.blocks(Budget(size, 1.0, Clock())))


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


@pytest.fixture
def tail(log: Path) -> Iterator[Tail]:
    """A tail of a log with two lines, which has found its end."""
    log.write_bytes(b"old 1\nold 2\n")
    made = Tail(str(log))
    assert read(made) == b""
    yield made
    made.close()


def refusal(tail: Tail) -> TailError:
    with pytest.raises(TailError) as caught:
        read(tail)
    return caught.value


def test_it_begins_at_the_end(tail: Tail, log: Path) -> None:
    assert tail.begun
    assert tail.before == b"old 1\nold 2\n"
    append(log, b"new\n")
    assert read(tail) == b"new\n"
    assert not tail.begun
    assert read(tail) == b""


def test_a_line_is_kept_until_it_is_complete(tail: Tail, log: Path) -> None:
    append(log, b"one\ntw")
    assert read(tail) == b"one\n"
    append(log, b"o and")
    assert read(tail) == b""
    append(log, b" more\nthree\n")
    assert read(tail) == b"two and more\nthree\n"


def test_a_line_that_was_half_written_at_the_beginning_is_read_whole(log: Path) -> None:
    log.write_bytes(b"old\nhal")
    tail = Tail(str(log))
    assert read(tail) == b""
    assert tail.before == b"old\n"
    append(log, b"f\n")
    assert read(tail) == b"half\n"


def test_only_whole_lines_of_a_long_log_are_looked_at(log: Path) -> None:
    log.write_bytes(b"x" * 999 + b"\n" + (b"y" * 999 + b"\n") * (2 * LOOK_BACK // 1000))
    tail = Tail(str(log))
    assert read(tail) == b""
    assert len(tail.before) == LOOK_BACK // 1000 * 1000
    assert set(tail.before.split(b"\n")) == {b"y" * 999, b""}


def test_rotation_by_rename_loses_and_repeats_nothing(tail: Tail, log: Path) -> None:
    append(log, b"a 1\n")
    assert read(tail) == b"a 1\n"
    append(log, b"a 2\n")
    log.rename(log.with_suffix(".1"))
    log.write_bytes(b"b 1\n")
    assert read(tail) == b"a 2\nb 1\n", "the old file first"
    append(log, b"b 2\n")
    assert read(tail) == b"b 2\n"


def test_a_server_that_goes_on_writing_to_the_old_file(tail: Tail, log: Path) -> None:
    old = log.with_suffix(".1")
    log.rename(old)
    append(old, b"a 1\n")
    assert read(tail) == b"a 1\n"
    log.write_bytes(b"")
    append(old, b"a 2\n")
    assert read(tail) == b"a 2\n"
    append(old, b"a 3\n")  # its workers have not reopened the log yet
    append(log, b"b 1\n")
    assert read(tail) == b"a 3\nb 1\n"
    assert read(tail) == b""
    append(old, b"too late\n")
    append(log, b"b 2\n")
    assert read(tail) == b"b 2\n"


def test_a_last_line_without_an_end_is_given_with_the_old_file(tail: Tail, log: Path) -> None:
    append(log, b"a 1\nbroken o")
    assert read(tail) == b"a 1\n"
    log.rename(log.with_suffix(".1"))
    log.write_bytes(b"b 1\n")
    assert read(tail) == b"b 1\n"
    assert read(tail) == b"broken o\n"


def test_two_rotations_in_turn(tail: Tail, log: Path) -> None:
    for turn in range(3):
        append(log, b"%d old\n" % turn)
        log.rename(log.with_suffix(f".{turn}"))
        log.write_bytes(b"%d new\n" % turn)
        assert read(tail) == b"%d old\n%d new\n" % (turn, turn)
    assert tail.restarts == 3


def test_truncation(tail: Tail, log: Path) -> None:
    append(log, b"a 1\npart")
    assert read(tail) == b"a 1\n"
    log.with_suffix(".1").write_bytes(log.read_bytes())
    os.truncate(log, 0)
    assert read(tail) == b""
    append(log, b"b 1\n")
    assert read(tail) == b"b 1\n", "what was left of the old line is gone"
    assert tail.restarts == 1


def test_truncation_and_growth_beyond_the_old_place_between_two_readings(tail: Tail, log: Path) -> None:
    os.truncate(log, 0)
    append(log, b"new 1\nnew 2\nnew 3\nnew 4\n")
    assert read(tail) == b"new 1\nnew 2\nnew 3\nnew 4\n"
    assert tail.restarts == 1


def test_truncation_under_a_writer_that_does_not_append(tail: Tail, log: Path) -> None:
    with log.open("r+b") as writer:
        writer.seek(0, os.SEEK_END)
        os.truncate(log, 0)
        writer.write(b"after the hole\n")
    assert read(tail) == b"after the hole\n"
    append(log, b"and on\n")
    assert read(tail) == b"and on\n"


def test_an_empty_log_that_grows_is_not_taken_for_a_new_one(log: Path) -> None:
    log.write_bytes(b"")
    tail = Tail(str(log))
    assert read(tail) == b""
    for number in range(5):
        append(log, b"line %d\n" % number)
        assert read(tail) == b"line %d\n" % number
    assert tail.restarts == 0


def test_a_log_that_is_not_there_yet_is_read_from_its_first_line(log: Path) -> None:
    tail = Tail(str(log))
    for _ in range(3):
        error = refusal(tail)
        assert error.status is Status.ERROR
        assert error.reason == f"there is no file {log}; it is read as soon as it is there"
    log.write_bytes(b"first\n")
    assert read(tail) == b"first\n"
    assert not tail.begun
    assert tail.before == b""


def test_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    tail = Tail(str(tmp_path / "later" / "access.log"))
    assert "there is no file" in refusal(tail).reason
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "access.log").write_bytes(b"first\n")
    assert read(tail) == b"first\n"


def test_a_log_that_is_away_for_a_while(tail: Tail, log: Path) -> None:
    old = log.with_suffix(".1")
    log.rename(old)
    assert read(tail) == b"", "this may be a rotation under way"
    assert "there is no file" in refusal(tail).reason
    append(old, b"still written\n")
    assert read(tail) == b"still written\n"
    assert read(tail) == b""
    assert "there is no file" in refusal(tail).reason
    log.write_bytes(b"back\n")
    assert read(tail) == b"back\n"


def test_a_line_that_is_too_long_is_dropped_and_told(tail: Tail, log: Path) -> None:
    append(log, b"a\n")
    assert read(tail) == b"a\n"
    for _ in range(10):
        append(log, b"x" * 1_000_000)
        assert read(tail) == b""
    append(log, b"end\nb\n")
    assert read(tail) == b"b\n"
    dropped = tail.take_dropped()
    assert [line[:3] for line in dropped] == [b"xxx"]
    assert len(dropped[0]) <= 1024
    assert tail.take_dropped() == []

    append(log, b"y" * (LONGEST_LINE - 1) + b"\n")
    assert len(read(tail)) == LONGEST_LINE, "the longest that is allowed"


def test_a_log_that_begins_within_a_line_without_end(log: Path) -> None:
    log.write_bytes(b"x" * (LOOK_BACK + 5))
    tail = Tail(str(log))
    assert read(tail) == b""
    append(log, b"x\nnext\n")
    assert read(tail) == b"next\n"


def test_a_reading_stops_at_its_size_and_the_next_goes_on(tail: Tail, log: Path) -> None:
    text = b"".join(b"line %07d\n" % number for number in range(100_000))
    append(log, text)
    got = b""
    readings = 0
    while True:
        new = read(tail, size=300_000)
        got += new
        readings += 1
        assert tail.behind == max(0, len(text) - readings * 3 * BLOCK)
        if not tail.behind:
            break
    assert got == text
    assert readings == -(-len(text) // (3 * BLOCK))


def test_a_reading_stops_at_its_time(tail: Tail, log: Path) -> None:
    append(log, b"0123456\n" * (BLOCK // 2))
    clock = Clock()
    got = 0
    for block in tail.blocks(Budget(1 << 40, 0.1, clock)):
        got += len(block)
        clock.advance(0.06)
    assert got == 2 * BLOCK
    assert tail.behind == 2 * BLOCK


def test_rotation_while_behind_reads_the_old_file_to_its_end_first(tail: Tail, log: Path) -> None:
    old = b"old line\n" * (BLOCK // 3)
    append(log, old)
    log.rename(log.with_suffix(".1"))
    log.write_bytes(b"new\n")
    got = b"".join(read(tail, size=1) for _ in range(10))
    assert got == old + b"new\n"


def test_a_symbolic_link_that_is_pointed_elsewhere_is_a_rotation(tmp_path: Path) -> None:
    link = tmp_path / "current"
    (tmp_path / "monday").write_bytes(b"m 1\n")
    link.symlink_to("monday")
    tail = Tail(str(link))
    assert read(tail) == b""
    append(tmp_path / "monday", b"m 2\n")
    (tmp_path / "tuesday").write_bytes(b"t 1\n")
    link.unlink()
    link.symlink_to("tuesday")
    assert read(tail) == b"m 2\nt 1\n"


def test_what_is_no_file_is_refused_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # A reader would let this open succeed, and a writer that is waiting go on.
    assert refusal(Tail(str(pipe))).reason == f"{pipe} is a pipe, not a file"
    with pytest.raises(OSError, match="No such device"):
        os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    assert refusal(Tail(str(tmp_path))).reason == f"{tmp_path} is a folder, not a file"
    assert refusal(Tail("/dev/null")).reason == "/dev/null is a device, not a file"
    link = tmp_path / "stdout"
    link.symlink_to("/dev/zero")
    assert refusal(Tail(str(link))).reason == f"{link} is a device, not a file"
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # a socket's path must be short
        server.bind("s")
        assert "is a socket" in refusal(Tail("s")).reason


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    error = refusal(Tail(str(tmp_path / "a")))
    assert error.status is Status.ERROR
    assert "symbolic links" in error.reason


@contextmanager
def nobody() -> Iterator[None]:
    """As a user who owns nothing and is in no group."""
    group = os.getegid()
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_log_that_may_not_be_read_says_who_may() -> None:
    with TemporaryDirectory() as folder:  # pytest's own folders may not be entered by others
        os.chmod(folder, 0o755)
        _who_may(Path(folder))


def _who_may(folder: Path) -> None:
    log = folder / "access.log"
    log.write_bytes(b"old\n")
    os.chown(log, 0, 65533)
    tail = Tail(str(log))

    def refused() -> str:
        with nobody():
            error = refusal(tail)
        assert error.status is Status.DENIED
        return error.reason.removeprefix(f"no permission to read {log}: ")

    log.chmod(0o640)
    assert refused() == "it belongs to a user or group that this system does not know"
    os.chown(log, 0, 0)
    log.chmod(0o600)
    assert refused() == "only its owner root has it"
    folder.chmod(0o700)
    assert refused() == "this user may not enter a folder on the way to it"

    folder.chmod(0o755)
    log.chmod(0o644)
    with nobody():
        assert read(tail) == b"", "it was there all the time: only what comes from now on is new"
    assert tail.begun
    append(log, b"new\n")
    assert read(tail) == b"new\n"
    tail.close()


def test_permission_of_a_group(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write_bytes(b"")
    log.chmod(0o640)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    error = refusal(Tail(str(log)))
    assert error.status is Status.DENIED
    group = grp.getgrgid(log.stat().st_gid).gr_name
    assert error.reason == f"no permission to read {log}: members of the group {group} have it"


def test_a_handle_that_went_bad_is_opened_anew(tail: Tail, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stale(*_: object) -> bytes:
        raise OSError(116, "Stale file handle")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", stale)
        error = refusal(tail)
    assert error.status is Status.ERROR
    assert error.reason == f"{log}: Stale file handle"
    append(log, b"lost\n")
    assert read(tail) == b""
    assert tail.begun
    append(log, b"new\n")
    assert read(tail) == b"new\n"


def test_a_hostile_path_is_shown_harmless(tmp_path: Path) -> None:
    assert "\\x1b[2J" in refusal(Tail(str(tmp_path / "\x1b[2J"))).reason


def test_nothing_stays_open(tail: Tail, log: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("this system does not list open files")

    def held() -> int:
        return sum(file.path.startswith(str(log.parent)) for file in psutil.Process().open_files())

    for turn in range(5):
        log.rename(log.with_suffix(f".{turn}"))
        log.write_bytes(b"x\n")
        assert read(tail) == b"x\n"
    assert held() == 2, "the log, and the one before"
    read(tail)
    read(tail)
    assert held() == 1
    tail.close()
    assert held() == 0
