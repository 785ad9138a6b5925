"""`miger web`: the workbench in a browser on this machine."""

from __future__ import annotations

import contextlib
import sys
from argparse import Namespace

from miger.cli.output import Output
from miger.engine.errors import UsageError
from miger.project import Project


def run(args: Namespace, output: Output) -> int:
    """Serves the workbench until ctrl+c. Each page that is opened is a workbench of its own.

    Raises UsageError where the port is in use or textual-serve is missing, ConfigError.
    """
    try:
        import textual_serve  # noqa: F401  # an extra, and slow to import
    except ModuleNotFoundError as error:
        if error.name != "textual_serve":
            raise
        raise UsageError("`miger web` needs textual-serve", "`pip install 'miger[web]'` installs it") from None
    from miger.workbench.web_server import WorkbenchServer, listen

    with Project.open(args.folder, args.environment) as project:
        name, environment, folder = project.config.name, project.environment.name, project.config.folder
    with contextlib.closing(listen(args.port)) as listener:
        server = WorkbenchServer(listener, folder, environment, title=f"{name} ▸ {environment}")

        def tell() -> None:
            if output.json:
                output.line({"url": server.address, "project": name, "environment": environment})
            else:
                output.data(server.address)
                sys.stdout.flush()
            output.say(f"{name} ▸ {environment}: open this address in a browser on this machine; ctrl+c ends")

        server.serve_until_stopped(tell)
    output.say("ended")
    return 0
