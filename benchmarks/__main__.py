"""`python -m benchmarks [SECTION] [OPTIONS]`: what the program costs; without a section, all of them."""

from __future__ import annotations

import importlib
import importlib.util
import sys

SECTIONS = {
    "terminal": "terminals",
    "startup": "startup",
    "keys": "keys",
    "scrape": "scrape",
    "accesslog": "accesslog",
    "gpu": "gpu",
    "engines": "engines",
    "otlp": "otlp",
    "workers": "workers",
    "board": "board",
}
"""Each section and its module; a module has a `main` that takes the options from the command line."""


def main() -> int:
    """Run one section or all. Returns the exit code."""
    words = sys.argv[1:]
    section = words.pop(0) if words and not words[0].startswith("-") else "all"
    if section != "all" and section not in SECTIONS:
        print(f"no such section: {section}; sections: {', '.join(SECTIONS)}, all", file=sys.stderr)
        return 2
    worst = 0
    for name, module in SECTIONS.items():
        if section not in ("all", name):
            continue
        if importlib.util.find_spec(f"benchmarks.{module}") is None:
            print(f"{name}: not there\n")
            continue
        sys.argv = [f"benchmarks {name}", *words]
        worst = max(worst, importlib.import_module(f"benchmarks.{module}").main() or 0)
        print()
    return worst


if __name__ == "__main__":
    sys.exit(main())
