"""`perf-tui config path|print|validate|init|schema`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import msgspec

from perf_tui.cli.errors import UsageError
from perf_tui.cli.options import check_keys, config_of
from perf_tui.cli.output import put
from perf_tui.config import paths, reference
from perf_tui.config.load import parse
from perf_tui.config.read import read
from perf_tui.config.schema import Config
from perf_tui.config.upcoming import ignored
from perf_tui.config.write import to_toml
from perf_tui.export import files


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    actions = {"path": _path, "print": _print, "validate": _validate, "init": _init, "schema": _schema}
    actions[arguments.action](arguments)
    return 0


def _path(arguments: argparse.Namespace) -> None:
    if found := paths.find(arguments.config):
        put(f"{found.absolute()}\n")
        return
    put("no file: the defaults are in force. Looked for, in this order:\n")
    for candidate in paths.candidates():
        put(f"  {candidate.absolute()}\n")


def _print(arguments: argparse.Namespace) -> None:
    put(to_toml(config_of(arguments)[0]), for_programs=True)


def _validate(arguments: argparse.Namespace) -> None:
    # The profiles are loaded for this command alone.
    from perf_tui.sources.profiles.load import load, load_all
    from perf_tui.sources.scrape.targets import check_profiles

    if arguments.file is None:
        config, path = config_of(arguments)
    else:
        path = Path(arguments.file)
        data = read(path)
        if "recognise" in data:
            put(f"{path}: valid, the profile {load(path).name}\n")
            return
        config = parse(data, str(path))
        check_keys(config, path)
    check_profiles(config, load_all(paths.user_profiles()), str(path or "defaults"))
    put(f"{path or 'defaults'}: valid\n")
    for section, what in ignored(config).items():
        put(f"  [{section}] is accepted, but {what} by this version\n")


def _init(arguments: argparse.Namespace) -> None:
    path = Path(arguments.config) if arguments.config else paths.user_config()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write(path, reference.text(), replace=False)
    except files.DestinationError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{path}: it cannot be written: {error.strerror or error}") from None
    put(f"{path.absolute()}\n")


def _schema(arguments: argparse.Namespace) -> None:
    put(json.dumps(msgspec.json.schema(Config), indent=2, ensure_ascii=False) + "\n", for_programs=True)
