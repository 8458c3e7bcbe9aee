"""`config path|print|validate|init|schema`."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest

from perf_tui.cli.main import main
from perf_tui.config import reference
from perf_tui.config.load import parse
from perf_tui.config.schema import Config

Out = pytest.CaptureFixture[str]


class TestPath:
    def test_the_file_in_force(self, tmp_path: Path, capsys: Out) -> None:
        Path("config.toml").touch()
        assert main(["config", "path"]) == 0
        assert capsys.readouterr().out == f"{tmp_path / 'config.toml'}\n"

    def test_without_one_where_it_is_looked_for(self, tmp_path: Path, capsys: Out) -> None:
        assert main(["config", "path"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[1:] == [
            f"  {tmp_path / 'config.toml'}",
            f"  {tmp_path / 'home/perf-tui/config.toml'}",
            "  /etc/perf-tui/config.toml",
        ]


class TestPrint:
    def test_what_is_in_force_reads_back(self, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PERF_TUI_THEME", "night")
        assert main(["config", "print", "--interval", "5"]) == 0
        config = parse(tomllib.loads(capsys.readouterr().out), "printed")
        assert (config.interval, config.ui.theme) == (5.0, "night")

    def test_no_secret_is_printed(self, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CHECKOUT_TOKEN", "hunter2")
        Path("config.toml").write_text(
            '[[targets]]\nname = "a"\nurl = "http://h/metrics"\nbearer_token_env = "CHECKOUT_TOKEN"\n'
        )
        assert main(["config", "print"]) == 0
        out = capsys.readouterr().out
        assert "CHECKOUT_TOKEN" in out
        assert "hunter2" not in out


class TestValidate:
    def test_a_valid_file(self, capsys: Out) -> None:
        Path("mine.toml").write_text("interval = 1.0\n")
        assert main(["config", "validate", "mine.toml"]) == 0
        assert capsys.readouterr().out == "mine.toml: valid\n"

    def test_the_file_in_force(self, capsys: Out) -> None:
        Path("config.toml").write_text("interval = 1.0\n")
        assert main(["config", "validate"]) == 0
        assert capsys.readouterr().out == "config.toml: valid\n"

    def test_no_file(self, capsys: Out) -> None:
        assert main(["config", "validate"]) == 0
        assert capsys.readouterr().out == "defaults: valid\n"

    def test_what_nothing_acts_on_yet_is_said(self, capsys: Out) -> None:
        Path("mine.toml").write_text('[prometheus]\nurl = "http://127.0.0.1:9090"\n')
        assert main(["config", "validate", "mine.toml"]) == 0
        assert "[prometheus] is accepted, but no other machine is read" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("intervall = 1.0\n", "mine.toml: intervall: unknown key; the nearest is interval"),
            ('[keys]\nquite = "x"\n', "mine.toml: keys.quite: no such command"),
        ],
    )
    def test_an_invalid_file(self, text: str, line: str, capsys: Out) -> None:
        Path("mine.toml").write_text(text)
        assert main(["config", "validate", "mine.toml"]) == 2
        assert capsys.readouterr().err.startswith(f"perf-tui: {line}")

    def test_the_examples_of_the_reference_are_keys_that_exist(self) -> None:
        import re

        Path("mine.toml").write_text(re.sub(r"^#(?=\S)", "", reference.text(), flags=re.MULTILINE))
        assert main(["config", "validate", "mine.toml"]) == 0


class TestInit:
    def test_it_writes_the_reference_into_the_users_folder(self, tmp_path: Path, capsys: Out) -> None:
        path = tmp_path / "home/perf-tui/config.toml"
        assert main(["config", "init"]) == 0
        assert capsys.readouterr().out == f"{path}\n"
        assert path.read_text(encoding="utf-8") == reference.text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_it_does_not_overwrite(self, capsys: Out) -> None:
        Path("mine.toml").write_text("interval = 1.0\n")
        assert main(["config", "init", "--config", "mine.toml"]) == 2
        assert capsys.readouterr().err == "perf-tui: mine.toml: it exists already, and is not overwritten\n"
        assert Path("mine.toml").read_text() == "interval = 1.0\n"


def test_the_schema_is_json_schema_of_every_key(capsys: Out) -> None:
    assert main(["config", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    known = schema["$defs"]["Config"]
    assert set(known["properties"]) == set(Config.__struct_encode_fields__)
    assert known["additionalProperties"] is False
