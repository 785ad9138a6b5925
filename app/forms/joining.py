"""Several changes in one migration: each is written for the tables as the ones before it leave them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from miger.forms import changes as of_tables
from miger.forms import document_changes as of_documents
from miger.forms.bodies import Bodies
from miger.forms.changes import Change
from miger.forms.checks import change_problems
from miger.forms.document_changes import DocumentChange
from miger.forms.document_checks import document_problems
from miger.forms.document_write import write_document_change
from miger.forms.shapes import ColumnShape, ForeignKeyShape, IndexShape, TableShape
from miger.forms.sqlite_limits import can_add
from miger.forms.write import write_change
from miger.scaffold.draft import FieldProblem

AnyChange = Change | DocumentChange
Place = tuple[str, str | None]  # name and schema of a table
_BATCHES = re.compile(r"db\.batches\(\s*(\"[^\"]*\")")
# What adds something, needs no more than names for that, and disturbs no check of the changes before it.
_ADDING = (
    of_tables.AddColumn,
    of_tables.CreateIndex,
    of_tables.AddForeignKey,
    of_documents.AddField,
    of_documents.CreateDocumentIndex,
)
_MAKING = (of_tables.CreateTable, of_documents.CreateCollection)
# What needs no more than the names of what is there.
_BY_NAMES = (
    *_ADDING,
    of_tables.RenameColumn,
    of_tables.RenameTable,
    of_documents.RenameField,
    of_documents.RemoveField,
    of_documents.RenameCollection,
)


class Joined(NamedTuple):
    """The sections of all changes that can be written, None where there is none, and what stands against the rest.

    A problem comes with the number of its change, counted from 0.
    """

    bodies: Bodies | None
    problems: tuple[tuple[int, FieldProblem], ...]


def join_changes(
    changes: Sequence[AnyChange], dialect: str, kind: str, tables: Sequence[TableShape], *, trusting: bool = False
) -> Joined:
    """The sections that make changes one after the other, and undo them backwards.

    One table may be added to several times. Whatever else alters it has to be the only change of it.

    `dialect` is sqlite, postgresql, mysql or mongodb, `kind` sql or python, `tables` those there are.
    `trusting`: a table or column that is not among them is taken to be there, where no more than its name is needed.
    """
    written: list[Bodies] = []
    problems: list[tuple[int, FieldProblem]] = []
    touched: dict[Place, bool] = {}  # whether they were only added to
    for number, change in enumerate(changes):
        known = list(_believed(change, dialect, tables) if trusting else tables)
        found = [*_problems(change, dialect, known, touched)]
        if found:
            problems += [(number, problem) for problem in found]
            continue
        bodies = _write(change, dialect, kind, known)
        found = list(_against_others(bodies, written, dialect))
        problems += [(number, problem) for problem in found]
        if not found:
            written.append(bodies)
            for place in (_table_of(change), (_new_table(change), _schema_of(change))):
                touched[place] = touched.get(place, True) and isinstance(change, (*_ADDING, *_MAKING))
            tables = after(change, known)
    return Joined(_join(written) if written else None, tuple(problems))


def _problems(
    change: AnyChange, dialect: str, tables: Sequence[TableShape], touched: Mapping[Place, bool]
) -> Iterator[FieldProblem]:
    if isinstance(change, DocumentChange):
        found = document_problems(change, tables)
    else:
        found = change_problems(change, dialect, tables)
    yield from found
    adding = isinstance(change, _ADDING) and _needs_names_only(change, dialect)
    if not found and not (touched.get(_table_of(change), True) and (adding or _table_of(change) not in touched)):
        field = "collection" if isinstance(change, DocumentChange) else "table"
        message = f"a change before this one alters {_table_of(change)[0]!r} already"
        yield FieldProblem(field, message, "this one needs a migration of its own")


def _needs_names_only(change: AnyChange, dialect: str) -> bool:
    """Whether the change can be written without the definition of its table."""
    if dialect == "sqlite" and isinstance(change, of_tables.AddForeignKey):
        return False
    if dialect == "sqlite" and isinstance(change, of_tables.AddColumn):
        return can_add(change.column, fills=change.fill is not None)
    return isinstance(change, _BY_NAMES)


def _against_others(bodies: Bodies, written: Sequence[Bodies], dialect: str) -> Iterator[FieldProblem]:
    if dialect != "mongodb" and written and any(not other.transaction for other in (bodies, *written)):
        message = "what runs outside of a transaction cannot stand beside other changes"
        yield FieldProblem("online", message, "give it a migration of its own, or let it run inside of one")
    names = set(_BATCHES.findall(bodies.up + (bodies.down or "")))
    others = {name for other in written for name in _BATCHES.findall(other.up + (other.down or ""))}
    if names & others:
        message = f"a change before this one has steps of the same name, {min(names & others)}"
        yield FieldProblem("field", message, "give it a migration of its own")


def _write(change: AnyChange, dialect: str, kind: str, tables: Sequence[TableShape]) -> Bodies:
    if isinstance(change, DocumentChange):
        return write_document_change(change, tables)
    return write_change(change, dialect, kind, tables)


def _table_of(change: AnyChange) -> Place:
    return (change.collection if isinstance(change, DocumentChange) else change.table), _schema_of(change)


def _schema_of(change: AnyChange) -> str | None:
    return None if isinstance(change, DocumentChange) else change.schema


def _new_table(change: AnyChange) -> str:
    if isinstance(change, (of_tables.RenameTable, of_documents.RenameCollection)):
        return change.new_name
    return _table_of(change)[0]


# The tables as they are meant to be


def _believed(change: AnyChange, dialect: str, tables: Sequence[TableShape]) -> Iterator[TableShape]:
    """The tables, and what a change names beside them."""
    here, columns = _table_of(change), _columns_named(change)
    believes = _needs_names_only(change, dialect)
    yield from tables
    if not believes or not here[0].strip() or any((shape.name, shape.schema) == here for shape in tables):
        return
    yield TableShape(here[0], tuple(ColumnShape(name, "") for name in columns if name.strip()), schema=here[1])


def _columns_named(change: AnyChange) -> tuple[str, ...]:
    if isinstance(change, of_tables.RenameColumn):
        return (change.column,)
    if isinstance(change, (of_tables.CreateIndex, of_tables.AddForeignKey)):
        return change.columns
    return ()


def after(change: AnyChange, tables: Sequence[TableShape]) -> list[TableShape]:
    """The tables once a change was made, as far as others need to know of it: their names, columns, indexes, keys."""
    here = _table_of(change)
    if isinstance(change, of_tables.CreateTable):
        columns = tuple(ColumnShape(c.name, c.type, c.nullable, c.default) for c in change.columns)
        made = TableShape(here[0], columns, primary_key=change.primary_key, rows=0, schema=here[1])
        return [*tables, made]
    if isinstance(change, of_documents.CreateCollection):
        return [*tables, TableShape(here[0], (), rows=0)]
    changed = [_changed(change, shape) if (shape.name, shape.schema) == here else shape for shape in tables]
    return [shape for shape in changed if shape is not None]


def _changed(change: AnyChange, shape: TableShape) -> TableShape | None:
    """A table after its change; None where it is gone."""
    match change:
        case of_tables.AddColumn(column=spec):
            added = ColumnShape(spec.name, spec.type, spec.nullable, spec.default)
            return shape._replace(columns=(*shape.columns, added))
        case of_tables.RenameColumn(column=name, new_name=new):
            return shape._replace(
                columns=tuple(c._replace(name=new) if c.name == name else c for c in shape.columns),
                primary_key=tuple(new if key == name else key for key in shape.primary_key),
            )
        case of_tables.DropColumn(column=name):
            return shape._replace(columns=tuple(c for c in shape.columns if c.name != name))
        case of_tables.CreateIndex(name=name, columns=named, unique=unique):
            index = IndexShape(name, named, unique, plain=change.where is None)
            return shape._replace(indexes=(*shape.indexes, index))
        case of_documents.CreateDocumentIndex(name=name, keys=keys):
            return shape._replace(indexes=(*shape.indexes, IndexShape(name, tuple(field for field, _ in keys))))
        case of_tables.DropIndex(name=name) | of_documents.DropDocumentIndex(name=name):
            return shape._replace(indexes=tuple(index for index in shape.indexes if index.name != name))
        case of_tables.AddForeignKey(name=name, columns=named, target=target, target_columns=pointed):
            key = ForeignKeyShape(name, named, target, pointed)
            return shape._replace(foreign_keys=(*shape.foreign_keys, key))
        case of_tables.DropForeignKey():
            gone = shape.foreign_key_named(change.name)
            return shape._replace(foreign_keys=tuple(key for key in shape.foreign_keys if key is not gone))
        case of_tables.RenameTable(new_name=new) | of_documents.RenameCollection(new_name=new):
            return shape._replace(name=new)
        case of_tables.DropTable() | of_documents.DropCollection():
            return None
    return shape


# One text out of several


def _join(written: Sequence[Bodies]) -> Bodies:
    if len(written) == 1:
        return written[0]
    backwards = [bodies.down or "" for bodies in reversed(written)]
    checks = [bodies.verify for bodies in written if bodies.verify]
    verify = "".join(checks) if written[0].kind == "sql" else _all_hold(checks)
    return Bodies(
        written[0].kind,
        "".join(bodies.up for bodies in written),
        "".join(backwards),
        verify or None,
        tuple(sorted({line for bodies in written for line in bodies.imports})),
        all(bodies.transaction for bodies in written),
        " ".join(dict.fromkeys(bodies.why for bodies in written if bodies.why)),
    )


def _all_hold(checks: Sequence[str]) -> str:
    """Bodies of `verify` as one: the first that does not hold answers."""
    parts = [_unless(check) if number < len(checks) - 1 else check for number, check in enumerate(checks)]
    answers = any(re.search(r"^return ", part, re.MULTILINE) for part in checks)
    ends = re.search(r"^return ", checks[-1], re.MULTILINE) if checks else None
    return "".join(parts) + ("return True\n" if answers and not ends else "")


def _unless(check: str) -> str:
    """A body whose answer is given only where that is no; the next one goes on otherwise."""
    statements = ast.parse(check).body
    last = statements[-1] if statements else None
    if not isinstance(last, ast.Return) or last.value is None:
        return check
    before = "".join(f"{line}\n" for line in check.splitlines()[: last.lineno - 1])
    value = ast.get_source_segment(check, last.value) or ""
    return f"{before}if not ({value}):\n    return False\n"
