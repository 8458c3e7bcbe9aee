"""The fields of the rule editor: what stands in them, and what a file would say instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from msgspec import structs

from perf_tui.config.edit_rules import fields_of
from perf_tui.config.schema import AlertRule

ROWS = (
    ("name", "metric"),
    ("labels", "kind"),
    ("direction", "aggregate", "by"),
    ("window", "over", "baseline"),
    ("objective", "bound", "period"),
    ("info", "warning", "critical"),
    ("clear", "for", "keep_firing_for"),
    ("message",),
)
"""The keys of a rule as they stand beside each other."""
_LISTS = ("labels", "clear")
_LIMITS = ("info", "warning", "critical", "bound")
_PAIR = re.compile(r",\s*(?=[A-Za-z_][A-Za-z0-9_]*\s*=)")
_ONLY = {
    "direction": ("threshold", "rate", "baseline"), "aggregate": ("threshold", "rate", "baseline"),
    "by": ("threshold", "rate", "baseline"), "window": ("threshold", "rate", "baseline"), "over": ("threshold",),
    "baseline": ("baseline",), "objective": ("burn_rate",), "bound": ("burn_rate",), "period": ("burn_rate",),
}  # fmt: skip
"""Fields that mean something for some kinds alone; the others are not shown."""
HINTS = {
    "labels": "e.g. device=!sda, mount=~/a.*", "by": "e.g. device", "window": "e.g. 5m", "baseline": "e.g. 20m",
    "objective": "e.g. 99.5%", "bound": "e.g. 500ms", "period": "30d", "info": "e.g. 70%", "warning": "e.g. 250ms",
    "critical": "e.g. 2GiB", "for": "0s", "keep_firing_for": "as for", "clear": "e.g. warning=75%",
    "metric": "an id, or e.g. cpu_percent", "message": "what people read",
}  # fmt: skip
CHOICES: dict[str, tuple[str, ...]] = {
    field.encode_name: get_args(field.type)
    for field in structs.fields(AlertRule)
    if field.encode_name in ("kind", "direction", "aggregate", "over")
}
"""The fields in which a word is chosen, with their words."""


def applies(key: str, kind: str) -> bool:
    """Whether a field means something for a kind of rule."""
    return kind in _ONLY.get(key, (kind,))


def texts(rule: AlertRule | None) -> dict[str, str]:
    """What stands in the fields for a rule; for a new one, the defaults."""
    said = fields_of(rule) if rule is not None else {"for": "6s"}
    found = {key: _text(said.get(key, "")) for row in ROWS for key in row}
    return {key: text or (CHOICES[key][0] if key in CHOICES else "") for key, text in found.items()}


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_text(each)}" for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def said(texts: Mapping[str, str], before: AlertRule | None) -> dict[str, Any]:
    """What a file would say: fields that are empty, or mean nothing for the kind, are left out.

    What has no field stays as it was `before`. Raises ValueError, which begins with the key.
    """
    found = {key: value for key, value in (fields_of(before) if before else {}).items() if key not in texts}
    for key, text in texts.items():
        text = text.strip()
        if text and applies(key, texts["kind"]):
            found[key] = _value(key, text)
    return found


def _value(key: str, text: str) -> Any:
    if key == "by":
        return [part for part in re.split(r"[,\s]+", text) if part]
    if key in _LISTS:
        return dict(_pair(key, part) for part in _PAIR.split(text))
    return _number(text) if key in _LIMITS else text


def _pair(key: str, part: str) -> tuple[str, Any]:
    name, sign, value = part.partition("=")
    if not sign or not name.strip():
        raise ValueError(f"{key}: '{part.strip()}' is not allowed; allowed: {HINTS[key]}")
    return name.strip(), _number(value.strip()) if key == "clear" else value.strip()


def _number(text: str) -> float | str:
    """A plain number, else the text as it is: `80%`."""
    try:
        return float(text)
    except ValueError:
        return text
