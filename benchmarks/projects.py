"""Projects made for measuring: the same tiny migrations for Miger and for Alembic, and one big SQL file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

CONFIG = """[project]
name = "bench"
[environments.dev]
url = "${DATABASE_URL}"
"""
ALEMBIC_CONFIG = "[alembic]\nscript_location = %(here)s/alembic\npath_separator = os\n"
# One transaction a migration, as Miger does it.
ALEMBIC_ENV = """import os
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(os.environ["ALEMBIC_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = '''"""Make table {number}."""
from alembic import op

revision = "{id}"
down_revision = {parents!r}
branch_labels = None
depends_on = None


def upgrade():
    op.execute("{up}")


def downgrade():
    op.execute("{down}")
'''
TEXT = (
    "O''Brien wrote: \"it''s done; really\" -- no comment /* nor this */ and a few words more, because rows of real "
    "dumps are about this long"
)


@dataclass(frozen=True, slots=True)
class Project:
    """Two folders with the same migrations: Miger's and Alembic's."""

    miger: str
    alembic: str

    @property
    def migrations(self) -> str:
        """The folder of Miger's migration files."""
        return os.path.join(self.miger, "migrations")


def parents_in_chain(number: int) -> tuple[int, ...]:
    """Each depends on the one before it."""
    return (number - 1,) if number else ()


def parents_in_dag(number: int) -> tuple[int, ...]:
    """Diamonds one after the other: one, two beside each other, and one that merges them."""
    if number % 3 == 0:
        return (number - 2, number - 1) if number else ()
    return (number - number % 3,)


def make_project(folder: str, count: int, *, dag: bool = False) -> Project:
    """A project of `count` migrations, each a CREATE TABLE."""
    shutil.rmtree(folder, ignore_errors=True)
    project = Project(os.path.join(folder, "miger"), os.path.join(folder, "alembic"))
    versions = os.path.join(project.alembic, "alembic", "versions")
    os.makedirs(project.migrations)
    os.makedirs(versions)
    _write(os.path.join(project.miger, "miger.toml"), CONFIG)
    _write(os.path.join(project.alembic, "alembic.ini"), ALEMBIC_CONFIG)
    _write(os.path.join(project.alembic, "alembic", "env.py"), ALEMBIC_ENV)
    for number in range(count):
        parents = parents_in_dag(number) if dag else parents_in_chain(number)
        up = f"CREATE TABLE t{number:05} (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL)"
        down = f"DROP TABLE t{number:05}"
        listed = ", ".join(f'"{_id(parent)}"' for parent in parents)
        head = f"-- /// miger\n-- depends = [{listed}]\n-- ///\n" if dag else ""
        name = os.path.join(project.migrations, f"{_id(number)}.sql")
        _write(name, f"{head}-- miger:up\n{up};\n-- miger:down\n{down};\n")
        revisions = tuple(f"r{parent:05}" for parent in parents)
        down_revision = revisions if len(revisions) > 1 else (*revisions, None)[0]
        text = REVISION.format(number=number, id=f"r{number:05}", parents=down_revision, up=up, down=down)
        _write(os.path.join(versions, f"r{number:05}.py"), text)
    return project


def _id(number: int) -> str:
    return f"{20260101000000 + number}_make_t{number:05}"


def make_big_file(folder: str, size: int) -> tuple[str, str]:
    """A project with one migration of about `size` bytes of INSERTs; and the same for clients, in a transaction."""
    shutil.rmtree(folder, ignore_errors=True)
    migrations = os.path.join(folder, "migrations")
    os.makedirs(migrations)
    _write(os.path.join(folder, "miger.toml"), CONFIG)
    plain = os.path.join(folder, "plain.sql")
    with open(os.path.join(migrations, "20260101000000_load.sql"), "w") as ours, open(plain, "w") as theirs:
        ours.write("-- miger:up\n")
        theirs.write("BEGIN;\n")
        for text in _inserts(size):
            ours.write(text)
            theirs.write(text)
        ours.write("-- miger:down\nDROP TABLE notes;\n")
        theirs.write("COMMIT;\n")
    return folder, plain


def _inserts(size: int) -> Iterator[str]:
    yield "CREATE TABLE notes (id INTEGER PRIMARY KEY, author TEXT, body TEXT);\n"
    written = number = 0
    while written < size:
        lines = [
            f"INSERT INTO notes (id, author, body) VALUES ({row}, 'author {row % 1000}', '{TEXT}');\n"
            for row in range(number, number + 1000)
        ]
        number += 1000
        text = "".join(lines)
        written += len(text)
        yield text


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
