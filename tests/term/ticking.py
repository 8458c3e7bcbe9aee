"""Shows the interface, and sends the number of each of the engine's ticks to a UDP port: `ticking.py PORT`."""

from __future__ import annotations

import socket
import sys

from perf_tui.assembly import build_engine
from perf_tui.config.schema import Config
from perf_tui.ui.run import run

if __name__ == "__main__":
    config = Config(interval=0.2)
    engine = build_engine(config)
    port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port.connect(("127.0.0.1", int(sys.argv[1])))
    engine.store.subscribe(lambda snapshot: port.send(str(snapshot.tick).encode()))
    engine.start()
    try:
        sys.exit(run(engine, config))
    finally:
        engine.stop()
