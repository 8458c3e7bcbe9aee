"""Adding targets to the text of a configuration file, without losing what people wrote in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import msgspec
import tomli_w

from perf_tui.config.schema import Target

_COMMENTS_AND_STRINGS = re.compile(
    r'#[^\n]*|"""(?:[^\\]|\\.)*?"""|' + r"'''.*?'''" + r'|"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'", re.DOTALL
)


class Added(NamedTuple):
    """A file's new text."""

    text: str
    rewritten: bool
    """Whether the whole file was written anew, as its form did not allow to add at the end."""


class CommentsError(ValueError):
    """The file can only be written anew, and its comments would be lost."""


def tables(targets: Iterable[Target]) -> str:
    """The `[[targets]]` tables of these targets, without keys that have their default."""
    return "\n".join(f"[[targets]]\n{tomli_w.dumps(_said(target))}" for target in targets)


def add_targets(text: str, targets: Sequence[Target]) -> Added:
    """The text of a valid TOML file, and these targets after those that it has. Raises CommentsError."""
    old = tomllib.loads(text.removeprefix("\ufeff"))
    wanted = old | {"targets": [*old.get("targets", ()), *(_said(target) for target in targets)]}
    more = tables(targets)
    if "\r\n" in text:
        more = more.replace("\n", "\r\n")
    end = more[-1 - ("\r\n" in text) :]
    gap = "" if not text else end if text.endswith("\n") else 2 * end
    try:
        if tomllib.loads((text + gap + more).removeprefix("\ufeff")) == wanted:
            return Added(text + gap + more, rewritten=False)
    except tomllib.TOMLDecodeError:  # the targets are written as an array in one line
        pass
    if has_comments(text):
        raise CommentsError("its targets are not written as [[targets]] tables, and its comments would be lost")
    return Added(tomli_w.dumps(wanted), rewritten=True)


def has_comments(text: str) -> bool:
    """Whether a valid TOML text has comments."""
    return any(match[0].startswith("#") for match in _COMMENTS_AND_STRINGS.finditer(text))


def renamed(targets: Iterable[Target], taken: Collection[str]) -> list[Target]:
    """The targets with names of their own, none of them in `taken`: of two that are the same, one gets a number."""
    used, result = set(taken), []
    for target in targets:
        name, number = target.name, 1
        while name in used:
            number += 1
            name = f"{target.name} ({number})"
        used.add(name)
        result.append(msgspec.structs.replace(target, name=name))
    return result


def _said(target: Target) -> dict[str, object]:
    unset = Target(name="", url="")
    fields = {name: getattr(target, name) for name in target.__struct_fields__}
    return {name: value for name, value in fields.items() if value != getattr(unset, name)}
