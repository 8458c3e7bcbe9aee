"""Profiles from their files, checked: ours from this package, a person's own from the configuration folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import locate, nearest, shown
from perf_tui.config.read import read
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.engines import DETAILS as OF_ENGINES
from perf_tui.measures.gpus import DETAILS as OF_GPUS
from perf_tui.measures.workers import VOCABULARY
from perf_tui.sources.inference.adapters import ADAPTERS
from perf_tui.sources.profiles.matching import compiled, regular
from perf_tui.sources.profiles.schema import Candidate, Profile, Where

BUNDLED = Path(__file__).parent
"""The folder of the profiles that come with the program."""

_FITTING = {
    "gauge": {
        "family",
        "where",
        "of",
        "across",
        "max_over",
        "scale",
        "offset",
        "floor",
        "stat",
        "least",
        "most",
        "times",
        "read",
    },
    "rate": {"family", "where", "of", "scale", "max_over"},
    "quantile": {"family", "where", "scale", "own"},
    "summary": {"family", "where", "scale"},
    "mean": {"family", "where", "of", "whole", "scale"},
    "ratio": {"part", "whole", "scale", "stat", "max_over"},
    "share": {"part", "whole", "times", "across", "max_over", "scale", "least", "most"},
}
"""Which settings each kind of candidate has, besides `kind` and `given`."""


def load_all(user_folder: Path | None = None) -> list[Profile]:
    """Every profile; a person's own takes the place of ours of the same name. Raises ConfigError."""
    found: dict[str, Profile] = {}
    origin: dict[str, Path] = {}
    for folder in (BUNDLED, user_folder):
        if folder is None or not folder.is_dir():
            continue
        for file in sorted(folder.glob("*.toml")):
            profile = load(file)
            if profile.name in origin and origin[profile.name].parent == folder:
                problem = f"{shown(profile.name)} is the name of {origin[profile.name].name} too"
                raise ConfigError(str(file), "name", problem)
            found[profile.name], origin[profile.name] = profile, file
    return list(found.values())


def load(file: Path) -> Profile:
    """One profile. Raises ConfigError."""
    data = read(file)
    written = data.get("names")
    try:
        spelled = _spell(data, written if isinstance(written, dict) else {})
        profile = msgspec.convert(spelled, Profile)
    except KeyError as error:
        raise ConfigError(str(file), "names", f"there is no {shown(error.args[0])} in it") from None
    except msgspec.ValidationError as error:
        where, problem = locate(data, Profile) or ("", str(error))
        raise ConfigError(str(file), where, problem) from None
    for where, problem in _problems(profile):
        raise ConfigError(str(file), where, problem)
    return profile


def _spell(value: Any, names: Mapping[str, Any]) -> Any:
    """`value` with what each `@name` stands for in its place. Raises KeyError."""
    if isinstance(value, str) and value.startswith("@"):
        return names[value[1:]]
    if isinstance(value, list):
        return [_spell(each, names) for each in value]
    if isinstance(value, dict):
        return {_spell(key, names): _spell(each, names) for key, each in value.items()}
    return value


def _problems(profile: Profile) -> Iterator[tuple[str, str]]:
    """(key path, what is wrong) of what a type cannot say."""
    families = [(f"recognise[{at}].family", sign.family) for at, sign in enumerate(profile.recognise)]
    families += [(f"likes[{at}]", family) for at, family in enumerate(profile.likes)]
    families += [(f"info[{at}].family", info.family) for at, info in enumerate(profile.info)]
    families += [("finish.family", profile.finish.family)] if profile.finish else []
    for place, family in families:
        yield from _family(place, family)
    yield from _where("exclude", profile.exclude)
    if profile.probe is not None and profile.probe not in ADAPTERS:
        yield "probe", f"there is no {shown(profile.probe)}; {nearest(profile.probe, ADAPTERS)}"
    for at, standing in enumerate(profile.states):
        yield from _family(f"states[{at}].family", standing.family)
        yield from _where(f"states[{at}].where", standing.where)
        for word in standing.words.values():
            if word not in VOCABULARY["inference"]:
                problem = f"there is no {shown(word)}; {nearest(word, sorted(VOCABULARY['inference']))}"
                yield f"states[{at}].words", problem
    details, whose = (OF_GPUS, "a GPU") if profile.layer == "gpu" else (tuple(OF_ENGINES), "an engine")
    for name in profile.details:
        if name not in details:
            yield f"details.{name}", f"{shown(name)} is no detail of {whose}; {nearest(name, details)}"
    for name in profile.part.shared if profile.part else ():
        if name not in profile.measures and name not in profile.details:
            yield "part.shared", f"this profile has no {shown(name)}"
    for place, table, known in (
        ("measures", profile.measures, CATALOGUE.keys()),
        ("absent", profile.absent, CATALOGUE.keys() | set(details)),
    ):
        for name in table:
            if name not in known:
                yield f"{place}.{name}", f"{shown(name)} is no measure; {nearest(name, sorted(known))}"
    for name, candidates in profile.measures.items():
        if name in CATALOGUE:
            several = "stat" in CATALOGUE[name].labels
            for at, candidate in enumerate(candidates):
                yield from _candidate(f"measures.{name}[{at}]", candidate, several)
    for name, candidates in profile.details.items():
        for at, candidate in enumerate(candidates):
            yield from _candidate(f"details.{name}[{at}]", candidate, False)
    allowed = {label for name in profile.measures if name in CATALOGUE for label in CATALOGUE[name].labels}
    told = [(f"info[{at}].labels", label) for at, info in enumerate(profile.info) for label in info.labels]
    for place, label in [*(("labels", label) for label in profile.labels), *told]:
        if label not in allowed - {"stat"}:
            yield f"{place}.{label}", f"no measure of this profile has it; {nearest(label, sorted(allowed))}"


def _candidate(place: str, candidate: Candidate, several: bool) -> Iterator[tuple[str, str]]:
    kind = candidate.kind
    fitting = _FITTING[kind] | {"kind", "given"}
    unset = Candidate(kind=kind)
    for key in Candidate.__struct_fields__:
        if key not in fitting and getattr(candidate, key) != getattr(unset, key):
            yield f"{place}.{key}", f"a {kind} has no such key; it has: {', '.join(sorted(fitting))}"
    if kind in ("ratio", "share"):
        for name in ("part", "whole"):
            if not getattr(candidate, name):
                yield place, f'the key "{name}" is missing; a {kind} needs families of which to take it'
    elif bool(candidate.family) == bool(candidate.of):
        other = "" if candidate.of else ': the key "family" is missing'
        yield place, f"it needs {'family or of, not both' if candidate.of else 'a family'}{other}"
    if several and kind in ("gauge", "rate", "ratio") and candidate.stat is None:
        yield place, 'the key "stat" is missing; allowed: p50, p95, p99, mean'
    if several and kind == "share":
        yield place, "a measure with statistics cannot be a share"
    if not several and (candidate.stat or kind in ("quantile", "summary")):
        yield place, "this measure is one number and has no statistics"
    for key in ("of", "part", "whole", "times"):
        for at, selector in enumerate(getattr(candidate, key)):
            yield from _family(f"{place}.{key}[{at}].family", selector.family)
            yield from _where(f"{place}.{key}[{at}].where", selector.where)
            if selector.level and (kind != "rate" or key != "of"):
                yield f"{place}.{key}[{at}].level", "only what a rate is taken of can be a level"
            if selector.across and kind != "share" and key not in ("whole", "times"):
                yield f"{place}.{key}[{at}].across", f"the selectors of a {kind} have none of their own"
    for key in ("family", "own"):
        if getattr(candidate, key):
            yield from _family(f"{place}.{key}", getattr(candidate, key))
    yield from _where(f"{place}.where", candidate.where)
    yield from _where(f"{place}.given", candidate.given)


def _family(place: str, family: str) -> Iterator[tuple[str, str]]:
    try:
        regular(family)
    except re.error as error:
        yield place, f"no regular expression: {error}"


def _where(place: str, where: Where) -> Iterator[tuple[str, str]]:
    for label, matcher in where.items():
        try:
            compiled(matcher)
        except re.error as error:
            yield f"{place}.{label}", f"no regular expression: {error}"
