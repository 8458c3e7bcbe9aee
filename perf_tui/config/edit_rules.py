"""Rules that are edited while the program runs: from fields to a rule, and into the text of a configuration file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import tomli_w

from perf_tui.config.add import has_comments
from perf_tui.config.check import check
from perf_tui.config.check_rules import check_rule
from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import locate, shown
from perf_tui.config.schema import AlertRule, Config

Lost = Literal["", "its", "all"]
"""Whose comments are lost: nobody's, the edited rule's own, the whole file's."""
_HEADER = re.compile(r"[ \t]*\[")
_RULE = re.compile(r"[ \t]*\[\[[ \t]*alerts[ \t]*\]\]")
_OF_RULE = re.compile(r"[ \t]*\[[ \t]*alerts[ \t]*\.")
_NOTHING = re.compile(r"[ \t]*(#.*)?\r?\n?$")


class Edit(NamedTuple):
    """What becomes of one rule."""

    name: str | None
    """The rule's name before; None for a new one."""
    rule: AlertRule | None
    """The rule from now on; None where it goes."""

    def applied(self, rules: Sequence[AlertRule]) -> tuple[AlertRule, ...]:
        """The rules after it; a rule that is not there to be replaced comes last."""
        if self.rule is None:
            return tuple(rule for rule in rules if rule.name != self.name)
        if self.name is None or all(rule.name != self.name for rule in rules):
            return *rules, self.rule
        return tuple(self.rule if rule.name == self.name else rule for rule in rules)


class Edited(NamedTuple):
    """A file's new text."""

    text: str
    lost: Lost


def rule_from(fields: Mapping[str, Any], others: Sequence[str]) -> AlertRule:
    """A checked rule from what a file would say of it; `others` are the names that are taken.

    Raises ConfigError: its `where` is the key, empty where it concerns the whole rule.
    """
    data = dict(fields)
    try:
        rule = msgspec.convert(data, AlertRule)
    except msgspec.ValidationError as error:
        where, problem = locate(data, AlertRule) or ("", str(error))
        raise ConfigError("", where, problem) from None
    if rule.name in others:
        raise ConfigError("", "name", f"{shown(rule.name)} is the name of another rule")
    try:
        check_rule(rule, "", "rule")
    except ConfigError as error:
        raise ConfigError("", error.where.removeprefix("rule").removeprefix("."), error.problem) from None
    return rule


def fields_of(rule: AlertRule) -> dict[str, Any]:
    """What a file says of a rule: all that is not the default."""
    said: dict[str, Any] = msgspec.to_builtins(rule)
    plain = msgspec.to_builtins(AlertRule(name="", metric=""))
    return {key: value for key, value in said.items() if key in ("name", "metric") or value != plain[key]}


def tables(rules: Sequence[AlertRule]) -> str:
    """Rules as a file has them."""
    return "\n".join(map(_table, rules))


def edited(text: str, edit: Edit) -> Edited:
    """The text of a valid TOML file after an edit. Raises ConfigError where the edit does not fit into it.

    Only the rule's own lines are replaced where the file's form allows it; else it is written anew.
    """
    text = text.removeprefix("\ufeff")
    old = tomllib.loads(text)
    before = msgspec.convert(old, Config).alerts
    after = edit.applied(before)
    config = msgspec.structs.replace(msgspec.convert(old, Config), alerts=after)
    check(config, "")
    wanted = old | {"alerts": [fields_of(rule) for rule in after]}
    for candidate in _candidates(text, "alerts" in old, before, after):
        if _means(candidate.text, wanted):
            return candidate
    return Edited(tomli_w.dumps(wanted).replace("\n", _end(text)), "all" if has_comments(text) else "")


def _means(text: str, wanted: Mapping[str, Any]) -> bool:
    """Whether a text says what is wanted, in whatever words."""
    try:
        data = tomllib.loads(text)
        rules = msgspec.convert(data, Config).alerts
    except (tomllib.TOMLDecodeError, msgspec.ValidationError):
        return False
    others = {key: value for key, value in data.items() if key != "alerts"}
    if others != {key: value for key, value in wanted.items() if key != "alerts"}:
        return False
    return bool(rules == msgspec.convert(dict(wanted), Config).alerts)


def _candidates(
    text: str, has_rules: bool, before: Sequence[AlertRule], after: Sequence[AlertRule]
) -> Sequence[Edited]:
    end = _end(text)
    none = f"alerts = []{end}"
    if not has_rules:  # those that ship are in force: from now on they stand in the file
        return [Edited(_joined([text, *map(_table, after)], end) if after else none + text, "")]
    lines = text.splitlines(keepends=True)
    blocks = _blocks(lines)
    if len(blocks) != len(before):
        return []
    parts, at = [], 0
    lost: Lost = ""
    places = {rule.name: place for place, rule in enumerate(after)}
    for place, (begin, stop) in enumerate(blocks):
        parts.append("".join(lines[at:begin]))
        at = stop
        block = "".join(lines[begin:stop])
        new = after[place] if len(after) >= len(before) else _named(after, places, before[place])
        if new == before[place]:
            parts.append(block)
            continue
        lost = "its" if has_comments(block) else lost
        if new is not None:
            parts.append(_table(new).replace("\n", end))
    added = "".join(f"\n{_table(rule)}" for rule in after[len(before) :]).replace("\n", end)
    rest = "".join(lines[at:])
    if not after:  # without a word those that ship would be in force again
        return [Edited("".join(parts) + rest, lost), Edited(none + "".join(parts) + rest, lost)]
    if added and parts and not parts[-1].endswith("\n"):
        added = end + added
    return [Edited("".join(parts) + added + rest, lost), Edited(_joined(["".join(parts) + rest, added], end), lost)]


def _end(text: str) -> str:
    """What ends the lines of a text."""
    return "\r\n" if "\r\n" in text else "\n"


def _named(after: Sequence[AlertRule], places: Mapping[str, int], rule: AlertRule) -> AlertRule | None:
    return after[places[rule.name]] if rule.name in places else None


def _joined(parts: Sequence[str], end: str) -> str:
    """Parts with an empty line between them."""
    first, *rest = parts
    gap = "" if not first else end if first.endswith("\n") else 2 * end
    return first + gap + end.join(part.replace("\r\n", "\n").replace("\n", end).lstrip("\r\n") for part in rest if part)


def _blocks(lines: Sequence[str]) -> list[tuple[int, int]]:
    """The first line of each rule's table, and the one after its last that says anything."""
    found: list[tuple[int, int]] = []
    begin: int | None = None
    for place, line in enumerate([*lines, "["]):
        if begin is not None and _HEADER.match(line) and not _OF_RULE.match(line):
            stop = place
            while stop > begin + 1 and _NOTHING.match(lines[stop - 1]):
                stop -= 1
            found.append((begin, stop))
            begin = None
        if begin is None and _RULE.match(line):
            begin = place
    return found


def _table(rule: AlertRule) -> str:
    """A rule as a table of its own."""
    lines = ["[[alerts]]\n"]
    for key, value in fields_of(rule).items():
        if isinstance(value, dict):
            pairs = ", ".join(tomli_w.dumps({name: each}).strip() for name, each in value.items())
            lines.append(f"{key} = {{ {pairs} }}\n")
        else:
            lines.append(tomli_w.dumps({key: value}))
    return "".join(lines)
