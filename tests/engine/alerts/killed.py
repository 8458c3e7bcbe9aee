"""Alerts that come and go at random, remembered; what is shown and told goes to standard output. To be killed.

A handler appends to FILE.jsonl what people are told. Run as `python killed.py FILE KILLS SEED`: forks a child that
does this, kills it at a random moment, forks the next; the last one only delivers what is left.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.keeper import Keeper
from perf_tui.engine.alerts.model import Level, Rule
from perf_tui.handlers.dispatch import Dispatcher
from perf_tui.handlers.local import JsonLines
from perf_tui.measures.model import Value, series

RULES = [Rule(f"r{number}", f"m{number}", ((Level.CRITICAL, 0.9), (Level.WARNING, 0.6))) for number in range(8)]


async def live(path: Path, dice: random.Random, last: bool) -> None:
    """Judge, remember, then show and tell, for ever; the last one ends at once."""
    alerts, keeper = AlertEngine(RULES), Keeper(path)
    outlet = Dispatcher([JsonLines("log", f"{path}.jsonl")], "host", path.parent / "handed")
    at = time.monotonic()
    await keeper.restore(alerts, at, time.time())
    outlet.resume(alerts.log())
    if last:
        outlet.close()
        return
    values = {series(rule.metric): dice.random() for rule in RULES}
    while True:
        at += 400.0  # far enough apart for nothing to flap
        values[dice.choice(list(values))] = dice.random()
        lines = alerts.evaluate({key: Value(number) for key, number in values.items()}, at, time.time(), 400.0)
        await keeper.keep(alerts, lines)
        if keeper.trouble is not None:
            os.write(1, f"trouble {keeper.trouble.error}\n".encode())
        outlet.tick(lines, alerts.active(), at, time.time())
        for line in lines:
            os.write(1, f"{line.number} {line.change} {line.rule.name} {line.level} {line.quiet or '-'}\n".encode())


def main() -> None:
    """Fork and kill."""
    path, kills, dice = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    for kill in range(kills + 1):
        seed, last = dice.random(), kill == kills
        child = os.fork()
        if child == 0:
            asyncio.run(live(path, random.Random(seed), last))
            os._exit(0 if last else 1)
        if last:
            assert os.waitpid(child, 0)[1] == 0
            return
        time.sleep(dice.uniform(0.005, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.write(1, b"killed\n")


if __name__ == "__main__":
    main()
