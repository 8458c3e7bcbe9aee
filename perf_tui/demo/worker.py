"""`python -m perf_tui.demo.worker NAME FOLDER --tasks URL [--model URL]`: takes tasks of its role, one after the other.

A task is a conversation with the model server, or with none some work of its own. It appends heartbeats
to `workers.jsonl` of the folder, its log to `NAME.log`, and scores of the answers to `scores.jsonl`.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import signal
import threading
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from perf_tui.demo import leash, model
from perf_tui.demo.asking import ask
from perf_tui.demo.lines import HEARTBEATS, SCORES, Lines, Log
from perf_tui.demo.roles import BY_NAME
from perf_tui.demo.scores import scores
from perf_tui.demo.speaker import Failed, Speaker

BEAT = 1.0
"""Seconds between heartbeats."""
PATIENCE = 8.0
"""Seconds for each answer of the queue."""


class Worker:
    """One role."""

    def __init__(self, name: str, folder: Path, tasks: str, server: str | None) -> None:
        self._name = name
        self._facts = BY_NAME[name].facts(folder)
        self._log = Log(self._facts["log"])
        self._beats = Lines(str(folder / HEARTBEATS))
        self._scores = Lines(str(folder / SCORES))
        self._tasks = tasks
        self._model = Speaker(server, name) if server else None
        self._task = ""
        self._since: float | None = None
        self._done = self._failed = 0
        self._over = threading.Event()

    def run(self) -> None:
        """Until it is told to end."""
        signal.signal(signal.SIGTERM, lambda number, frame: self._over.set())
        threading.Thread(target=self._beat_on, daemon=True).start()
        self._log.say(f"started as process {os.getpid()}")
        self._beat(event="started")
        while not self._over.is_set():
            try:
                status, task = ask(self._tasks, "GET", f"/take?worker={self._name}", seconds=PATIENCE)
            except (OSError, http.client.HTTPException):
                time.sleep(0.3)  # it is not there yet
                continue
            if status == 200 and task is not None:
                self._work(task)
        self._log.say("told to end")
        self._beat(state="stopped")

    def _beat_on(self) -> None:
        while not self._over.wait(BEAT):
            self._beat()

    def _beat(self, state: str = "", **told: str) -> None:
        task, since = self._task, self._since
        self._beats.put_json(
            worker=self._name,
            time=time.time(),
            state=state or ("processing" if task else "waiting"),
            task=task,
            task_started=since if task else None,
            done=self._done,
            failed=self._failed,
            interval=BEAT,
            pid=os.getpid(),
            **self._facts,
            **self._used(),
            **told,
        )

    def _used(self) -> dict[str, Any]:
        if self._model is None:
            return {}
        names = ("tokens_in", "tokens_out", "cache_reads", "retried", "context", "context_limit")
        return {"model": model.NAME, **{name: getattr(self._model, name) for name in names}}

    def _work(self, task: dict[str, Any]) -> None:
        began = time.time()
        self._since, self._task = began, str(task["name"])
        self._log.say(f"task {task['id']} {self._task}, {task['behind']} behind it")
        self._beat()
        error = ""
        try:
            self._do(task)
        except Failed as failed:
            error = f"{self._task}: {failed}"
            self._failed += 1
        else:
            self._done += 1
        self._log.say(f"task {task['id']} {error or 'done'} after {time.time() - began:.1f} s")
        self._task = ""
        self._beat(error=error)
        with suppress(OSError, http.client.HTTPException):
            ask(self._tasks, "POST", "/done", {"worker": self._name, "id": task["id"]}, seconds=PATIENCE)

    def _do(self, task: dict[str, Any]) -> None:
        """Raises Failed."""
        if "spin" in task:
            end = time.monotonic() + float(task["spin"])
            while time.monotonic() < end and not self._over.is_set():
                zlib.compress(self._name.encode() * 2000)
            return
        turns = task.get("turns")
        if not isinstance(turns, int):
            raise Failed("it does not say how many turns")
        said: list[str] = []
        for turn in range(turns):
            said.append(f"{self._task}, step {turn + 1} of {turns}: what is next?")
            said.append(self._answer(said))
            self._log.say(f"task {task['id']} step {turn + 1} of {turns}: {len(said[-1])} characters")
            self._over.wait(random.uniform(0.3, 1.2))  # it does what it was told

    def _answer(self, said: list[str]) -> str:
        if self._model is None:
            return zlib.compress(" ".join(said).encode() * 500).hex()[:200]
        answer = self._model.answer(said)
        for name, score in scores(answer).items():
            self._scores.put_json(name=name, score=round(score, 4), model=model.NAME, time=time.time())
        return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(BY_NAME))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tasks", required=True, metavar="URL", help="the queue")
    parser.add_argument("--model", metavar="URL", help="the model server")
    chosen = parser.parse_args()
    leash.hold()
    Worker(chosen.name, chosen.folder, chosen.tasks, chosen.model).run()


if __name__ == "__main__":
    main()
