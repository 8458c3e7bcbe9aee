"""Rules that are edited: what fields mean, and a file's text that keeps what people wrote in it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

import msgspec
import pytest

from perf_tui.config import reference
from perf_tui.config.edit_rules import Edit, edited, fields_of, rule_from
from perf_tui.config.errors import ConfigError
from perf_tui.config.load import parse
from perf_tui.config.schema import DEFAULT_ALERTS, AlertRule

CPU = DEFAULT_ALERTS[0]
NEW = AlertRule(
    name='disk "root"', metric="disk_usage", labels={"mount": "~/srv.*"}, warning="80%", critical=95,
    clear={"warning": "75%"}, hold="1m", message="it fills up\nquickly",
)  # fmt: skip


@dataclass
class Case:
    """A file."""

    text: str
    lost: str = ""
    """Whose comments an edit of the rule `cpu` loses."""


FILES = {
    "empty": Case(""),
    "without rules": Case("# mine\ninterval = 1.0\n[ui]\nascii = true # and mine"),
    "rules in tables": Case(
        "# mine\n[[alerts]]\nname = 'cpu'\nmetric = 'cpu_percent'\nwarning = 80\n\n# of memory\n[[alerts]]\n"
        "name = 'memory'\nmetric = 'memory_percent'\ncritical = '90%' # not more\n\n# the end\n[ui]\nascii = true\n"
    ),
    "with tables of their own": Case(
        "[[alerts]]\nname = 'cpu'\nmetric = 'system.disk.busy'\nwarning = 0.8\n[alerts.labels]\ndevice = 'sda'\n"
        "[[alerts]]\nname = 'memory'\nmetric = 'memory_percent'\ncritical = '90%'\n"
    ),
    "a comment within": Case("[[alerts]]\nname = 'cpu'\n# why\nmetric = 'cpu_percent'\nwarning = 80", "its"),
    "in one line": Case("alerts = [{ name = 'cpu', metric = 'cpu_percent', warning = 80 }] # mine\n", "all"),
    "in one line, nothing to lose": Case("alerts = [{ name = 'cpu', metric = 'cpu_percent', warning = 80 }]\n"),
    "no rules at all": Case("# mine\nalerts = []\n", "all"),
    "what looks like a rule": Case(
        "[[handlers]]\nname = 'x'\nkind = 'command'\ncommand = ['''\n[[alerts]]\nname = 1\n''']\n"
        "[[alerts]]\nname = 'cpu'\nmetric = 'cpu_percent'\nwarning = 80 # mine\n",
        "all",
    ),
    "as DOS writes it": Case("# mine\r\n[[alerts]]\r\nname = 'cpu'\r\nmetric = 'cpu_percent'\r\nwarning = 80\r\n"),
    "with a byte order mark": Case("\ufeffinterval = 1.0\n"),
    "the reference": Case(reference.text(), "its"),
}


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


EDITS = {
    "another rule": Edit(None, NEW),
    "a rule that was edited": Edit("cpu", msgspec.structs.replace(NEW, name="cpu")),
    "one with a new name": Edit("cpu", NEW),
    "one that goes": Edit("cpu", None),
    "one that is switched off": Edit("cpu", msgspec.structs.replace(CPU, enabled=False)),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("file", FILES)
def test_the_text_says_what_was_meant_and_all_else_as_before(file: str, edit: str) -> None:
    case = FILES[file]
    before = parse(tomllib.loads(case.text.removeprefix("\ufeff")), "file")
    found = edited(case.text, EDITS[edit])
    after = parse(tomllib.loads(found.text), "file")
    assert after.alerts == EDITS[edit].applied(before.alerts)
    assert msgspec.structs.replace(after, alerts=()) == msgspec.structs.replace(before, alerts=())
    there = any(rule.name == "cpu" for rule in before.alerts)
    if edit == "another rule":
        assert found.lost == ("all" if case.lost == "all" else "")
    elif there:
        assert found.lost == case.lost
    if not found.lost:
        assert comments(found.text) == comments(case.text)
    if "\r\n" in case.text:
        assert "\n" not in found.text.replace("\r\n", "")


def test_only_the_lines_of_the_rule_change() -> None:
    text = FILES["rules in tables"].text
    found = edited(text, Edit("memory", AlertRule(name="memory", metric="memory_percent", critical="95%")))
    new = '[[alerts]]\nname = "memory"\nmetric = "memory_percent"\ncritical = "95%"\n'
    old = "[[alerts]]\nname = 'memory'\nmetric = 'memory_percent'\ncritical = '90%' # not more\n"
    assert found.text == text.replace(old, new)
    assert found.lost == "its"
    gone = edited(text, Edit("memory", None))
    assert gone.text == text.replace(old, "")
    more = edited(text, Edit(None, NEW))
    assert more.text.startswith(text[: text.index("\n# the end")])
    assert more.text.endswith("# the end\n[ui]\nascii = true\n")


def test_the_rules_that_ship_are_written_down_with_the_first_edit() -> None:
    found = edited("interval = 1.0\n", Edit("memory", None))
    assert found.text.startswith('interval = 1.0\n\n[[alerts]]\nname = "cpu"\n')
    assert [rule.name for rule in parse(tomllib.loads(found.text), "x").alerts] == ["cpu", "errors"]
    only = edited("alerts = []\n", Edit(None, NEW))
    assert parse(tomllib.loads(only.text), "x").alerts == (NEW,)
    none = edited("[[alerts]]\nname = 'a'\nmetric = 'cpu_percent'\ninfo = 1\n", Edit("a", None))
    assert parse(tomllib.loads(none.text), "x").alerts == ()
    assert none.text == "alerts = []\n"


def test_an_edit_that_does_not_fit_is_refused() -> None:
    text = "[[alerts]]\nname = 'a'\nmetric = 'cpu_percent'\ninfo = 1\n"
    with pytest.raises(ConfigError, match="'a' is the name of alerts"):
        edited(text, Edit(None, AlertRule(name="a", metric="cpu_percent", info=2)))


def test_fields_are_what_is_not_the_default() -> None:
    assert fields_of(CPU) == {
        "name": "cpu", "metric": "system.cpu.utilization", "warning": "80%", "critical": "95%", "for": "6s",
        "message": "CPU utilization is high",
    }  # fmt: skip
    for rule in (*DEFAULT_ALERTS, NEW):
        assert rule_from(fields_of(rule), ()) == rule


@pytest.mark.parametrize(
    ("fields", "where", "problem"),
    [
        ({}, "", 'the key "name" is missing; it needs text of 1 to 80 characters'),
        ({"name": "x", "metric": "cpu"}, "metric", "'cpu' is no measure; the nearest is self.cpu"),
        ({"name": "x", "metric": "cpu_percent"}, "", "a rule needs at least one of info, warning, critical"),
        ({"name": "x", "metric": "cpu_percent", "warning": "80"}, "warning", '"80" is no limit'),
        ({"name": "x", "metric": "cpu_percent", "warning": 80, "for": "6"}, "for", "'6' is not allowed"),
        (
            {"name": "x", "metric": "cpu_percent", "warning": 80, "labels": {"cpu": "0"}},
            "labels.cpu",
            "has no such label",
        ),
        ({"name": "x", "metric": "cpu_percent", "warning": 80, "kind": "rate"}, "", "a rate rule needs window"),
        ({"name": "cpu", "metric": "cpu_percent", "warning": 80}, "name", "'cpu' is the name of another rule"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(fields: dict[str, object], where: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        rule_from(fields, ["cpu"])
    assert raised.value.where == where
    assert problem in raised.value.problem
