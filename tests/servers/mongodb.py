"""A server with MongoDB's protocol for the tests: found, started on a free port with a password, thrown away.

Where it comes from, in this order; MIGER_TEST_MONGODB_FROM names one to try that alone:

url       MIGER_TEST_MONGODB_URL: a server that runs already, a replica set; its user may do everything
binaries  `mongod` on the PATH, as a replica set of one
wheel     the PyPI wheel `SecantusDB`: not mongod, but one that reads and writes its protocol

SecantusDB is under the GPL: it is run as a process of its own, and never imported. What it does otherwise
than mongod is no fault of ours, so tests of such things carry `@pytest.mark.mongod_only(reason)`.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pymongo import MongoClient
from pymongo.errors import NetworkTimeout, OperationFailure, PyMongoError

from tests.servers import base, launch
from tests.servers.base import PASSWORD, USER, Folder, Server, Unavailable
from tests.servers.launch import Recipe

BACKEND = "mongodb"
HINT = (
    "install the development tools anew (`pip install -e '.[dev]'` brings SecantusDB, up to Python 3.13), "
    "put `mongod` on the PATH, or set MIGER_TEST_MONGODB_URL=mongodb://user:password@host/?replicaSet=rs0"
)

_MODULE = "secantus"
_SECANTUS_SET, _MONGOD_SET = "secantus", "miger"
_UNAUTHORIZED = 13
_DROP_MS = 5000


# --- where it comes from -------------------------------------------------------------------------


def start(environ: Mapping[str, str] = os.environ, *, parent: str | None = None) -> Server:
    """A server, started in `parent` (or in memory, or on the disk) unless the environment names one.

    Raises Unavailable.
    """
    parent = parent or base.memory_parent()
    origins = {
        "url": lambda: launch.running(BACKEND, environ, server_version, PyMongoError),
        "binaries": lambda: launch.start_in_folder(BACKEND, "binaries", parent, _mongod),
        "wheel": lambda: launch.start_in_folder(BACKEND, "wheel", parent, _secantus),
    }
    base.sweep(BACKEND, parent)
    return launch.from_first(BACKEND, "MongoDB", origins, environ, HINT)


# --- mongod --------------------------------------------------------------------------------------


def _mongod(folder: Folder) -> Recipe:
    """A replica set of one, which transactions need. With a key it also asks for passwords."""
    program = shutil.which("mongod")
    if program is None:
        raise Unavailable("no mongod on the PATH")
    data, key = (os.path.join(folder.path, name) for name in ("data", "key"))
    os.mkdir(data, 0o700)
    with open(key, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(secrets.token_hex(64))

    def command(port: int) -> list[str]:
        place = ["--bind_ip=127.0.0.1", f"--port={port}", f"--dbpath={data}", "--nounixsocket"]
        return [program, *place, f"--replSet={_MONGOD_SET}", f"--keyFile={key}", "--setParameter=enableTestCommands=1"]

    return Recipe(
        title="mongod",
        command=command,
        url=lambda port: base.with_account(f"mongodb://127.0.0.1:{port}/?authSource=admin&replicaSet={_MONGOD_SET}"),
        version=_set_up_mongod,
        not_ready=PyMongoError,
        port_taken="Address already in use",
        end_signal=signal.SIGKILL,  # its files are deleted anyway
    )


def _set_up_mongod(url: str) -> str:
    """Make the set and its first user, which a new mongod lets anyone from its own machine do; the version."""
    place = urlsplit(url).netloc.rpartition("@")[2]
    with connect(f"mongodb://{place}/?directConnection=true") as client:
        try:
            if not client.admin.command("hello").get("setName"):
                members = [{"_id": 0, "host": place}]
                client.admin.command("replSetInitiate", {"_id": _MONGOD_SET, "members": members})
            client.admin.command("createUser", USER, pwd=PASSWORD, roles=["root"])
        except OperationFailure as error:
            if error.code != _UNAUTHORIZED:  # then there is the user already
                raise
    return server_version(url)


# --- SecantusDB ----------------------------------------------------------------------------------


def _secantus(folder: Folder) -> Recipe:
    """A first start makes the user, since one that asks for passwords lets nobody make it."""
    if importlib.util.find_spec(_MODULE) is None:
        raise Unavailable("the PyPI wheel SecantusDB is not installed")
    config = os.path.join(folder.path, "empty.toml")  # else one in the home folder would be read
    open(config, "w").close()
    process, port, _ = launch.start_process(folder, _secantus_recipe(folder, config, asks=False))
    try:
        with connect(f"mongodb://127.0.0.1:{port}/?directConnection=true") as client:
            client.admin.command("createUser", USER, pwd=PASSWORD, roles=["root"])
            client.admin.command("fsync")  # then it need not end by itself, which takes it seconds
    finally:
        process.kill()
        process.wait()
    return _secantus_recipe(folder, config, asks=True)


def start_standalone(*, parent: str | None = None) -> Server:
    """A server that is no replica set and so knows no transactions, and asks for no password. Raises Unavailable.

    SecantusDB only says that it is one; whatever a driver does then, it does as with mongod.
    """

    def prepare(folder: Folder) -> Recipe:
        if importlib.util.find_spec(_MODULE) is None:
            raise Unavailable("the PyPI wheel SecantusDB is not installed")
        config = os.path.join(folder.path, "empty.toml")
        open(config, "w").close()
        return _secantus_recipe(folder, config, asks=False, standalone=True)

    return launch.start_in_folder(BACKEND, "wheel", parent or base.memory_parent(), prepare)


def _secantus_recipe(folder: Folder, config: str, *, asks: bool, standalone: bool = False) -> Recipe:
    """How SecantusDB starts, asking for passwords or not, as a replica set or not."""

    def command(port: int) -> list[str]:
        program = [sys.executable, "-I", "-m", _MODULE, "--config", config, "--enable-test-commands"]
        place = ["--host", "127.0.0.1", "--port", str(port), "--storage-path", os.path.join(folder.path, "data")]
        more = [*(["--auth"] if asks else []), *(["--standalone"] if standalone else [])]
        return [*program, *place, "--cache-size", "256M", *more]

    def url(port: int) -> str:
        if standalone:
            return f"mongodb://127.0.0.1:{port}/"
        plain = f"mongodb://127.0.0.1:{port}/?authSource=admin&replicaSet={_SECANTUS_SET}"
        return base.with_account(plain) if asks else plain

    return Recipe(
        title="SecantusDB",
        command=command,
        url=url,
        version=server_version,
        not_ready=PyMongoError,
        port_taken="Address already in use",
        end_signal=signal.SIGKILL,  # its files are deleted anyway
        environ={"HOME": folder.path, "PYTHONUNBUFFERED": "1"},
    )


# --- databases -----------------------------------------------------------------------------------


def connect(url: str, **options: Any) -> MongoClient[dict[str, Any]]:
    """A client that gives up soon when there is no server."""
    return MongoClient(url, serverSelectionTimeoutMS=5000, connectTimeoutMS=5000, **options)


def server_version(url: str) -> str:
    """What the server at `url` calls its version, like "8.0.4", or "0.7.0 (SecantusDB)"."""
    with connect(url) as client:
        client.admin.command("listDatabases", nameOnly=True)  # buildInfo is told to anyone; this asks if we are let in
        build = client.admin.command("buildInfo")
    if "secantusVersion" in build:
        return f"{build['secantusVersion']} (SecantusDB)"
    return str(build["version"])


def is_mongod(url: str) -> bool:
    """Whether a real mongod answers at `url`."""
    return "SecantusDB" not in server_version(url)


class Administrator:
    """Drops databases though a transaction be open on one: then all transactions of the server end.

    SecantusDB would wait for it, lets no new connection in meanwhile, and does not end it when its client goes.
    """

    def __init__(self, url: str) -> None:
        self._dropping = connect(url, socketTimeoutMS=_DROP_MS)
        self._freeing = connect(url)
        self._freeing.admin.command("listDatabases", nameOnly=True)  # a connection that is let in already

    def drop_database(self, name: str) -> None:
        """Drop a database, if there is one."""
        try:
            self._dropping.drop_database(name)
        except NetworkTimeout:
            self._freeing.admin.command("killAllSessions", [])
            self._dropping.drop_database(name)

    def close(self) -> None:
        """Let go of the server."""
        self._dropping.close()
        self._freeing.close()


def with_database(url: str, name: str) -> str:
    """The same URL for another database; who we are is still asked where it was."""
    parts = urlsplit(url)
    query = parts.query
    if parts.username and "authSource=" not in query:
        source = parts.path.removeprefix("/") or "admin"
        query = "&".join(filter(None, (query, f"authSource={source}")))
    return urlunsplit(parts._replace(path=f"/{name}", query=query))
