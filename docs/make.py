"""Writes the pages that are made from the program: `python docs/make.py`. A test compares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from perf_tui.config.schema import Config
from perf_tui.engine.diagnosis import RULES, Condition
from perf_tui.measures.catalogue import CATALOGUE, SHORT_NAMES, Measure
from perf_tui.measures.engines import DETAILS
from perf_tui.measures.units import number
from perf_tui.measures.workers import VOCABULARY, State
from perf_tui.sources.otlp.setup import SETUPS, lines
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.profiles.schema import Profile
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
        "Made by `python docs/make.py` from `perf_tui/measures/catalogue.py`. Ratios are 0..1 in JSON and in exports,",
        "and percent where people read and write them; times are seconds, sizes bytes, rates per second. The limits",
        "are those by which screens colour a number; alert rules have their own.",
    ]
    for layer, title in _LAYERS.items():
        rows = [_row(measure) for measure in CATALOGUE.values() if measure.layer == layer]
        lines += ["", f"## {title}", "", *_table(("id", "labels", "unit", "meaning", "warns at", "critical at"), rows)]
    lines += ["", "## Short names", "", "Rules take these as well; ratios are in percent there.", ""]
    lines += _table(("name", "stands for"), [_short(name, id, labels) for name, (id, labels) in SHORT_NAMES.items()])
    return "\n".join(lines) + "\n"


def _row(measure: Measure) -> list[str]:
    limits = ["" if limit is None else number(limit, measure.unit) for limit in (measure.warning, measure.critical)]
    return [f"`{measure.id}`", ", ".join(measure.labels), measure.unit, measure.meaning, *limits]


def _short(name: str, id: str, labels: Mapping[str, str]) -> list[str]:
    return [f"`{name}`", f"`{id}`" + "".join(f" with {key} = {value}" for key, value in labels.items())]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def keys() -> str:
    """docs/keys.md: the table of commands."""
    lines = [
        "# Keys",
        "",
        "Made by `python docs/make.py` from `perf_tui/ui/commands.py`. `[keys]` in config.toml gives a command other",
        'keys, by its name: `pause = "p,z"`.',
        "",
        "| keys | does | command |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `{command.shown}` | {command.help} | `{command.id}` |" for command in COMMANDS]
    return "\n".join(lines) + "\n"


_ENGINE_ROWS = {
    **{id: f"`{id}`" for id in CATALOGUE if id.startswith("ai.") and not id.startswith("ai.quality.")},
    **{name: detail.title for name, detail in DETAILS.items()},
    "finish": "reasons for which requests ended",
    "model": "name of the model",
    "rank": "ranks, workers or replicas apart",
}


_NOT_COUNTED = {"finish": "it counts no reasons", "rank": "it is one, or does not tell them apart"}


def _of_engines(measure: str) -> bool:
    return not measure.startswith("ai.quality.")


def _tells(profile: Profile, row: str) -> bool:
    if row == "finish":
        return profile.finish is not None
    if row == "model":
        return "model" in profile.labels
    if row == "rank":
        return bool(profile.rank)
    return row in profile.measures or row in profile.details


def engines() -> str:
    """docs/ai-engines.md: what each inference server tells, and why it does not tell the rest."""
    profiles = [profile for profile in load_all() if profile.layer == "ai" and any(map(_of_engines, profile.measures))]
    lines = [
        "# Inference servers",
        "",
        "Made by `python docs/make.py` from `perf_tui/sources/profiles/*.toml`. A dot: the server tells it, in its",
        "metrics or in the JSON beside them. Where there is none, its section below says why; so it does for what is",
        "not always there.",
        "",
        "| | " + " | ".join(profile.title for profile in profiles) + " |",
        "| --- |" + " --- |" * len(profiles),
    ]
    for row, title in _ENGINE_ROWS.items():
        lines.append(f"| {title} | " + " | ".join("●" if _tells(profile, row) else "" for profile in profiles) + " |")
    for profile in profiles:
        ports = ", ".join(map(str, profile.ports))
        paths = ", ".join(f"`{path}`" for path in profile.paths)
        lines += ["", f"## {profile.title}", "", f"Profile `{profile.name}`; looked for at {paths} on port {ports}."]
        lines += [f"{note[0].upper()}{note[1:]}." for note in profile.notes]
        reasons = {**_NOT_COUNTED, **profile.absent}
        lines += ["", "Not available:", ""]
        lines += [
            f"- {title}: {reasons[row]}"
            for row, title in _ENGINE_ROWS.items()
            if row in reasons and not _tells(profile, row)
        ]
        at_times = [row for row in profile.absent if _tells(profile, row)]
        if at_times:
            lines += ["", "Where it is missing:", ""]
            lines += [f"- {_ENGINE_ROWS[row]}: {profile.absent[row]}" for row in at_times]
    return "\n".join(lines) + "\n"


def worker_states() -> str:
    """docs/worker-states.md: each system's words by the state that they mean."""
    lines = [
        "# Words for the states of workers",
        "",
        "Made by `python docs/make.py` from `perf_tui/measures/workers.py`; [workers.md](workers.md) says more.",
        "",
        "| system | " + " | ".join(f"`{state}`" for state in State) + " |",
        "| --- |" + " --- |" * len(State),
    ]
    for system, words in VOCABULARY.items():
        cells = [", ".join(word for word, state in words.items() if state is each) for each in State]
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def diagnosis() -> str:
    """docs/diagnosis.md: the rules by which the AI screen says what holds an engine back."""
    lines = [
        "# Diagnosis of inference servers",
        "",
        "Made by `python docs/make.py` from `perf_tui/engine/diagnosis.py`. All conditions of a rule must hold; a",
        "number that is not known never does. Of several rules of one name the first that holds is told.",
        "",
        "| rule | level | what is so | when | what to do | limits from |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for rule in RULES:
        limits = " and ".join(map(_condition, rule.conditions))
        cells = [f"`{rule.name}`", rule.level.word, rule.title, limits, rule.remedy, rule.source]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _condition(condition: Condition) -> str:
    limits = [("≥", condition.least), ("≤", condition.most)]
    return f"`{condition.fact}` " + " ".join(f"{sign} {limit:g}" for sign, limit in limits if limit is not None)


def agents() -> str:
    """docs/otlp-agents.md: what makes each agent push."""
    text = [
        "# What makes agents push",
        "",
        "Made by `python docs/make.py` from `perf_tui/sources/otlp/setup.py`; [otlp.md](otlp.md) says what becomes of",
        "it. `perf-tui discover` prints the same with the address and the token of your configuration. First, in",
        "config.toml:",
        "",
        *_fenced(["[otlp]", "enabled = true"]),
    ]
    for setup in SETUPS:
        text += ["", f"**{setup.title}**, {setup.where}:", "", *_fenced(lines(setup, Config().otlp.listen))]
        if setup.note:
            text += ["", setup.note]
    return "\n".join(text) + "\n"


def _fenced(block: Sequence[str]) -> list[str]:
    return ["```", *block, "```"]


PAGES = {
    "ai-engines.md": engines,
    "diagnosis.md": diagnosis,
    "measures.md": measures,
    "keys.md": keys,
    "worker-states.md": worker_states,
    "otlp-agents.md": agents,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
