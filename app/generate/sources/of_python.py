"""The wanted schema as Python: MetaData of SQLAlchemy (also that of SQLModel, or of a declarative base), or classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from miger.engine.backend import Backend
from miger.engine.catalog import Catalog, Thing
from miger.engine.errors import ConfigError, MigerError, StatementError
from miger.engine.statements import Statement, split
from miger.engine.statements.kinds import kind_of
from miger.generate.carrying_out import carry_out
from miger.generate.scope import TABLES, Scope
from miger.generate.sources.apart import ask_apart
from miger.generate.sources.beyond import reaches_beyond

TELLING = "miger.generate.sources.declared:"  # imports SQLAlchemy and the project: only over there


class DeclaredSource:
    """What a function of `miger.generate.sources.declared` says of the project's code in `folder`.

    The code runs in another process, which tells the statements and changes nothing; they run here, where
    nothing lets them out of the scratch database.
    """

    def __init__(self, text: str, folder: str, function: str, arguments: Mapping[str, object]) -> None:
        self.text = text
        self.renames: tuple[tuple[str, str], ...] = ()
        self._folder = folder
        self._function = function
        self._arguments = arguments

    @property
    def scope(self) -> Scope:
        """Tables; SQLAlchemy has no words for views, functions and triggers."""
        return TABLES

    def build(self, blank: Backend, live: Catalog | None = None) -> None:
        """Makes the tables. Raises ConfigError where the module, or what it declares, is not right."""
        url = blank.environment.url
        database = {"url": url.reveal(), "prefix": blank.prefix, "folder": self._folder}
        arguments = {**self._arguments, **database}
        told = ask_apart(TELLING + self._function, arguments, self._folder, secrets=url.secrets)
        self.renames = tuple((before, after) for before, after in told["renames"])
        _make(self.text, told["statements"], blank, live)


class MetadataSource(DeclaredSource):
    """What `module:attribute` names in a project's `folder`: a MetaData, or what has one."""

    def __init__(self, text: str, folder: str, module: str, attribute: str) -> None:
        super().__init__(text, folder, "statements_of_metadata", {"module": module, "attribute": attribute})


class ClassesSource(DeclaredSource):
    """The classes of a `module` in a project's `folder`."""

    def __init__(self, text: str, folder: str, module: str) -> None:
        super().__init__(text, folder, "statements_of_classes", {"module": module})


def _make(text: str, statements: Sequence[str], blank: Backend, live: Catalog | None) -> None:
    lacking = _make_extensions(blank, live)

    def failure(statement: Statement, error: MigerError) -> ConfigError:
        hint = "; ".join([f"the statement is: {' '.join(statement.sql.split())[:300]}", *lacking])
        return ConfigError(f"{text} cannot be made: {error.message}", hint=hint)

    carry_out(blank, _checked(statements, blank.dialect, text), failure)


def _checked(statements: Sequence[str], dialect: str, text: str) -> Iterator[Statement]:
    """The statements; each is one, whatever semicolons are in it."""
    for number, written in enumerate(statements, 1):
        sql = written.strip()
        end = "\n" if ";" in sql else "\n;"  # one with an end that others can follow, unless it is several after all
        statement = Statement(number, 0, sql + end, kind_of(sql), stop=len(sql))
        if beyond := reaches_beyond(statement, dialect):
            hint = "a listener of the metadata executes it; take it out"
            raise ConfigError(f"{text}: {beyond} reaches beyond the one database", hint=hint)
        yield statement


def _make_extensions(blank: Backend, live: Catalog | None) -> list[str]:
    """Makes the extensions of the live database, whose types a model may use, and which it cannot declare.

    Returns what stands against those that could not be made: it matters only if something needs them.
    """
    things = live.things if live is not None else ()
    left = {thing.name: thing for thing in things if thing.kind == "extension"}
    schemas = {thing.name: thing for thing in things if thing.kind == "schema"}
    lacking: list[str] = []

    def make(thing: Thing) -> None:
        for name in thing.needs:
            if name in left:
                make(left.pop(name))
        schema = schemas.pop(thing.definition.partition(" WITH SCHEMA ")[2], None)
        try:
            for made in (schema, thing) if schema is not None else (thing,):
                blank.execute(list(split([made.definition], blank.dialect)))
        except StatementError as error:
            lacking.append(f"the extension {thing.name} of the live database could not be made here: {error.message}")

    while left:
        make(left.pop(next(iter(left))))
    return lacking
