"""Databases to measure on: made empty, or copied from one that is ready."""

from __future__ import annotations

import os
import shutil
from typing import Protocol

from tests.servers import Server, postgresql


class Databases(Protocol):
    """One kind of database."""

    name: str

    def url(self, name: str) -> str:
        """The URL of a database, whether it exists or not."""
        ...

    def empty(self, name: str) -> None:
        """Make it anew, with nothing in it."""
        ...

    def copy(self, template: str, name: str) -> None:
        """Make it anew, like `template`."""
        ...

    def alembic_url(self, name: str) -> str:
        """The URL as SQLAlchemy wants it."""
        ...


class SqliteFiles:
    """Files in a folder."""

    name = "sqlite"

    def __init__(self, folder: str) -> None:
        self._folder = folder
        os.makedirs(folder, exist_ok=True)

    def path(self, name: str) -> str:
        """The file of a database."""
        return os.path.join(self._folder, f"{name}.db")

    def url(self, name: str) -> str:
        return f"sqlite:///{self.path(name)}"

    def empty(self, name: str) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            if os.path.exists(path := self.path(name) + suffix):
                os.unlink(path)

    def copy(self, template: str, name: str) -> None:
        self.empty(name)
        shutil.copyfile(self.path(template), self.path(name))

    def alembic_url(self, name: str) -> str:
        return self.url(name)


class PostgresqlDatabases:
    """Databases on the tests' server."""

    name = "postgresql"

    def __init__(self, server: Server) -> None:
        import psycopg

        self._url = server.url
        self._admin = psycopg.connect(server.url, autocommit=True)

    def url(self, name: str) -> str:
        return postgresql.with_database(self._url, f"bench_{name}")

    def empty(self, name: str) -> None:
        postgresql.drop_database(self._admin, f"bench_{name}")
        postgresql.create_database(self._admin, f"bench_{name}")

    def copy(self, template: str, name: str) -> None:
        postgresql.drop_database(self._admin, f"bench_{name}")
        self._admin.execute(f'CREATE DATABASE "bench_{name}" TEMPLATE "bench_{template}"'.encode())

    def alembic_url(self, name: str) -> str:
        return self.url(name).replace("postgresql://", "postgresql+psycopg://", 1)

    def close(self) -> None:
        """Let go of the server."""
        self._admin.close()
