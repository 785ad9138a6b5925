"""One client of MongoDB and its sessions: connecting, connecting anew, and ending what a former run left."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pymongo
from bson import Binary
from pymongo import MongoClient, ReadPreference
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from miger.backends import mongodb_errors
from miger.backends.mongodb_address import CONNECT_SECONDS, read_address, refused_by_all
from miger.backends.mongodb_catalog import Catalog, Document
from miger.backends.mongodb_records import Records
from miger.engine.backend import Backend
from miger.engine.errors import RefusedError, StatementError, UnreachableError
from miger.engine.secrets import scrub, secrets_of

if TYPE_CHECKING:
    from miger.engine.environments import Environment

OWN_SECONDS = 30.0  # for a statement of ours, whatever `statement_timeout` says
CLOSE_SECONDS = 2.0
END_SESSION_SECONDS = 20.0


class MongodbConnection(Backend):
    """The connection: one client, and one session that everything of a run goes through."""

    def __init__(self, environment: Environment, prefix: str) -> None:
        super().__init__(environment, prefix)
        self._secrets = secrets_of(environment.url.reveal())
        self._client: MongoClient[Document] | None = None
        self._begun = False

    def open(self) -> None:
        if self._client is not None:
            return
        url = self.environment.url.reveal()
        try:
            address = read_address(url)
            if refused := refused_by_all(address):
                raise ValueError(refused)
            client = self._client = MongoClient(url, **self._options(url))
            self._set_up(client, address.database)
            with pymongo.timeout(CONNECT_SECONDS):
                hello = client.admin.command("hello", session=self._aside)
                self._database.command("ping", session=self._aside)  # `hello` is told to anyone
            self.transactions = bool(hello.get("setName")) or hello.get("msg") == "isdbgrid"
        except (PyMongoError, ValueError) as error:
            self.close()
            message = mongodb_errors.message_of(error) if isinstance(error, PyMongoError) else str(error)
            raise UnreachableError(
                f"cannot connect to {self.environment.url}: {scrub(message, self._secrets)}",
                "check `url` of the environment in miger.toml, and that the server runs and lets you in",
            ) from None  # the driver's traceback may hold the password

    def _options(self, url: str) -> dict[str, Any]:
        """The driver's options, but for those that the URL has. A time limit is for each of its calls."""
        limit = self.environment.statement_timeout
        options: dict[str, Any] = {
            "appname": "miger",
            "connectTimeoutMS": CONNECT_SECONDS * 1000,
            "serverSelectionTimeoutMS": CONNECT_SECONDS * 1000,
            **({"timeoutMS": round(limit * 1000)} if limit is not None else {}),
        }
        given = url.partition("?")[2].lower()
        return {name: value for name, value in options.items() if f"{name.lower()}=" not in given}

    def _set_up(self, client: MongoClient[Document], database: str) -> None:
        """The sessions, one of which is named in every call: that of another client may be bound in this thread."""
        # Within a transaction, a bound session and a write concern of its own exclude each other.
        self._database = client.get_database(
            database, read_preference=ReadPreference.PRIMARY, write_concern=WriteConcern(), read_concern=ReadConcern()
        )
        self._session, self._aside = client.start_session(), client.start_session()
        self._records = Records(self._database, self.prefix, self._session)

    def close(self) -> None:
        client, self._client = self._client, None
        self._begun = False
        if client is None:
            return
        with contextlib.suppress(PyMongoError), pymongo.timeout(CLOSE_SECONDS):
            self._session.end_session()  # aborts
            self._aside.end_session()
        with contextlib.suppress(PyMongoError), pymongo.timeout(CLOSE_SECONDS):
            client.close()

    def reopen(self) -> None:
        former = self._session_name() if self._client is not None else ""
        self.close()
        self.open()
        if former:
            self._end_session(former)
            with self.told():
                self._records.rename_session(former, self._session_name())

    def server(self) -> str:
        with self.told():
            return f"mongodb {self._opened.server_info(self._session)['version']}"

    @property
    def _opened(self) -> MongoClient[Document]:
        self.open()
        assert self._client is not None
        return self._client

    @property
    def _ours(self) -> Records:
        self.open()
        return self._records

    @property
    def session_of_run(self) -> ClientSession:
        """The session that everything of a run goes through."""
        self.open()
        return self._session

    @property
    def user_database(self) -> Database[Document]:
        """The database of the URL, for what a migration does. Raises RefusedError where nothing may be written."""
        self.open()
        if self.environment.read_only and not self._begun:
            self._refuse_read_only()
        return self._database

    @property
    def catalog(self) -> Catalog:
        """What is asked of the catalog goes beside the open transaction."""
        self.open()
        return Catalog(self._database, self._aside)

    @contextlib.contextmanager
    def told(self, seconds: float | None = None) -> Iterator[None]:
        """Turns the driver's exceptions into StatementError; with a limit in place of the environment's."""
        try:
            with pymongo.timeout(seconds) if seconds is not None else contextlib.nullcontext():
                yield
        except PyMongoError as error:
            raise self._refused(error) from error

    def _refused(self, error: PyMongoError) -> StatementError:
        return mongodb_errors.refusal(error, self._secrets)

    @contextlib.contextmanager
    def _asking(self) -> Iterator[Records]:
        """Our collections, for statements of ours."""
        with self.told(OWN_SECONDS):
            yield self._ours

    def _session_name(self) -> str:
        """What the server knows our session by, so that another run can end it."""
        return UUID(bytes=bytes(self.session_of_run.session_id["id"])).hex

    def _end_session(self, name: str) -> None:
        """A process that was killed or stopped may have left a statement or a transaction on the server."""
        if not name or name == self._session_name():
            return
        id = Binary(UUID(name).bytes, 4)
        running: list[Mapping[str, Any]] = [
            {"$currentOp": {"idleSessions": True}},
            {"$match": {"lsid.id": id, "$or": [{"active": True}, {"transaction": {"$exists": True}}]}},
        ]
        deadline = time.monotonic() + END_SESSION_SECONDS
        while True:
            with self.told(OWN_SECONDS):
                self._opened.admin.command("killSessions", [{"id": id}], session=self._aside)
                with self._opened.admin.aggregate(running, session=self._aside) as found:
                    if not list(found):
                        return
            if time.monotonic() > deadline:
                raise UnreachableError(
                    f"the former run's session ({name}) does not end on the server",
                    "have an administrator end it: db.adminCommand({killAllSessions: []})",
                )
            time.sleep(0.05)

    def _refuse_read_only(self) -> None:
        if self.environment.read_only:
            raise RefusedError(
                f"environment {self.environment.name} is read-only",
                "take `read_only = true` out of its section in miger.toml to change that database",
            )
