"""The words and flags of the command line. Nothing but argparse is imported: `--help` answers at once."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from math import isfinite
from typing import NoReturn

from perf_tui import __version__

PROGRAM = "perf-tui"
SETTINGS = (
    "interval", "ui.screen", "ui.mode", "ui.theme", "ui.ascii", "ui.mouse", "discovery.enabled", "prometheus.url",
)  # fmt: skip
"""Options that go before the file and the environment, by their dotted key in config.toml."""

_NO_COMMAND = re.compile(r"invalid choice: '(?P<word>[^']*)'")
_UNEXPECTED = re.compile(r"unrecognized arguments: (?P<word>\S+)")
_EXITS = """\
exit codes: 0 well, 1 nothing could be collected, 2 usage or configuration, 128+n on signal n
"""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line, with the nearest known word."""

    def error(self, message: str) -> NoReturn:
        if match := _NO_COMMAND.search(message):
            message = _unknown(match["word"], "command", self._words())
        elif match := _UNEXPECTED.search(message):
            word = match["word"]
            known = _unknown(word, "option", self._words())
            message = known if word.startswith("-") else f"{word!r} is not expected here"
        self.exit(2, f"{PROGRAM}: {message}; see {self.prog} --help\n")

    def _words(self) -> list[str]:
        words = list(self._option_string_actions)
        for action in self._actions:
            words += action.choices or ()
        return words


def _unknown(word: str, kind: str, known: list[str]) -> str:
    known = [each for each in known if each.startswith("-") == (kind == "option")]
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"{word!r} is no {kind}; " + (f"the nearest is {near[0]}" if near else f"known: {', '.join(known)}")


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The arguments; raises SystemExit for --help, --version and what is wrong."""
    parser = _parser()
    arguments = parser.parse_args(sys.argv[1:] if argv is None else argv, argparse.Namespace(**_DEFAULTS))
    if arguments.collect_only and arguments.command is None:
        arguments.command = "collect"
    if arguments.json and arguments.command not in (None, "doctor", "demo"):
        parser.error("--json belongs to --once and doctor")
    if arguments.once and arguments.command not in (None, "demo"):
        parser.error(f"--once and {arguments.command} exclude each other")
    return arguments


_DEFAULTS = {
    "command": None, "action": None, "config": None, "once": False, "json": False, "collect_only": False,
    "seconds": None, "verbose": False,
}  # fmt: skip


def _parser() -> Parser:
    parser = Parser(
        prog=PROGRAM,
        description="A server's performance in three layers on one clock: application, system, AI.",
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.add_argument(
        "--once", action="store_true", default=argparse.SUPPRESS, help="two samples one interval apart, to stdout"
    )
    _add_json(parser, "with --once: JSON instead of text")
    parser.add_argument(
        "--collect-only", action="store_true", default=argparse.SUPPRESS, help="the same as the command collect"
    )
    _add_seconds(parser)
    _add_settings(parser)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands; without one, the interface", parser_class=Parser
    )
    collect = _command(commands, "collect", "sources and alerts with no interface")
    _add_seconds(collect)
    collect.add_argument(
        "--verbose", action="store_true", default=argparse.SUPPRESS, help="a line for each alert that changes"
    )
    snapshot = _command(commands, "snapshot", "write what is measured into a file")
    snapshot.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="its suffix is the format: .json .csv .txt .md .html .svg .prom; - is standard output",
    )
    snapshot.add_argument("--format", metavar="FORMAT", help="the format, whatever the suffix; txt for -")
    alerts = _command(commands, "alerts", "evaluate the rules with no interface, a line for each change")
    _add_seconds(alerts)
    inner = alerts.add_subparsers(dest="action", metavar="ACTION", parser_class=Parser)
    _command(inner, "check", "validate a file of rules, TOML or JSON").add_argument("file", metavar="FILE")
    _command(inner, "import", "alert rules of a Prometheus rule file, as TOML").add_argument("file", metavar="FILE")
    _add_demo(_command(commands, "demo", "a small service, a model server and workers, started to be watched"))
    discover = _command(commands, "discover", "what runs here that can be watched")
    discover.add_argument("--write", action="store_true", help="add it to config.toml")
    _add_json(_command(commands, "doctor", "what can be read and what not, with the mend"), "JSON instead of text")
    config = _command(commands, "config", "the configuration: path, print, validate, init, schema")
    inner = config.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    _command(inner, "path", "the file in force, or where one is looked for")
    _command(inner, "print", "the configuration in force, as TOML")
    _command(inner, "validate", "check a file, or what is in force").add_argument(
        "file", metavar="FILE", nargs="?", default=None
    )
    _command(inner, "init", "write a commented config.toml into the user's folder")
    _command(inner, "schema", "the JSON schema of config.toml")
    return parser


def _command(commands: argparse._SubParsersAction[Parser], name: str, words: str) -> Parser:
    parser = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
    _add_settings(parser)
    return parser


def _add_demo(demo: Parser) -> None:
    demo.add_argument(
        "--once", action="store_true", default=argparse.SUPPRESS, help="two samples one interval apart, to stdout"
    )
    _add_json(demo, "with --once: JSON instead of text")
    _add_seconds(demo, "no interface: a line for each change, for this time")
    demo.add_argument(
        "--incidents", metavar="WHICH", default="all", help="all, off, or names, as in a,b (docs/demo.md)"
    )
    demo.add_argument("--pace", type=seconds, metavar="SECONDS", help="from one incident to the next (default 150)")


def _add_settings(parser: Parser) -> None:
    """The options that every command takes, before and after its name.

    They have no default: a subparser's would overwrite what stood before the command.
    """
    group = parser.add_argument_group("settings, which go before the environment and config.toml")

    def add(flag: str, key: str, words: str, **how: object) -> None:
        group.add_argument(flag, dest=key, help=words, default=argparse.SUPPRESS, **how)  # type: ignore[arg-type]

    add("--config", "config", "read this config.toml (for alerts, TOML or JSON rules)", metavar="FILE")
    add("--interval", "interval", "seconds between samples: 0.5 to 60", type=seconds, metavar="SECONDS")
    add("--screen", "ui.screen", "overview, app, system, ai, workers or alerts", metavar="NAME")
    add("--mode", "ui.mode", "dashboard (with workers) or perf (without)", metavar="MODE")
    add("--theme", "ui.theme", "dark, night, light, terminal or blue-orange", metavar="NAME")
    add("--ascii", "ui.ascii", "draw with ASCII characters only", action="store_const", const=True)
    add("--no-mouse", "ui.mouse", "leave the mouse to the terminal", action="store_const", const=False)
    add("--no-discover", "discovery.enabled", "look for nothing to watch", action="store_const", const=False)
    add("--prometheus", "prometheus.url", "read from this engine, for many machines", metavar="URL")


def _add_json(parser: Parser, words: str) -> None:
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=words)


def _add_seconds(parser: Parser, words: str = "end after this time; without it, run until interrupted") -> None:
    parser.add_argument(
        "--for",
        dest="seconds",
        type=seconds,
        metavar="SECONDS",
        default=argparse.SUPPRESS,
        help=words,
    )


def seconds(text: str) -> float:
    """A positive number of seconds. Raises ArgumentTypeError."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not (isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return number
