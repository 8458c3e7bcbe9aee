"""Every file in bad/ is refused in one line: the file, the place, what is wrong and what is allowed.

A TOML file carries the line in its first comment, a JSON file in a file beside it. Where the words are
Python's own, which change between versions, the expectation ends with "…" and holds as a beginning.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from perf_tui.config.errors import ConfigError
from perf_tui.config.load import load

BAD = Path(__file__).parent / "bad"
FILES = sorted(path for path in BAD.iterdir() if path.suffix in (".toml", ".json"))


def expectation(path: Path) -> str:
    if path.suffix == ".json":
        return path.with_name(path.name + ".expect").read_text(encoding="utf-8").strip()
    first = path.read_bytes().split(b"\n", 1)[0].decode()
    return first.removeprefix("# expect: ")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_bad_file_is_refused_in_one_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    with pytest.raises(ConfigError) as raised:
        load(path.name, environment={})
    line, expected = str(raised.value), expectation(path)
    if expected.endswith("…"):
        assert line.startswith(expected.removesuffix("…"))
    else:
        assert line == expected
    assert line.isprintable()
    assert "hunter2" not in line


def test_the_corpus_is_large_enough() -> None:
    assert len(FILES) >= 25


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: there is no such file"):
        load(str(tmp_path / "none.toml"), environment={})


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it cannot be read: Is a directory"):
        load(str(tmp_path), environment={})


def test_a_file_without_end() -> None:
    with pytest.raises(ConfigError, match="larger than 4 MiB"):
        load("/dev/zero", environment={})


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbfinterval = 5.0\n")
    assert load(str(path), environment={})[0].interval == 5.0
