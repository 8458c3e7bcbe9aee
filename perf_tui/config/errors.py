"""The one error of the configuration."""

from __future__ import annotations


class ConfigError(Exception):
    """One line: the file, the line or key path, what is wrong and what is allowed."""

    def __init__(self, file: str, where: str, problem: str) -> None:
        self.file, self.where, self.problem = file, where, problem
        super().__init__(": ".join(part for part in (file, where, problem) if part))
