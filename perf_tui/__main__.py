"""`python -m perf_tui`."""

import sys

from perf_tui.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
