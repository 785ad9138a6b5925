"""From differences to steps, by the writer of each dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from miger.engine.errors import RefusedError

if TYPE_CHECKING:
    from miger.engine.catalog import Catalog
    from miger.generate.differences import Differences
    from miger.generate.writing.written import Choices, Written

# Each writer imports SQLAlchemy and Alembic, and only one is needed.


def write(dialect: str, found: Differences, before: Catalog, after: Catalog, choices: Choices) -> Written:
    """The steps that make `after` of `before`, on sqlite, postgresql or mysql. Raises RefusedError for another."""
    if dialect == "sqlite":
        from miger.generate.writing.sqlite.write import write as write_sqlite

        return write_sqlite(found, before, after, choices)
    if dialect == "postgresql":
        from miger.generate.writing.postgresql.write import write as write_postgresql

        return write_postgresql(found, before, after, choices)
    if dialect == "mysql":
        from miger.generate.writing.mysql.write import write as write_mysql

        return write_mysql(found, before, after, choices)
    raise RefusedError(f"no migration can be written from schema changes for {dialect}", "`miger create` makes a file")
