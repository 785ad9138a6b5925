"""MariaDB for the tests, which speaks MySQL's protocol: found or fetched, started on a free port, thrown away.

Where it comes from, in this order; MIGER_TEST_MYSQL_FROM names one to try that alone:

url       MIGER_TEST_MYSQL_URL: a server that runs already, MySQL or MariaDB; its user may do everything
binaries  `mariadbd` (or a `mysqld` that is MariaDB) and `mariadb-install-db`, on the PATH or in /usr/sbin
apt       `apt-get install mariadb-server-core mariadb-client-core`, as root on Debian and its kin
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from tests.servers import base, launch
from tests.servers.base import PASSWORD, USER, Folder, Server, Unavailable, with_database
from tests.servers.launch import Recipe

BACKEND = "mysql"
HINT = (
    "install MariaDB's server binaries (Debian: `apt-get install mariadb-server-core mariadb-client-core`), "
    "or set MIGER_TEST_MYSQL_URL=mysql://user:password@host/"
)

_PACKAGES = ("mariadb-server-core", "mariadb-client-core")
_PATH_TOO = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec")
# The size that install-db made the log with has to be the one the server is started with.
_SIZES = ("--innodb-log-file-size=8M",)
# Nothing here has to outlive a power cut.
_SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=8M",
    "--performance-schema=OFF",
    "--sync-frm=0",
    "--max-connections=200",
    "--event-scheduler=ON",
    "--character-set-server=utf8mb4",
)
# One statement a line. The accounts that install-db makes have no password.
_ACCOUNTS = f"""\
CREATE USER '{USER}'@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('{PASSWORD}');
GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%' WITH GRANT OPTION;
DELETE FROM mysql.global_priv WHERE User IN ('', 'root');
FLUSH PRIVILEGES;
"""


# --- where it comes from -------------------------------------------------------------------------


def start(environ: Mapping[str, str] = os.environ, *, parent: str | None = None) -> Server:
    """A MariaDB server, started in `parent` unless the environment names one. Raises Unavailable.

    Without a `parent` its files are in memory where there is room: in MariaDB every DDL waits for the disk.
    """
    parent = parent or base.memory_parent()

    def started(origin: str, binaries: Callable[[], tuple[str, str]]) -> Callable[[], Server]:
        return lambda: launch.start_in_folder(BACKEND, origin, parent, lambda folder: _recipe(folder, *binaries()))

    origins = {
        "url": lambda: launch.running(BACKEND, environ, server_version, pymysql.Error),
        "binaries": started("binaries", _machine_binaries),
        "apt": started("apt", _apt_binaries),
    }
    base.sweep(BACKEND, parent)
    return launch.from_first(BACKEND, "MariaDB", origins, environ, HINT)


def _machine_binaries() -> tuple[str, str]:
    """The server, and what makes its data folder."""
    server = _which("mariadbd", "mysqld")
    install = _which("mariadb-install-db", "mysql_install_db")
    if server is None or install is None:
        raise Unavailable(f"no mariadbd and mariadb-install-db on the PATH or in {', '.join(_PATH_TOO)}")
    if "MariaDB" not in base.run([server, "--no-defaults", "--version"], cwd="/"):
        raise Unavailable(f"{server} is not MariaDB", "a MySQL server can be given by its URL")
    return server, install


def _which(*names: str) -> str | None:
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_PATH_TOO))
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def _apt_binaries() -> tuple[str, str]:
    launch.apt_install(*_PACKAGES)
    return _machine_binaries()


# --- starting it ---------------------------------------------------------------------------------


def _recipe(folder: Folder, server: str, install: str) -> Recipe:
    data = os.path.join(folder.path, "data")
    # Both refuse root unless told so; anybody else is who they run as.
    account = ["--user=root"] if os.geteuid() == 0 else []
    base.run(
        [
            install,
            "--no-defaults",
            *account,
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
            "--force",
            *_SIZES,
        ],
        cwd=folder.path,
    )
    accounts = os.path.join(folder.path, "accounts.sql")
    with open(accounts, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(_ACCOUNTS)

    def command(port: int) -> list[str]:
        files = [f"--datadir={data}", f"--socket={folder.path}/socket", f"--tmpdir={data}", f"--init-file={accounts}"]
        return [server, "--no-defaults", *account, *files, f"--port={port}", *_SIZES, *_SETTINGS]

    return Recipe(
        title="MariaDB",
        command=command,
        url=lambda port: base.with_account(f"mysql://127.0.0.1:{port}/"),
        version=server_version,
        not_ready=pymysql.Error,
        port_taken="Address already in use",
        end_signal=signal.SIGKILL,  # its files are deleted anyway
    )


def server_version(url: str) -> str:
    """What the server at `url` calls its version, like "10.11.6-MariaDB"."""
    with connect(url, connect_timeout=5) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        row = cursor.fetchone()
    assert row is not None
    return "-".join(str(row[0]).split("-")[:2])


# --- databases -----------------------------------------------------------------------------------


def connect(url: str, **options: Any) -> Connection[Cursor]:
    """A connection to the server at a URL, or to its database. It is in autocommit."""
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    # With TLS the driver reads all certificates of the machine for each connection, which takes 0.1 s.
    options.setdefault("ssl_disabled", host == "127.0.0.1")
    return pymysql.connect(
        host=host,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.removeprefix("/")) or None,
        charset="utf8mb4",
        autocommit=True,
        **options,
    )


def create_database(admin: Connection[Cursor], name: str) -> None:
    """Make an empty database."""
    with admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {_quoted(name)} CHARACTER SET utf8mb4")


def drop_database(admin: Connection[Cursor], name: str) -> None:
    """Drop a database whoever is connected to it; an open transaction would block that for ever."""
    with admin.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s AND id <> CONNECTION_ID()", (name,))
        for (connection,) in cursor.fetchall():
            try:
                cursor.execute(f"KILL CONNECTION {int(connection)}")
            except pymysql.Error as error:
                if error.args[0] != pymysql.constants.ER.NO_SUCH_THREAD:  # it has just gone by itself
                    raise
        cursor.execute(f"DROP DATABASE IF EXISTS {_quoted(name)}")


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


__all__ = ["PASSWORD", "connect", "create_database", "drop_database", "server_version", "start", "with_database"]
