"""Run one command and print what it cost, as JSON on the last line: `python -I -S launch.py OUTPUT COMMAND…`.

A process of its own, because Linux counts the memory of whoever forks a process into that process's
peak: what is measured must be the child of something small.
"""

import json
import os
import sys
import time

MEGABYTE = 1024 if sys.platform.startswith("linux") else 1024 * 1024  # ru_maxrss: KiB, on macOS bytes


def main() -> int:
    """Run the command with its output in the file OUTPUT; exit with its exit code."""
    output, *command = sys.argv[1:]
    target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(target, 1)
            os.dup2(target, 2)
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    figures = {"cpu": usage.ru_utime + usage.ru_stime, "wall": wall, "memory": usage.ru_maxrss / MEGABYTE}
    print(json.dumps(figures))
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main())
