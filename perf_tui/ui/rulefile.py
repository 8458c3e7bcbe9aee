"""Where edited rules are written to, and writing them there."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from perf_tui.config import paths
from perf_tui.config.edit_rules import Edit, Lost, edited, tables
from perf_tui.config.errors import ConfigError
from perf_tui.config.load import parse
from perf_tui.config.read import read
from perf_tui.export import files
from perf_tui.text import clean


@dataclass(frozen=True, slots=True)
class Plan:
    """What saving an edit would do."""

    path: Path
    text: str
    lost: Lost
    exists: bool

    @property
    def words(self) -> str:
        """The same for people: which file, and what becomes of its comments."""
        if not self.exists:
            return f"makes the file {self.path}"
        kept = {
            "": "its comments stay", "its": "comments within this rule are lost", "all": "its comments are lost",
        }[self.lost]  # fmt: skip
        return f"{kept}, its old text stays in {backup(self.path).name}; {self.path}"

    def save(self) -> None:
        """Write the file, whole or not at all. Raises OSError."""
        if self.exists:
            files.rewrite(self.path, self.text, backup(self.path), replace=True)
        else:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write(self.path, self.text, replace=False)


def backup(path: Path) -> Path:
    """Where a file stays as it was before the last edit."""
    return path.with_name(f"{path.name}.bak")


def place(file: Path) -> Path:
    """The file that edits go to: the one in force, where it is TOML and may be written, else the user's own."""
    if file.suffix.lower() == ".json":
        return paths.user_config()
    file = file.resolve()  # a link to a file elsewhere stays one
    if os.access(file.parent, os.W_OK) and os.access(file, os.W_OK):
        return file
    return paths.user_config()


def words(file: Path | None, edit: Edit) -> str:
    """What becomes of an edit, for people, before it is done."""
    if file is None:
        return "In force until perf-tui ends."
    try:
        return clean(f"Saving: {plan(file, edit).words}")
    except (ConfigError, OSError) as error:
        return clean(f"In force until perf-tui ends; it cannot be saved: {error}")


def plan(file: Path, edit: Edit) -> Plan:
    """What saving an edit of the rules in force would do. Raises ConfigError and OSError."""
    path = place(file)
    source = path if path.exists() else file
    text = "schema_version = 1\n"
    if source.exists():
        config = parse(read(source), str(source))  # what is wrong in it by now is said before anything is written
        json = source.suffix.lower() == ".json"
        text = f"{text}\n{tables(config.alerts)}" if json else source.read_bytes().decode("utf-8-sig")
    found = edited(text, edit)
    parse(tomllib.loads(found.text), str(path))
    return Plan(path, found.text, found.lost, path.exists())
