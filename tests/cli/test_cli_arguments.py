"""Words, flags, and what is said when they are wrong."""

from __future__ import annotations

from typing import get_args

import pytest

from perf_tui import __version__
from perf_tui.cli.arguments import SETTINGS, parse
from perf_tui.cli.main import main
from perf_tui.config import schema
from perf_tui.config.load import variables

HELP = [[], ["collect"], ["snapshot"], ["alerts"], ["alerts", "check"], ["doctor"], ["config"], ["config", "init"]]


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"perf-tui {__version__}\n"


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_every_command_has_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0
    assert "--config FILE" in capsys.readouterr().out


def test_help_names_every_choice_of_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """They are written out in the help, so that it needs no schema."""
    main(["--help"])
    words = capsys.readouterr().out.replace(",", " ").split()
    for kind in (schema.Screen, schema.Mode, schema.Theme):
        assert set(get_args(kind)) <= set(words)


def test_settings_are_keys_of_the_schema() -> None:
    assert set(SETTINGS) <= set(variables().values())


@pytest.mark.parametrize(
    ("flags", "settings"),
    [
        (["--interval", "5"], {"interval": 5.0}),
        (["--screen", "system"], {"ui.screen": "system"}),
        (["--mode", "perf"], {"ui.mode": "perf"}),
        (["--theme", "light"], {"ui.theme": "light"}),
        (["--ascii"], {"ui.ascii": True}),
        (["--no-mouse"], {"ui.mouse": False}),
        (["--no-discover"], {"discovery.enabled": False}),
        (["--prometheus", "http://h:9090"], {"prometheus.url": "http://h:9090"}),
        ([], {}),
    ],
)
def test_a_setting_may_stand_before_or_after_the_command(flags: list[str], settings: dict[str, object]) -> None:
    for argv in (flags, [*flags, "collect"], ["collect", *flags], ["config", "print", *flags]):
        given = vars(parse(argv))
        assert {key: given[key] for key in SETTINGS if key in given} == settings


def test_the_one_after_the_command_wins() -> None:
    assert vars(parse(["--interval", "5", "collect", "--interval", "1"]))["interval"] == 1.0


def test_collect_only_is_collect() -> None:
    arguments = parse(["--collect-only", "--for", "3"])
    assert (arguments.command, arguments.seconds) == ("collect", 3.0)


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["colect"], "'colect' is no command; the nearest is collect; see perf-tui --help"),
        (
            ["%"],
            "'%' is no command; known: collect, snapshot, alerts, demo, discover, doctor, config; see perf-tui --help",
        ),
        (["alerts", "chek", "f"], "'chek' is no command; the nearest is check; see perf-tui alerts --help"),
        (
            ["config", "show"],
            "'show' is no command; known: path, print, validate, init, schema; see perf-tui config --help",
        ),
        (["config"], "the following arguments are required: ACTION; see perf-tui config --help"),
        (["--jsn"], "'--jsn' is no option; the nearest is --json; see perf-tui --help"),
        (["--inter=5"], "'--inter=5' is no option; the nearest is --interval; see perf-tui --help"),
        (["collect", "more"], "'more' is not expected here; see perf-tui --help"),
        (
            ["collect", "--for", "-1"],
            "argument --for: '-1' is no number of seconds above 0; see perf-tui collect --help",
        ),
        (["--for", "nan"], "argument --for: 'nan' is no number of seconds above 0; see perf-tui --help"),
        (["--json", "collect"], "--json belongs to --once and doctor; see perf-tui --help"),
        (["--once", "collect"], "--once and collect exclude each other; see perf-tui --help"),
        (["snapshot"], "the following arguments are required: -o/--output; see perf-tui snapshot --help"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line(
    argv: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"perf-tui: {line}\n")


@pytest.mark.parametrize("command", [[], ["--once"], ["collect"], ["alerts"], ["snapshot", "-o", "x.json"]])
def test_a_wrong_setting_is_told_in_one_line(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--theme", "neon"]) == 2
    assert capsys.readouterr().err == (
        "perf-tui: command line: ui.theme: 'neon' is not allowed; allowed: dark, night, light, terminal, blue-orange\n"
    )


def test_a_wrong_file_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collect", "--config", "none.toml"]) == 2
    assert capsys.readouterr().err == "perf-tui: none.toml: there is no such file\n"
