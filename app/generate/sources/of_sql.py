"""The wanted schema as SQL: a file, or a folder of them, carried out in order in an empty database."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from miger.engine.backend import Backend
from miger.engine.catalog import Catalog
from miger.engine.errors import ConfigError, MigerError, Problem, StatementError
from miger.engine.statements import SplitError, Statement, split
from miger.generate.carrying_out import carry_out
from miger.generate.scope import EVERYTHING, Scope
from miger.generate.sources.beyond import reaches_beyond

#: What Miger does by itself, and who may do what and owns what, which no catalog tells.
SKIPPED = frozenset(
    {"BEGIN", "START TRANSACTION", "COMMIT", "END", "GRANT", "REVOKE", "ALTER DEFAULT PRIVILEGES"},
)
_owner = re.compile(r"(?is)ALTER\s[^;']*\sOWNER\s+TO\s+\S+").fullmatch
_UNDONE = frozenset({"ROLLBACK", "ABORT", "PREPARE TRANSACTION", "COMMIT PREPARED", "ROLLBACK PREPARED"})
_rename = re.compile(r"(?m)^[ \t]*--[ \t]*miger:rename[ \t]+([^\s:]+):([^\s:]+)[ \t]*$").finditer
_sqlite_own = re.compile(r"(?i)CREATE\s+TABLE\s+[\"'`\[]?sqlite_").match  # among what .schema prints
_client = re.compile(r"\\\w+|\\.|\.[a-z]+\b").match
_harmless = re.compile(r"\\(un)?restrict\b[^\n]*\n?").match  # pg_dump writes them around all of its output


class SqlSource(NamedTuple):
    """An SQL file at `path`, or a folder whose .sql files are read in order of their names."""

    text: str
    path: str

    @property
    def scope(self) -> Scope:
        """What is not in the files shall not be in the database."""
        return EVERYTHING

    @property
    def renames(self) -> tuple[tuple[str, str], ...]:
        """The names in lines `-- miger:rename users.mail:users.email`. Raises as `build`."""
        return tuple((found[1], found[2]) for path in self._files() for found in _rename(_read(path)))

    def build(self, blank: Backend, live: Catalog | None = None) -> None:
        """Carries out the files. Raises ConfigError with the file and line of what cannot be."""
        if sum(self._carry_out(blank, path) for path in self._files()) == 0:
            hint = "an empty one would mean that everything shall go"
            raise ConfigError(f"no statement is in {self.path}", hint=hint)

    def _carry_out(self, blank: Backend, path: str) -> int:
        def failure(statement: Statement, error: MigerError) -> ConfigError:
            position = error.position if isinstance(error, StatementError) else None
            line = statement.line + statement.sql.count("\n", 0, position or 0)
            return self._wrong(path, line, error.message, error.hint)

        try:
            return carry_out(blank, self._statements(path, _read(path), blank.dialect), failure)
        except SplitError as error:
            raise self._wrong(path, error.line, error.message, error.hint) from error

    def _statements(self, path: str, text: str, dialect: str) -> Iterator[Statement]:
        for statement in _without_harmless(split([text], dialect), dialect):
            kind, sql = statement.kind, statement.sql
            if kind in SKIPPED or _owner(sql) or _sqlite_own(sql):
                continue
            if found := _client(sql):
                hint = "write SQL alone; what \\i or .read includes can be a file of its own in a folder"
                message = f"{found[0]} is a command of the database's client, which no server knows"
                raise self._wrong(path, statement.line, message, hint)
            if beyond := reaches_beyond(statement, dialect):
                hint = "take it out; it is no part of the schema"
                raise self._wrong(path, statement.line, f"{beyond} reaches beyond the one database", hint)
            if kind in _UNDONE:
                hint = "take it out: the file says what shall be there"
                raise self._wrong(path, statement.line, f"{kind} in a wanted schema", hint)
            yield statement

    def _wrong(self, path: str, line: int | None, message: str, hint: str = "") -> ConfigError:
        return ConfigError(f"the wanted schema {self.text} cannot be made", [Problem(path, line, message, hint)])

    def _files(self) -> list[str]:
        if not os.path.isdir(self.path):
            return [self.path]
        try:
            names = sorted(name for name in os.listdir(self.path) if name.lower().endswith(".sql"))
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be read: {error.strerror}") from error
        if not names:
            raise ConfigError(f"no .sql file is in {self.path}", hint="folders within it are not read")
        return [os.path.join(self.path, name) for name in names]


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read()
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}", hint="`schema` in miger.toml names it, from its own folder") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = Problem(path, line, "is not UTF-8 text", "save it as UTF-8")
        raise ConfigError("the wanted schema cannot be read", [problem]) from None


def _without_harmless(statements: Iterator[Statement], dialect: str) -> Iterator[Statement]:
    r"""The statements without psql's \restrict, which has no semicolon and so stands before another one."""
    for statement in statements:
        found = _harmless(statement.sql)
        if found is None:
            yield statement
        else:
            rest = split([statement.sql[found.end() :]], dialect, statement.line + found[0].count("\n"))
            yield from _without_harmless(rest, dialect)
