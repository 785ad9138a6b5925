"""The tables or collections of a database, as forms offer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from miger.engine.errors import RefusedError
from miger.forms.shapes import TableShape

if TYPE_CHECKING:
    from miger.engine.backend import Backend

MOST = 500  # tables


def read_tables(backend: Backend, limit: int = MOST) -> list[TableShape]:
    """The first `limit` tables by name, without Miger's own. Changes nothing.

    Raises StatementError, UnreachableError; RefusedError where a plugin's database cannot be read so.
    """
    if not backend.runs_sql:
        from miger.backends.mongodb import MongodbBackend  # deferred: imports the driver

        if isinstance(backend, MongodbBackend):
            from miger.forms.reading_mongodb import read_collections

            return read_collections(backend, limit)
    else:
        from miger.backends.sql import SqlBackend

        if isinstance(backend, SqlBackend) and backend.name == "mysql":
            from miger.forms.reading_mysql import read_mysql_tables

            return read_mysql_tables(backend, limit)
        if isinstance(backend, SqlBackend) and backend.name in ("sqlite", "postgresql"):
            from miger.forms.reading_sql import read_sql_tables  # deferred: imports SQLAlchemy

            return read_sql_tables(backend, limit)
    raise RefusedError(f"the tables of {backend.name} cannot be listed", "write the migration by hand")
