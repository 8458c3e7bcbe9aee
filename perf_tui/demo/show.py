"""A demo from the side of the program that shows it."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from perf_tui.config.schema import Config
from perf_tui.config.write import to_toml
from perf_tui.demo import model
from perf_tui.demo.parts import Part
from perf_tui.demo.plan import PLAN, Plan
from perf_tui.demo.settings import config_of
from perf_tui.demo.stage import PACE

Told = Callable[[Mapping[str, Any]], None]


class Demo:
    """Starts one in the background; as a context manager, ends it with all its processes and files."""

    def __init__(
        self,
        incidents: str = "all",
        pace: float = PACE,
        *,
        seed: int = 1,
        after: float = 0.0,
        told: Told = lambda event: None,
    ) -> None:
        """`incidents` is all, off, or names with commas between; `told` is given what the stage says, on a thread.

        The parts are started `after` so many seconds: who draws an interface wants the machine for itself first.
        """
        self.missing = model.missing()
        """What to install for the whole of it, in one line; empty where nothing is missing."""
        self._folder = Path(tempfile.mkdtemp(prefix="perf-tui-demo-"))
        self._told = told
        self._answered = threading.Event()
        self.failure = ""
        """Why there are not all parts; empty where all is well."""
        try:
            self.plan = Plan.in_folder(self._folder, seed)
            (self._folder / PLAN).write_bytes(msgspec.json.encode(self.plan))
            words = ("--incidents", incidents, "--pace", f"{pace:g}", "--after", f"{after:g}")
            self._stage = Part("stage", str(self._folder), *words, listen=True)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._listening = threading.Thread(target=self._listen, name="demo", daemon=True)
        self._listening.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    @property
    def file(self) -> Path:
        """Where its configuration stands, so that rules that are edited go there and nowhere else."""
        return self._folder / "config.toml"

    def config(self, base: Config) -> Config:
        """`base`, but watching this demo alone; it is written into `file`."""
        config = config_of(self.plan, base)
        self.file.write_text(to_toml(config), encoding="utf-8")
        return config

    def wait(self) -> None:
        """Until all parts are there. Raises ChildProcessError where they do not come."""
        self._answered.wait()
        if self.failure:
            raise ChildProcessError(self.failure)

    def play(self, incident: str, seconds: float) -> None:
        """Have an incident begin now, or after the one that is under way."""
        self._stage.tell(play=incident, seconds=seconds)

    def end(self) -> None:
        """End it, and wait for that."""
        self._stage.release()
        self._stage.end()
        self._listening.join(1.0)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listen(self) -> None:
        assert self._stage.process.stdout is not None
        for line in self._stage.process.stdout:
            event = json.loads(line)
            if "ready" in event:
                self._answered.set()
            elif "failed" in event:
                self._fail(str(event["failed"]))
            self._told(event)
        self._fail("the demo ended")

    def _fail(self, reason: str) -> None:
        if not self._answered.is_set():
            self.failure = reason
            self._answered.set()
