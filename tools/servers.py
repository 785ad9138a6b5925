"""Run the tests' database server in the foreground: `python tools/servers.py mysql`.

Prints its URL and keeps it until Ctrl-C; for benchmarks and for work by hand.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from tests.servers import STARTERS, Unavailable


def main() -> int:
    """Start, print, wait, stop."""
    parser = argparse.ArgumentParser(description="Run a test database server until Ctrl-C.")
    parser.add_argument("backend", choices=sorted(STARTERS))
    backend: str = parser.parse_args().backend
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server = STARTERS[backend]()
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    try:
        print(server.url, flush=True)
        print(f"{backend} {server.version} ({server.origin}); Ctrl-C stops it", file=sys.stderr)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
