"""The alerts' memory on disk: the log, what is active and the silences, in one SQLite file.

Everything of a tick is one transaction that is on the disk before anybody is shown or told of it. One
process at a time has the memory: a lock beside the file says which. SQLite is loaded (1 MiB) and the file made
when there is something to remember.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perf_tui.engine.alerts.model import Change, Kind, Level, Moved, Rule, Silence, Transition
from perf_tui.engine.alerts.saved import Remembered, Saved
from perf_tui.measures.model import Series

if TYPE_CHECKING:
    import sqlite3

LONGEST_LOG = 10_000
"""Lines that are kept."""
FORMAT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS log (number INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS active (body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS silences (body TEXT NOT NULL);
"""


class InUseError(Exception):
    """Another process has the memory."""


class DatabaseError(Exception):
    """What SQLite says is wrong."""


class Memory:
    """Blocks: belongs on a thread of its own. Raises OSError, DatabaseError and InUseError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._lock = -1

    def open(self, newest: int) -> Remembered:
        """Take the memory; what it remembers, with the `newest` lines of the log."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_lock()
        if not self._path.exists():
            return Remembered((), (), ())
        with _told():
            return self._mended(newest)

    def _mended(self, newest: int) -> Remembered:
        import sqlite3

        try:
            return self._read(newest)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, full, not permitted: not the file's fault
                raise
            # A file that cannot be read is put aside: alerts that are told again are better than none.
            self._disconnect()
            self._path.replace(self._path.with_name(self._path.name + ".broken"))
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            return self._read(newest)

    def save(self, lines: Iterable[Transition], active: Iterable[Saved], silences: Iterable[Silence]) -> None:
        """Add lines, and those that have learned something, and replace what is active; on the disk when it returns."""
        with _told(), self._connected() as database:
            database.executemany(
                "INSERT OR REPLACE INTO log VALUES (?, ?)", [(line.number, _dump(_line(line))) for line in lines]
            )
            database.execute("DELETE FROM log WHERE number <= (SELECT max(number) FROM log) - ?", (LONGEST_LOG,))
            database.execute("DELETE FROM active")
            database.executemany("INSERT INTO active VALUES (?)", [(_dump(_saved(each)),) for each in active])
            database.execute("DELETE FROM silences")
            database.executemany(
                "INSERT INTO silences VALUES (?)",
                [(_dump([each.until, each.rule, each.labels]),) for each in silences],
            )

    def close(self) -> None:
        """Let go of the file and the lock."""
        self._disconnect()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _take_lock(self) -> None:
        self._lock = os.open(
            self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise InUseError from None

    def _connected(self) -> sqlite3.Connection:
        if self._database is not None:
            return self._database
        import sqlite3

        database = sqlite3.connect(self._path, timeout=1.0, check_same_thread=False, isolation_level="IMMEDIATE")
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version not in (0, FORMAT):
                raise sqlite3.DatabaseError(f"format {version} is not known")
            database.executescript(_TABLES + f"PRAGMA user_version = {FORMAT};")
        except sqlite3.Error:
            database.close()
            raise
        self._database = database
        return database

    def _read(self, newest: int) -> Remembered:
        database = self._connected()
        with closing(database.execute("SELECT number, body FROM log ORDER BY number DESC LIMIT ?", (newest,))) as rows:
            log = [_read_line(number, json.loads(body)) for number, body in rows]
        active = [_read_saved(json.loads(body)) for (body,) in database.execute("SELECT body FROM active")]
        silences = [
            Silence(until, rule, tuple((name, value) for name, value in labels))
            for until, rule, labels in (json.loads(body) for (body,) in database.execute("SELECT body FROM silences"))
        ]
        return Remembered(tuple(log[::-1]), tuple(active), tuple(silences))

    def _disconnect(self) -> None:
        if self._database is not None:
            with suppress(DatabaseError), _told():
                self._database.close()
            self._database = None


@contextmanager
def _told() -> Iterator[None]:
    """SQLite's errors as DatabaseError: who calls need not load it to know them."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        raise DatabaseError(str(error)) from error


def _dump(value: object) -> str:
    # ASCII: labels may hold what cannot be encoded.
    return json.dumps(value, separators=(",", ":"))


def _rule(rule: Rule) -> dict[str, Any]:
    """What a line needs of its rule, which may be gone when it is read."""
    return {
        "name": rule.name, "metric": rule.metric, "thresholds": rule.thresholds, "below": rule.below,
        "message": rule.message, "kind": rule.kind, "unit": rule.unit,
    }  # fmt: skip


def _read_rule(body: dict[str, Any]) -> Rule:
    limits = tuple((Level(level), limit) for level, limit in body["thresholds"])
    return Rule(
        body["name"], body["metric"], limits, body["below"], message=body["message"], kind=Kind(body["kind"]),
        unit=body["unit"],
    )  # fmt: skip


def _read_series(body: Any) -> Series:
    id, labels = body
    return Series(id, tuple((name, value) for name, value in labels))


def _line(line: Transition) -> dict[str, Any]:
    return {
        "time": line.time, "change": line.change, "rule": _rule(line.rule), "series": line.series, "level": line.level,
        "value": line.value, "since": line.since, "quiet": line.quiet, "flapping": line.flapping, "why": line.why,
    }  # fmt: skip


def _read_line(number: int, body: dict[str, Any]) -> Transition:
    why = tuple(Moved(_read_series(key), *rest) for key, *rest in body["why"])
    return Transition(
        body["time"], Change(body["change"]), _read_rule(body["rule"]), _read_series(body["series"]),
        Level(body["level"]), body["value"], body["since"], body["quiet"], body["flapping"], why, number,
    )  # fmt: skip


def _saved(each: Saved) -> dict[str, Any]:
    return {
        "rule": _rule(each.rule), "series": each.series, "level": each.level, "value": each.value, "since": each.since,
        "held": each.held, "fired": each.fired, "told": each.told, "acknowledged": each.acknowledged,
        "quiet": each.quiet,
    }  # fmt: skip


def _read_saved(body: dict[str, Any]) -> Saved:
    return Saved(
        _read_rule(body["rule"]), _read_series(body["series"]), Level(body["level"]), body["value"], body["since"],
        body["held"], Level(body["fired"]), Level(body["told"]), Level(body["acknowledged"]), body["quiet"],
    )  # fmt: skip
