"""config.toml, the commented reference: it says the defaults, all of them, and its examples are valid."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from perf_tui.config import reference
from perf_tui.config.load import parse
from perf_tui.config.schema import Config

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"^#(?=\S)", re.MULTILINE)


def test_it_parses_to_exactly_the_defaults() -> None:
    assert parse(tomllib.loads(reference.text()), "config.toml") == Config()


def test_each_scalar_of_it_is_the_default_written_out() -> None:
    """Equality alone would also hold for a file that says nothing."""
    said = dict(_leaves(tomllib.loads(reference.text())))
    defaults = dict(_leaves(msgspec.to_builtins(Config())))
    unset = {"prometheus.url", "otlp.grpc", "otlp.token_env"}
    plain = {key for key in defaults if not key.startswith("alerts")} - unset
    assert {key: said[key] for key in plain} == {key: defaults[key] for key in plain}


def test_its_examples_are_valid() -> None:
    config = parse(tomllib.loads(EXAMPLE.sub("", reference.text())), "config.toml")
    assert [target.name for target in config.targets] == ["checkout", "stock", "orders", "billing"]
    assert config.access_logs
    assert config.workers
    assert config.keys
    assert {handler.kind for handler in config.handlers} >= {"file", "command", "webhook", "email", "heartbeat"}
    assert config.prometheus.url is not None
    assert config.otlp.grpc is not None
    assert len(config.alerts) == len(Config().alerts) + 6


def test_every_key_of_the_schema_stands_in_it() -> None:
    said = {re.sub(r"\[\d+\]", "", key) for key, _ in _leaves(tomllib.loads(EXAMPLE.sub("", reference.text())))}
    missing = [key for key in _keys(Config) if not any(each == key or each.startswith(key + ".") for each in said)]
    assert missing == []


def test_every_key_has_a_comment_before_it() -> None:
    """Within a table the first lines may share one: what counts is that no table goes without."""
    for block in re.split(r"\n\n", reference.text()):
        assert block.lstrip().startswith(("# ", "[[alerts]]", "#[[alerts]]")), block


def test_an_installed_package_brings_its_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "reference.toml"
    shipped.write_text("# shipped\n")
    monkeypatch.setattr(reference, "_SHIPPED", shipped)
    assert reference.text() == "# shipped\n"


def test_the_build_puts_it_where_the_package_looks() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    target = reference._SHIPPED.relative_to(ROOT).as_posix()
    assert build["force-include"] == {"config.toml": target}


def _leaves(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{where}.{key}" if where else key)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{where}[{number}]")
    elif value is not None:
        yield where, value


def _keys(section: type[msgspec.Struct], where: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(section):
        key = where + field.encode_name
        inner = [each for each in (field.type, *getattr(field.type, "__args__", ())) if isinstance(each, type)]
        nested = next((each for each in inner if issubclass(each, msgspec.Struct)), None)
        if nested is None:
            yield key
        else:
            yield from _keys(nested, key + ".")
