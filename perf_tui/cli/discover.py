"""`perf-tui discover [--write]`: what runs here that can be watched, and the lines that watch it."""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from perf_tui import assembly
from perf_tui.cli.arguments import PROGRAM
from perf_tui.cli.errors import UsageError
from perf_tui.cli.main import NOTHING_COLLECTED
from perf_tui.cli.options import config_of
from perf_tui.cli.output import put
from perf_tui.config import paths
from perf_tui.config.add import CommentsError, add_targets, renamed, tables
from perf_tui.config.load import parse
from perf_tui.config.read import read
from perf_tui.config.schema import Config, Target
from perf_tui.export import files
from perf_tui.sources.discovery.probe import Finding
from perf_tui.sources.otlp.decode import protobuf_there
from perf_tui.sources.otlp.setup import SETUPS, lines
from perf_tui.text import cut, fit, width

PATIENT = 2.0
"""Seconds for each answer: somebody waits for this, so nothing is to be missed."""
_HEADINGS = ("ADDRESS", "PROCESS", "WHAT", "HOW IT WAS RECOGNISED, OR WHY NOT")


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; with --write, put it into the configuration."""
    config, path = config_of(arguments)
    if not config.discovery.enabled:
        raise UsageError("discovery is switched off: by --no-discover, the environment or [discovery] enabled = false")
    try:
        found = assembly.find(config, PATIENT)
    except OSError as error:
        print(f"{PROGRAM}: who listens here cannot be read: {error.strerror or error}", file=sys.stderr)
        return NOTHING_COLLECTED
    targets = renamed(
        (finding.target for finding in found if finding.watchable), [target.name for target in config.targets]
    )
    file = path or paths.user_config()
    put(f"{_table(found)}\n{len(targets)} of {len(found)} listeners can be watched and are new.\n")
    if targets and arguments.write:
        put(_write(file, targets))
        return 0
    put(_pushing(config, file))
    if targets:
        put(f"\n# {PROGRAM} discover --write adds these lines to {file}:\n{tables(targets)}")
    return 0


def _pushing(config: Config, file: Path) -> str:
    """What makes agents and services push to the receiver."""
    otlp, protobuf = config.otlp, protobuf_there()
    blocks = ["What these push (OTLP) is shown as well:"]
    if not otlp.enabled:
        blocks.append(f"First, in {file}:\n  [otlp]\n  enabled = true")
    for setup in SETUPS:
        indented = "".join(f"\n  {line}" for line in lines(setup, otlp.listen, otlp.token_env, protobuf=protobuf))
        note = f"\n  ({setup.note})" if setup.note else ""
        blocks.append(f"{setup.title}, {setup.where}:{indented}{note}")
    return "\n" + "\n\n".join(blocks) + "\n"


def _table(found: Sequence[Finding]) -> str:
    rows = [_HEADINGS, *map(_row, sorted(found, key=lambda finding: not finding.watchable))]
    widths = [max(width(row[column]) for row in rows) for column in range(3)]
    return "".join("  ".join([*map(fit, row, widths), row[3]]) + "\n" for row in rows)


def _row(finding: Finding) -> tuple[str, str, str, str]:
    listener = finding.listener
    address = f"[{listener.address}]" if ":" in listener.address else listener.address
    process = "another user's" if listener.pid is None else f"{cut(listener.process, 20)} ({listener.pid})"
    how = finding.reason
    if finding.url is not None:
        how = f"{urlsplit(finding.url).path}, {finding.metrics} metrics: {how}"
    return f"{address}:{listener.port}", process, " and ".join(finding.profiles) or "-", how


def _write(path: Path, targets: Sequence[Target]) -> str:
    """Add the targets to the file; returns what was done. Raises UsageError where that cannot be."""
    path = path.resolve()  # a link to a file elsewhere stays one
    if path.suffix.lower() == ".json":
        raise UsageError(f"{path}: targets have no place in a file of alert rules")
    try:
        return _extend(path, targets) if path.exists() else _create(path, targets)
    except CommentsError as error:
        raise UsageError(f"{path}: nothing was written: {error}; add the lines by hand:\n{tables(targets)}") from None
    except files.DestinationError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{path}: it cannot be written: {error.strerror or error}") from None


def _create(path: Path, targets: Sequence[Target]) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write(path, f"schema_version = 1\n\n{tables(targets)}", replace=False)
    return f"{path}: written, with {len(targets)} {_noun(targets)}.\n"


def _extend(path: Path, targets: Sequence[Target]) -> str:
    parse(read(path), str(path))  # what is wrong in it is said before anything is added
    text = path.read_bytes().decode()
    added = add_targets(text, targets)
    parse(tomllib.loads(added.text.removeprefix("\ufeff")), str(path))
    backup = path.with_name(f"{path.name}.bak-{time.strftime('%Y%m%d-%H%M%S')}")
    files.rewrite(path, added.text, backup)
    how = "written anew, in another form, as its targets stand in one line" if added.rewritten else "added at its end"
    return f"{path}: {len(targets)} {_noun(targets)} {how}; as it was before: {backup.name}\n"


def _noun(targets: Sequence[Target]) -> str:
    return "target" if len(targets) == 1 else "targets"
