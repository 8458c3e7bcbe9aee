"""The real program on a real pseudo-terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from real_terminal import PROGRAM, Start

from benchmarks.harness import Terminal

collect_ignore_glob = [] if hasattr(os, "pidfd_open") else ["test_*.py"]  # the harness needs Linux


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the program, or `command`, away from whatever configuration this machine has; ends it after the test."""
    with ExitStack() as stack:

        def begin(
            *arguments: str,
            command: tuple[str, ...] = PROGRAM,
            columns: int = 120,
            rows: int = 40,
            **environment: str | None,
        ) -> Terminal:
            alone: dict[str, str | None] = {
                **dict.fromkeys(name for name in os.environ if name.startswith(("PERF_TUI_", "TEXTUAL"))),
                "HOME": str(tmp_path),
                "XDG_CONFIG_HOME": str(tmp_path),
                "XDG_STATE_HOME": str(tmp_path),
                **environment,
            }
            terminal = Terminal([*command, *arguments], columns=columns, rows=rows, environment=alone, folder=tmp_path)
            return stack.enter_context(terminal)

        yield begin
