"""The command line that all sections share."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def parser(description: str | None) -> argparse.ArgumentParser:
    """Options of a section that measures in rounds; sections add their own."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rounds", type=int, default=3, help="how often each is measured, in turns (default 3)")
    made.add_argument("--json", type=Path, metavar="FILE", help="write every round's figures to FILE as well")
    return made


def keep(file: Path | None, section: str, figures: Any) -> None:
    """Add a section's figures to the JSON file, if one is wanted."""
    if file is None:
        return
    known = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**known, section: figures}, indent=1) + "\n")
