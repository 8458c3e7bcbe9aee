"""`python -m benchmarks.heartbeats FILE COUNT`: workers that write heartbeats every two seconds, until it is ended."""

from __future__ import annotations

import json
import sys
import time

PERIOD = 2.0
TASK = 30
"""Heartbeats that a task takes."""


def name(number: int) -> str:
    """What the worker of this number is called."""
    return f"w{number:05d}"


def busy(number: int) -> bool:
    """Whether it has a task: every third."""
    return number % 3 == 0


def lines(count: int, turn: int, now: float) -> str:
    """The heartbeats of one turn."""
    return "".join(json.dumps(_beat(number, turn, now)) + "\n" for number in range(count))


def _beat(number: int, turn: int, now: float) -> dict[str, object]:
    at = (turn + number) % TASK
    beat = {"worker": name(number), "time": now, "interval": PERIOD, "done": (turn + number) // TASK, "failed": 0}
    if not busy(number):
        return {**beat, "state": "idle"}
    used = {"model": "tiny", "tokens_in": 900 * turn, "tokens_out": (20 + number % 9) * turn}
    return {**beat, **used, "state": "busy", "task": f"resize:{number}", "task_started": now - at * PERIOD}


def main() -> None:
    """Write until somebody ends this."""
    path, count = sys.argv[1], int(sys.argv[2])
    turn, due = 0, time.monotonic()
    with open(path, "a", encoding="utf-8") as file:
        while True:
            file.write(lines(count, turn, time.time()))
            file.flush()
            turn, due = turn + 1, due + PERIOD
            time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main()
