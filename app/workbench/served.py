"""A workbench for a browser: what `miger web` starts for each page. `python -m miger.workbench.served FOLDER ENV`."""

from __future__ import annotations

import sys

from miger.engine.errors import MigerError


def main(arguments: list[str]) -> int:
    """Runs the workbench on a project's folder and environment; the exit code."""
    from miger.workbench.start import open_workbench

    folder, environment = arguments
    try:
        return open_workbench(folder, environment)
    except MigerError as error:
        print(f"miger: {error.message}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
