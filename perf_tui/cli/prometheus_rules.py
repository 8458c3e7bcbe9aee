"""Alert rules of Prometheus rule files, as far as ours can say the same: comparisons of one metric with a number.

Only metrics that this program exports itself are known; what cannot be taken over is said, rule by rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from perf_tui.cli.errors import UsageError
from perf_tui.config.errors import ConfigError
from perf_tui.config.load import parse
from perf_tui.export.prometheus import name as exported_name
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.text import clean

_DURATION = r"\d+(?:ms|s|m|h|d|w)"
_NUMBER = r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_SELECTOR = r"(?P<metric>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(?P<labels>[^{}]*)\})?"
_COMPARISON = re.compile(
    r"(?:(?P<aggregate>max|min|sum|avg|count)\s*(?:by\s*\((?P<by>[^()]*)\)\s*)?(?P<a>\()\s*)?"
    r"(?:(?P<over>avg|max|min|sum)_over_time\s*(?P<b>\()\s*)?"
    rf"{_SELECTOR}\s*(?:\[(?P<window>{_DURATION})\])?"
    rf"\s*(?(b)\)\s*)(?(a)\)\s*)(?P<sign>>=|<=|>|<)\s*(?P<limit>{_NUMBER})"
)
_ABSENT = re.compile(rf"absent\s*\(\s*{_SELECTOR}\s*\)")
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_OURS = re.compile(r"^[: ]*alerts\[0\][.: ]*")
_LEVELS = {"page": "critical", "critical": "critical", "error": "critical", "warning": "warning", "info": "info"}
_MEASURES = {exported_name(measure): measure for measure in CATALOGUE.values()}


def read(path: Path) -> Any:
    """The file's data; a file of JSON needs no library. Raises UsageError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: it cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        import yaml
    except ImportError:
        raise UsageError(f"{path}: reading YAML takes the extra: pip install perf-tui[import]") from None
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"{path}: no YAML: {clean(str(error))}") from None


def convert(data: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """Rules as config.toml's `alerts` holds them, and a line for each that cannot be taken over."""
    rules: list[dict[str, Any]] = []
    refused: list[str] = []
    names: set[str] = set()
    for rule in _rules(data):
        name = str(rule.get("alert"))
        try:
            made = _rule(rule)
            made["name"] = _unique(made["name"], names)
            parse({"alerts": [made]}, "")
        except (ValueError, ConfigError) as error:
            refused.append(clean(f"{name}: {_OURS.sub('', str(error))}"))
        else:
            names.add(made["name"])
            rules.append(made)
    return rules, refused


def _rules(data: Any) -> Iterator[Mapping[str, Any]]:
    groups = data.get("groups") if isinstance(data, dict) else None
    if not isinstance(groups, list):
        raise UsageError("this is no rule file: it has no groups")
    for group in groups:
        for rule in (group.get("rules") or ()) if isinstance(group, dict) else ():
            if isinstance(rule, dict) and "alert" in rule:  # others record series: there is nothing to take over
                yield rule


def _unique(name: str, names: set[str]) -> str:
    number, base = 1, name
    while name in names:
        number += 1
        name = f"{base}-{number}"
    return name


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """One rule. Raises ValueError with the reason why it cannot be taken over."""
    expression = str(rule.get("expr", "")).strip()
    labels = rule.get("labels") or {}
    level = _LEVELS.get(str(labels.get("severity", "warning")).lower(), "warning")
    made: dict[str, Any] = {"name": clean(str(rule["alert"]))[:70]}
    hold = str(rule.get("for", "0s"))
    if match := _ABSENT.fullmatch(expression):
        # Here `for` is the limit itself: for how long there has been nothing.
        made |= {"kind": "no_data", level: hold if hold not in ("0s", "0m") else "1s"}
    elif match := _COMPARISON.fullmatch(expression):
        made |= _comparison(match, level) | {"for": hold}
    else:
        raise ValueError("its expression is not a comparison of one metric with a number")
    if match["metric"] not in _MEASURES:
        raise ValueError(f"{match['metric']} is none of the metrics that perf-tui exports")
    made["metric"] = _MEASURES[match["metric"]].id
    if found := _labels(match["labels"] or ""):
        made["labels"] = found
    if "keep_firing_for" in rule:
        made["keep_firing_for"] = str(rule["keep_firing_for"])
    elif made.get("kind") != "no_data":
        made["keep_firing_for"] = "0s"
    texts = rule.get("annotations") or {}
    message = str(texts.get("summary") or texts.get("description") or "")
    if message and "{{" not in message:  # templates are Prometheus' own; ours has its own words
        made["message"] = clean(message)
    return made


def _comparison(match: re.Match[str], level: str) -> dict[str, Any]:
    made: dict[str, Any] = {level: float(match["limit"]), "hysteresis": 0.0}
    if match["sign"] in ("<", "<="):
        made["direction"] = "below"
    if bool(match["over"]) is not bool(match["window"]):
        raise ValueError("a window and a function over it belong together")
    if match["over"]:
        made |= {"over": match["over"], "window": match["window"]}
    if match["aggregate"]:
        made["aggregate"] = match["aggregate"]
        if by := [each.strip() for each in (match["by"] or "").split(",") if each.strip()]:
            made["by"] = by
    return made


def _labels(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    place = 0
    while text[place:].strip():
        match = _LABEL.match(text, place)
        if match is None:
            raise ValueError(f"its labels are not understood: {text}")
        name, sign, value = match[1], match[2], re.sub(r"\\(.)", r"\1", match[3])
        if name in found:
            raise ValueError(f"it asks twice for {name}")
        if sign == "=" and value.startswith(("!", "~")):
            sign, value = "=~", re.escape(value)
        found[name] = {"=": "", "!=": "!", "=~": "~", "!~": "!~"}[sign] + value
        place = match.end()
    return found
