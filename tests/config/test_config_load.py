"""Which file is read, and which of command line, environment, file and default wins."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from perf_tui.config import paths
from perf_tui.config.errors import ConfigError
from perf_tui.config.load import load, parse, variables
from perf_tui.config.schema import DEFAULT_ALERTS, Config
from perf_tui.config.upcoming import NOT_YET, ignored
from perf_tui.config.write import to_toml


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "config.toml"
    path.write_text('interval = 5.0\n[ui]\ntheme = "night"\nscreen = "system"\n')
    return str(path)


def test_default_without_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "candidates", lambda environment: [])
    assert load(environment={}) == (Config(), None)


def test_command_line_before_environment_before_file_before_default(file: str) -> None:
    config, path = load(file, {"interval": 1.0}, {"PERF_TUI_INTERVAL": "3", "PERF_TUI_UI_THEME": "light"})
    assert path == Path(file)
    assert config.interval == 1.0  # the command line's
    assert config.ui.theme == "light"  # the environment's
    assert config.ui.screen == "system"  # the file's
    assert config.ui.mode == "dashboard"  # the default


def test_environment_before_file(file: str) -> None:
    assert load(file, environment={"PERF_TUI_INTERVAL": "3"})[0].interval == 3.0


def test_an_empty_variable_is_none(file: str) -> None:
    assert load(file, environment={"PERF_TUI_INTERVAL": ""})[0].interval == 5.0


def test_settings_of_the_interface_have_short_names() -> None:
    config, _ = load(None, environment={"PERF_TUI_THEME": "light", "PERF_TUI_ASCII": "true", "PERF_TUI_MOUSE": "0"})
    assert (config.ui.theme, config.ui.ascii, config.ui.mouse) == ("light", True, False)


def test_the_long_name_goes_before_the_short_one() -> None:
    environment = {"PERF_TUI_THEME": "light", "PERF_TUI_UI_THEME": "night"}
    assert load(None, environment=environment)[0].ui.theme == "night"


def test_variables_are_one_for_each_plain_setting() -> None:
    names = variables()
    assert names["PERF_TUI_HISTORY_MAX_SIZE"] == "history.max_size"
    assert names["PERF_TUI_DISCOVERY_ENABLED"] == "discovery.enabled"
    assert names["PERF_TUI_PROMETHEUS_URL"] == "prometheus.url"
    assert "PERF_TUI_ALERTS" not in names
    assert "PERF_TUI_SCHEMA_VERSION" not in names


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        (
            {"PERF_TUI_INTERVAL": "fast"},
            "environment: PERF_TUI_INTERVAL: 'fast' is not allowed; allowed: a number from 0.5 to 60",
        ),
        (
            {"PERF_TUI_THEME": "neon"},
            "environment: PERF_TUI_THEME: 'neon' is not allowed; allowed: dark, night, light, terminal, blue-orange",
        ),
        (
            {"PERF_TUI_ASCII": "perhaps"},
            "environment: PERF_TUI_ASCII: 'perhaps' is not allowed; allowed: true or false",
        ),
        (
            {"PERF_TUI_PROMETHEUS_URL": "http://u:p@h/"},
            "environment: prometheus.url: an address must not hold a user or password: this file is printed and shared",
        ),
    ],
)
def test_what_is_wrong_in_the_environment_is_said_of_it(environment: dict[str, str], line: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(None, environment=environment)
    assert str(raised.value) == line


def test_what_is_wrong_on_the_command_line_is_said_of_it(file: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(file, {"interval": 0.1}, {})
    assert str(raised.value) == "command line: interval: 0.1 is not allowed; allowed: a number from 0.5 to 60"


def test_what_is_wrong_in_the_file_is_wrong_even_where_the_command_line_overrides_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("interval = 0.1\n")
    with pytest.raises(ConfigError, match=r"config.toml: interval: 0.1 is not allowed"):
        load(str(path), {"interval": 1.0}, {})


def test_the_order_of_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    user, system = tmp_path / "user.toml", tmp_path / "system.toml"
    monkeypatch.setattr(paths, "user_config", lambda: user)
    monkeypatch.setattr(paths, "system_config", lambda: system)
    assert paths.find(None, {}) is None
    system.touch()
    assert paths.find(None, {}) == system
    user.touch()
    assert paths.find(None, {}) == user
    (tmp_path / "config.toml").touch()
    assert paths.find(None, {}) == Path("config.toml")
    assert paths.find(None, {"PERF_TUI_CONFIG": "named.toml"}) == Path("named.toml")
    assert paths.find("given.toml", {"PERF_TUI_CONFIG": "named.toml"}) == Path("given.toml")


def test_a_file_that_the_environment_names_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(None, environment={"PERF_TUI_CONFIG": str(tmp_path / "none.toml")})


def test_printed_and_read_again_it_is_the_same() -> None:
    text = """
        interval = 1.0
        [[targets]]
        name = "checkout"
        url = "http://127.0.0.1:8000/metrics"
        [[alerts]]
        name = "disk"
        metric = "system.filesystem.utilization"
        warning = "90%"
        for = "1m"
        labels = { mount = "/" }
        [keys]
        quit = "x"
    """
    config = parse(tomllib.loads(text), "test")
    assert parse(tomllib.loads(to_toml(config)), "again") == config
    assert parse(tomllib.loads(to_toml(Config())), "again") == Config()


def test_the_rules_that_ship_are_those_of_the_contract() -> None:
    limits = {rule.metric: (rule.warning, rule.critical) for rule in DEFAULT_ALERTS}
    assert limits == {
        "system.cpu.utilization": ("80%", "95%"),
        "system.memory.utilization": ("85%", None),
        "app.error.total": (None, "10%"),
    }


def test_sections_that_nothing_acts_on_yet_are_named_when_they_are_used() -> None:
    assert ignored(Config()) == {}
    config = parse({"prometheus": {"url": "http://127.0.0.1:9"}, "workers": [{"name": "a", "match": "a"}]}, "test")
    assert set(ignored(config)) == {"prometheus"}
    assert set(NOT_YET) <= set(Config.__struct_fields__)
