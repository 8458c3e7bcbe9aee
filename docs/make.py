"""Writes the pages that are made from the program: `python docs/make.py`. A test compares them."""

from __future__ import annotations

from pathlib import Path

from perf_tui.measures.catalogue import CATALOGUE, SHORT_NAMES
from perf_tui.measures.units import number
from perf_tui.ui.commands import COMMANDS

HERE = Path(__file__).parent
_LAYERS = {
    "app": "Application", "system": "System", "ai": "AI", "workers": "Workers", "self": "perf-tui itself",
}  # fmt: skip


def measures() -> str:
    """docs/measures.md: the catalogue as tables."""
    lines = [
        "# Measures",
        "",
        "Made by `python docs/make.py` from `perf_tui/measures/catalogue.py`. Ratios are 0..1 in JSON and in exports, and",
        "percent where people read and write them; times are seconds, sizes bytes, rates per second. The limits are those by",
        "which screens colour a number; alert rules have their own.",
    ]
    for layer, title in _LAYERS.items():
        lines += ["", f"## {title}", "", "| id | labels | unit | meaning | warns at | critical at |", "| --- | --- | --- | --- | --- | --- |"]
        for measure in CATALOGUE.values():
            if measure.layer == layer:
                limits = ["" if limit is None else number(limit, measure.unit) for limit in (measure.warning, measure.critical)]
                cells = [f"`{measure.id}`", ", ".join(measure.labels), measure.unit, measure.meaning, *limits]
                lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", "## Short names", "", "Rules take these as well; ratios are in percent there.", "", "| name | stands for |", "| --- | --- |"]
    for name, (id, labels) in SHORT_NAMES.items():
        words = "".join(f" with {key} = {value}" for key, value in labels.items())
        lines.append(f"| `{name}` | `{id}`{words} |")
    return "\n".join(lines) + "\n"


def keys() -> str:
    """docs/keys.md: the table of commands."""
    lines = [
        "# Keys",
        "",
        "Made by `python docs/make.py` from `perf_tui/ui/commands.py`. `[keys]` in config.toml gives a command other keys, by its",
        'name: `pause = "p,z"`.',
        "",
        "| keys | does | command |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `{command.shown}` | {command.help} | `{command.id}` |" for command in COMMANDS]
    return "\n".join(lines) + "\n"


PAGES = {"measures.md": measures, "keys.md": keys}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
