"""How a server is got: its origins in turn, apt, and a start on a free port until it answers."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.servers import base
from tests.servers.base import Account, Folder, Server, Unavailable

_APT_LOCK = "/run/miger-test-apt.lock"
_READY_SECONDS = 60.0
_PORT_ATTEMPTS = 5


# --- origins -------------------------------------------------------------------------------------


def from_first(
    backend: str, title: str, origins: Mapping[str, Callable[[], Server]], environ: Mapping[str, str], hint: str
) -> Server:
    """The server of the first origin that has one. Raises Unavailable with every reason.

    MIGER_TEST_…_FROM names one to try that alone. A URL is a person's word: with one, nothing else is
    tried; so "url" is one of the origins.
    """
    variable = f"MIGER_TEST_{backend.upper()}_FROM"
    chosen = environ.get(variable, "")
    if chosen and chosen not in origins:
        raise Unavailable(f"{variable}={chosen}", f"it is one of {', '.join(origins)}")
    url_given = bool(environ.get(base.url_variable(backend)))
    wanted = [chosen] if chosen else ["url"] if url_given else [name for name in origins if name != "url"]
    reasons = []
    for name in wanted:
        try:
            return origins[name]()
        except Unavailable as error:
            reasons.append(f"{name}: {error}")
    raise Unavailable(f"no {title} server (" + "; ".join(reasons) + ")", hint)


def running(
    backend: str, environ: Mapping[str, str], version: Callable[[str], str], not_ready: type[Exception]
) -> Server:
    """The server that the environment names, which is not ours to stop."""
    variable = base.url_variable(backend)
    url = environ.get(variable, "")
    if not url:
        raise Unavailable(f"{variable} is not set")
    try:
        return Server(backend, url, version(url), "url")
    except not_ready as error:
        raise Unavailable(f"the server in {variable} does not answer", str(error)) from error


def apt_install(*packages: str) -> None:
    """Install packages as root on Debian and its kin; another run that does the same is waited for."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Unavailable("apt-get needs root on Debian or its kin")
    with open(_APT_LOCK, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        base.run(["apt-get", "update", "-q"], cwd="/")
        base.run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], cwd="/")


# --- starting ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one server starts, in a folder where all is prepared; `url` and `command` take a port.

    `version` asks the server at a URL, and raises `not_ready` while it does not answer. `port_taken` is
    what the log says when another had the port first.
    """

    title: str
    command: Callable[[int], Sequence[str]]
    url: Callable[[int], str]
    version: Callable[[str], str]
    not_ready: type[Exception]
    port_taken: str
    end_signal: signal.Signals
    account: Account | None = None
    environ: Mapping[str, str] = field(default_factory=dict)


def start_in_folder(backend: str, origin: str, parent: str | None, prepare: Callable[[Folder], Recipe]) -> Server:
    """A server in a new folder, which goes with it."""
    folder = base.new_folder(backend, parent)
    try:
        recipe = prepare(folder)
        process, port, version = start_process(folder, recipe)
        return Server(backend, recipe.url(port), version, origin, process, folder, recipe.end_signal)
    except BaseException:
        folder.remove()
        raise


def start_process(folder: Folder, recipe: Recipe) -> tuple[subprocess.Popen[bytes], int, str]:
    """Start it on a free port and wait until it answers: the process, the port, the version."""
    for _ in range(_PORT_ATTEMPTS):
        port = base.free_port()
        process = base.spawn(
            recipe.command(port),
            log=base.log_path(folder),
            cwd=folder.path,
            account=recipe.account,
            environ={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **recipe.environ},
            end_signal=recipe.end_signal,
        )
        try:
            return process, port, _wait_until_ready(recipe, port, process)
        except BaseException as error:
            process.kill()
            process.wait()
            if not isinstance(error, (ConnectionError, recipe.not_ready)):
                raise
            log = base.log_tail(folder)
            if recipe.port_taken not in log:
                raise Unavailable(f"{recipe.title} did not start ({error})", log) from error
            os.truncate(base.log_path(folder), 0)
    raise Unavailable("no free port", recipe.port_taken)


def _wait_until_ready(recipe: Recipe, port: int, process: subprocess.Popen[bytes]) -> str:
    """Ask until it answers, since an open port alone means nothing; gives back the version."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            _knock(port)
            version = recipe.version(recipe.url(port))
        except (ConnectionError, recipe.not_ready):
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            if process.poll() is not None:  # then it was another's server that answered
                raise Unavailable(f"{recipe.title} ended, and another server answers at its port")
            return version


def _knock(port: int) -> None:
    """Raise ConnectionError while nobody listens; drivers take longer to find that out."""
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
