"""Random schemas of each SQL database, as statements, and the kinds of things that are in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from hypothesis import strategies as st

TABLES = ("users", "orders", "notes")
COLUMNS = ("id", "login", "age", "city", "total", "born")
TYPES = {
    "sqlite": ("INTEGER", "TEXT", "VARCHAR(40)", "NUMERIC(10, 2)", "REAL", "BLOB", "DATE"),
    "postgresql": (
        "integer", "bigint", "smallint", "text", "varchar(20)", "varchar(80)", "numeric(10, 2)", "boolean", "date",
        "timestamptz", "double precision", "mood", "positive",
    ),
    "mysql": (
        "int", "bigint unsigned", "smallint", "varchar(20)", "varchar(80)", "decimal(10,2)", "double", "date",
        "datetime(3)", "text", "enum('new','old')", "enum('new','old','lost')",
    ),
}  # fmt: skip
NUMBERS = ("INT", "NUMERIC", "REAL", "DOUBLE", "DECIMAL")
TEXTS = ("TEXT", "VARCHAR")
ACTIONS = ("", " ON DELETE CASCADE", " ON DELETE SET NULL")
MOODS = (("sad", "ok"), ("sad", "ok", "happy"), ("sad", "meh", "ok"))


class Drawn(NamedTuple):
    """The statements that make a schema, in order, and how many there are of each kind of thing."""

    statements: tuple[str, ...]
    kinds: Counter[str]

    @property
    def text(self) -> str:
        """A script."""
        return "".join(f"{statement};\n" for statement in self.statements)


class _Column(NamedTuple):
    name: str
    type: str
    nullable: bool
    default: str
    generated: str

    @property
    def is_number(self) -> bool:
        return any(word in self.type.upper() for word in NUMBERS) and not self.generated

    @property
    def is_text(self) -> bool:
        return any(word in self.type.upper() for word in TEXTS) and not self.generated

    @property
    def fits_keys(self) -> bool:
        """MySQL wants a length for a key on a text."""
        return self.type.upper() not in ("TEXT", "BLOB") and not self.generated


@st.composite
def schemas(draw: st.DrawFn, dialect: str) -> Drawn:
    """A schema of up to three tables with all that may belong to them."""
    kinds: Counter[str] = Counter()
    statements: list[str] = []
    if dialect == "postgresql":
        labels = ", ".join(f"'{label}'" for label in draw(st.sampled_from(MOODS)))
        statements.append(f"CREATE TYPE mood AS ENUM ({labels})")
        statements.append("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)")
        kinds["enum"] += 1
        if draw(st.booleans()):
            statements.append(f"CREATE SEQUENCE numbers INCREMENT {draw(st.sampled_from((1, 5)))}")
            kinds["sequence"] += 1
        if draw(st.booleans()):
            answer = draw(st.sampled_from((1, 2)))
            statements.append(f"CREATE FUNCTION answer() RETURNS integer LANGUAGE sql AS 'SELECT {answer}'")
            kinds["function"] += 1
    parents: dict[str, _Column] = {}
    for table in draw(st.lists(st.sampled_from(TABLES), unique=True, min_size=1, max_size=3)):
        statements += draw(_table(dialect, table, parents, kinds))
    return Drawn(tuple(statements), kinds)


@st.composite
def _table(draw: st.DrawFn, dialect: str, table: str, parents: dict[str, _Column], kinds: Counter[str]) -> list[str]:
    names = ["id", *draw(st.lists(st.sampled_from(COLUMNS[1:]), unique=True, min_size=1, max_size=4))]
    columns = [draw(_column(dialect, name, kinds)) for name in names]
    lines = [_line(column, dialect) for column in columns]
    keyed = [column for column in columns if column.fits_keys]
    primary = _primary(draw, dialect, columns, lines, kinds)
    if draw(st.booleans()) and len(keyed) > 1:
        name = draw(st.sampled_from(("", f"CONSTRAINT {table}_once ")))
        lines.append(f"{name}UNIQUE ({', '.join(column.name for column in keyed[-2:])})")
        kinds["unique"] += 1
    numbers = [column for column in columns[1:] if column.is_number]  # MySQL has no CHECK on what it counts
    if numbers and draw(st.booleans()):
        name = draw(st.sampled_from(("", f"CONSTRAINT {table}_small ")))
        lines.append(f"{name}CHECK ({numbers[-1].name} < {draw(st.sampled_from((10, 1000)))})")
        kinds["check"] += 1
    if parents and draw(st.booleans()):
        target = draw(st.sampled_from(sorted(parents)))
        name = draw(st.sampled_from(("", f"CONSTRAINT {table}_owner ")))
        lines.append(f"owner_id {parents[target].type}")
        action = draw(st.sampled_from(ACTIONS))
        lines.append(f"{name}FOREIGN KEY (owner_id) REFERENCES {target} (id){action}")
        lines.sort(key=lambda line: not _is_column(line))
        kinds["foreign key"] += 1
    if primary:
        parents[table] = columns[0]
    inner = ",\n    ".join(lines)
    statements = [f"CREATE TABLE {table} (\n    {inner}\n){_options(draw, dialect, kinds)}"]
    statements += draw(_around(dialect, table, columns, kinds))
    kinds["table"] += 1
    return statements


@st.composite
def _column(draw: st.DrawFn, dialect: str, name: str, kinds: Counter[str]) -> _Column:
    kinds["column"] += 1
    if name == "id":
        types = ("INTEGER",) if dialect == "sqlite" else ("integer", "bigint")
        return _Column(name, draw(st.sampled_from(types)), False, "", "")
    type_ = draw(st.sampled_from(TYPES[dialect]))
    column = _Column(name, type_, draw(st.booleans()), "", "")
    if column.is_number and draw(st.integers(0, 4)) == 0:
        kinds["generated column"] += 1
        return column._replace(nullable=True, generated=f"id * {draw(st.sampled_from((2, 3)))}")
    if draw(st.booleans()):
        choices: tuple[str, ...] = ("'x'", "'it''s'") if column.is_text else ("",)
        if column.is_number:
            choices = ("0", "5")
        if type_ in ("text",) and dialect == "mysql":
            choices = ("('x')",)
        default = draw(st.sampled_from(choices))
        kinds["default"] += bool(default)
        return column._replace(default=default)
    return column


def _line(column: _Column, dialect: str) -> str:
    if column.generated:
        return f"{column.name} {column.type} GENERATED ALWAYS AS ({column.generated}) STORED"
    default = f" DEFAULT {column.default}" if column.default else ""
    return f"{column.name} {column.type}{'' if column.nullable else ' NOT NULL'}{default}"


def _is_column(line: str) -> bool:
    return not line.startswith(("CONSTRAINT", "UNIQUE", "CHECK", "FOREIGN", "PRIMARY"))


def _primary(draw: st.DrawFn, dialect: str, columns: list[_Column], lines: list[str], kinds: Counter[str]) -> bool:
    """Makes `id` the primary key, alone or not, counted or not. Whether others may point to it."""
    counting = () if dialect == "mysql" and any(column.generated for column in columns) else ("counted",)
    how = draw(st.sampled_from(("plain", *counting, "double", "none")))
    kinds["primary key"] += how != "none"
    if how == "counted":
        kinds["identity"] += 1
        lines[0] = {
            "sqlite": "id INTEGER PRIMARY KEY AUTOINCREMENT",
            "postgresql": f"id {columns[0].type} GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            "mysql": f"id {columns[0].type} NOT NULL AUTO_INCREMENT PRIMARY KEY",
        }[dialect]
        return True
    if how == "plain":
        lines[0] += " PRIMARY KEY"
        return True
    second = next((column for column in columns[1:] if column.fits_keys and not column.nullable), None)
    if how == "double" and second is not None:
        lines.append(f"PRIMARY KEY (id, {second.name})")
    return False


def _options(draw: st.DrawFn, dialect: str, kinds: Counter[str]) -> str:
    if dialect == "mysql" and draw(st.booleans()):
        kinds["comment"] += 1
        return f" COMMENT='{draw(st.sampled_from(('of people', 'of things')))}'"
    return ""


@st.composite
def _around(draw: st.DrawFn, dialect: str, table: str, columns: list[_Column], kinds: Counter[str]) -> list[str]:
    """Indexes, views, triggers and comments."""
    return list(_indexes(draw, dialect, table, columns, kinds)) + list(_others(draw, dialect, table, columns, kinds))


def _indexes(draw: st.DrawFn, dialect: str, table: str, columns: list[_Column], kinds: Counter[str]) -> Iterator[str]:
    keyed = [column.name for column in columns if column.fits_keys]
    texts = [column.name for column in columns if column.is_text]
    for number in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(("plain", "unique", "partial", "expression", "descending")))
        name = f"{table}_index_{number}"
        chosen = draw(st.sampled_from(keyed))
        if kind == "partial" and dialect != "mysql":
            yield f"CREATE INDEX {name} ON {table} ({chosen}) WHERE {chosen} IS NOT NULL"
        elif kind == "expression" and dialect != "mysql" and texts:
            yield f"CREATE INDEX {name} ON {table} (lower({texts[0]}))"
        elif kind == "descending":
            yield f"CREATE INDEX {name} ON {table} ({chosen} DESC{'' if chosen == 'id' else ', id'})"
        else:
            kind = "unique" if kind == "unique" else "plain"
            yield f"CREATE {'UNIQUE ' if kind == 'unique' else ''}INDEX {name} ON {table} ({chosen})"
        kinds[f"{kind} index"] += 1


def _others(draw: st.DrawFn, dialect: str, table: str, columns: list[_Column], kinds: Counter[str]) -> Iterator[str]:
    shown = ", ".join(column.name for column in columns[: draw(st.integers(1, len(columns)))])
    if draw(st.integers(0, 2)) == 0:
        kinds["view"] += 1
        yield f"CREATE VIEW {table}_seen AS SELECT {shown} FROM {table}"
    if draw(st.integers(0, 2)) == 0:
        kinds["trigger"] += 1
        yield from _trigger(draw, dialect, table)
    if dialect == "postgresql" and draw(st.booleans()):
        kinds["comment"] += 1
        yield f"COMMENT ON COLUMN {table}.{columns[-1].name} IS '{draw(st.sampled_from(('a', 'b')))}'"


def _trigger(draw: st.DrawFn, dialect: str, table: str) -> Iterator[str]:
    event = draw(st.sampled_from(("INSERT", "UPDATE")))
    if dialect == "sqlite":
        yield f"CREATE TRIGGER {table}_seen_to AFTER {event} ON {table} BEGIN SELECT NEW.id; END"
    elif dialect == "mysql":
        yield f"CREATE TRIGGER {table}_seen_to BEFORE {event} ON {table} FOR EACH ROW SET @seen = NEW.id"
    else:
        body = "BEGIN RETURN NEW; END"
        yield f"CREATE FUNCTION {table}_look() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        call = f"EXECUTE FUNCTION {table}_look()"
        yield f"CREATE TRIGGER {table}_seen_to BEFORE {event} ON {table} FOR EACH ROW {call}"
