"""The one error of the configuration."""

from __future__ import annotations

from perf_tui.text import clean


class ConfigError(Exception):
    """One line: the file, the line or key path, what is wrong and what is allowed."""

    def __init__(self, file: str, where: str, problem: str) -> None:
        self.file, self.where, self.problem = file, where, problem
        # Keys and values come from a file of unknown origin, and the line is printed on a terminal.
        super().__init__(clean(": ".join(part for part in (file, where, problem) if part)))
