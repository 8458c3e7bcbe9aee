"""Files are written whole or not at all, for their owner alone, and never through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from perf_tui.export import files, formats


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.txt"
    files.write(path, "état\n")
    assert path.read_bytes() == "état\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["snapshot.txt"]


def test_an_existing_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.txt"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as reader:
        files.write(path, "new")
        assert reader.read() == "old"  # whoever has it open keeps the old one whole
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_refused_and_what_it_names_is_untouched(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    link = tmp_path / "snapshot.txt"
    link.symlink_to(target)
    with pytest.raises(files.DestinationError, match="symbolic link, and links are not followed"):
        files.write(link, "new")
    assert target.read_text() == "precious"
    assert link.is_symlink()


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "snapshot.txt"
    link.symlink_to(tmp_path / "none")
    with pytest.raises(files.DestinationError, match="symbolic link"):
        files.write(link, "new")
    assert not (tmp_path / "none").exists()


def test_a_link_put_there_after_the_look_is_replaced_and_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    link = tmp_path / "snapshot.txt"
    monkeypatch.setattr(files, "check", lambda path: link.symlink_to(target))
    files.write(link, "new")
    assert target.read_text() == "precious"
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("path", "why"), [("/dev/null", "no plain file"), ("/tmp", "a folder"), ("/none/such/x.txt", "no folder")]
)
def test_what_is_no_file_is_refused(path: str, why: str) -> None:
    with pytest.raises(files.DestinationError, match=why):
        files.write(Path(path), "new")


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "snapshot.txt"
    path.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["snapshot.txt"]


def test_without_replace_an_existing_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    files.write(path, "first", replace=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(files.DestinationError, match="it exists already"):
        files.write(path, "second", replace=False)
    assert path.read_text() == "first"
    assert os.listdir(tmp_path) == ["config.toml"]


def test_the_suffix_is_the_format() -> None:
    assert [formats.of(Path(f"a{suffix}")) for suffix in formats.SUFFIXES] == list(formats.FORMATS)
    assert formats.of(Path("A.JSON")) == "json"


@pytest.mark.parametrize("name", ["snapshot", "snapshot.xml", ".json", "a.json.gz"])
def test_another_suffix_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=r"allowed: .json .csv .txt .md .html .svg .prom"):
        formats.of(Path(name))
