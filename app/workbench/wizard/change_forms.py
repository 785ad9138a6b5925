"""The forms of the changes: which fields each has, and the change that comes of what is filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from miger.forms import changes as of_tables
from miger.forms import document_changes as of_documents
from miger.forms.joining import AnyChange
from miger.forms.shapes import TableShape
from miger.widgets.form_field import FieldSpec
from miger.workbench.wizard.column_lines import column_specs, table_keys

NO, YES = "no", "yes"
KEEP = "as it is"
NO_ACTION = "none"


class Filled(NamedTuple):
    """What is filled into a form: the texts by field, and the table or collection that `table` names."""

    texts: Mapping[str, str]
    table: str
    schema: str | None

    def text(self, name: str) -> str:
        """What is in a field, without spaces around it."""
        return self.texts.get(name, "").strip()

    def maybe(self, name: str) -> str | None:
        """The same, None where it is empty."""
        return self.text(name) or None

    def names(self, name: str) -> tuple[str, ...]:
        """The names in a field, with commas between them."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def yes(self, name: str) -> bool:
        """Whether a field says yes."""
        return self.text(name) == YES

    def in_schema(self, name: str) -> str:
        """A table, without the schema before it where that is the one of the form's own table."""
        text = self.text(name)
        return text.removeprefix(f"{self.schema}.") if self.schema is not None else text


class ChangeForm(NamedTuple):
    """A change by form. `make` gives the change; what is wrong with it is told by the fields' names."""

    id: str
    label: str
    fields: tuple[FieldSpec, ...]
    make: Callable[[Filled], AnyChange]


TABLE = FieldSpec("table", "Table", "a table", offers="tables")
COLUMN = FieldSpec("column", "Column", "a column", offers="columns")
COLUMNS = FieldSpec("columns", "Columns", "one, or several with commas", offers="columns", many=True)
FILL = FieldSpec("fill", "Fill with", "for the rows there are: 0, lower(login)")
NULLABLE = FieldSpec("nullable", "May be NULL", choices=(YES, NO))
DEFAULT = FieldSpec("default", "Default", "'open', 0, CURRENT_TIMESTAMP; or empty")
ONLINE = FieldSpec("online", "Concurrently", choices=(NO, YES))
ACTIONS = FieldSpec("on_delete", "On delete", choices=(NO_ACTION, "CASCADE", "SET NULL", "RESTRICT"))


def forms_for(dialect: str) -> tuple[ChangeForm, ...]:
    """The forms that fit a kind of database: sqlite, postgresql, mysql or mongodb."""
    if dialect == "mongodb":
        return DOCUMENT_FORMS
    found = []
    for form in TABLE_FORMS:
        fields = tuple(field for field in form.fields if dialect in ONLY_ON.get((form.id, field.name), (dialect,)))
        found.append(form._replace(fields=fields))
    return tuple(found)


ONLY_ON = {
    ("create_index", "online"): ("postgresql",),
    ("create_index", "where"): ("postgresql", "sqlite"),
    ("drop_index", "online"): ("postgresql",),
    ("add_foreign_key", "online"): ("postgresql",),
    ("alter_column", "using"): ("postgresql",),
}
"""The fields that not every database has."""


def place_of(text: str, tables: Sequence[TableShape]) -> tuple[str, str | None]:
    """Name and schema of the table that is meant by a text."""
    name = text.strip()
    for shape in tables:
        if shape.path == name:
            return shape.name, shape.schema
    return name, None


def made_of(form: ChangeForm, texts: Mapping[str, str], tables: Sequence[TableShape]) -> AnyChange:
    """The change that is filled in. Never raises: what is missing is empty in it."""
    key = "collection" if "collection" in [field.name for field in form.fields] else "table"
    table, schema = place_of(texts.get(key, ""), tables)
    return form.make(Filled(texts, table, schema))


def _add_column(filled: Filled) -> AnyChange:
    spec = of_tables.ColumnSpec(
        filled.text("name"), filled.text("type"), filled.text("nullable") != NO, filled.maybe("default")
    )
    return of_tables.AddColumn(filled.table, spec, filled.maybe("fill"), filled.schema)


def _alter_column(filled: Filled) -> AnyChange:
    nullable = {YES: True, NO: False}.get(filled.text("nullable"))
    return of_tables.AlterColumn(
        filled.table,
        filled.text("column"),
        filled.maybe("type"),
        filled.maybe("using"),
        nullable,
        filled.maybe("default"),
        filled.yes("drop_default"),
        filled.maybe("fill"),
        filled.schema,
    )


def _create_table(filled: Filled) -> AnyChange:
    specs, primary = column_specs(filled.text("columns"))
    keys = table_keys(filled.text("foreign_keys"), filled.table)
    return of_tables.CreateTable(filled.table, specs, filled.names("primary_key") or primary, keys, filled.schema)


def _create_index(filled: Filled) -> AnyChange:
    columns = filled.names("columns")
    name = filled.text("name") or _name(filled.table, columns, "idx")
    return of_tables.CreateIndex(
        filled.table, name, columns, filled.yes("unique"), filled.maybe("where"), filled.yes("online"), filled.schema
    )


def _add_foreign_key(filled: Filled) -> AnyChange:
    columns, action = filled.names("columns"), filled.text("on_delete")
    return of_tables.AddForeignKey(
        filled.table,
        filled.text("name") or _name(filled.table, columns, "fkey"),
        columns,
        filled.in_schema("target"),
        filled.names("target_columns"),
        "" if action == NO_ACTION else action,
        filled.yes("online"),
        filled.schema,
    )


def _name(table: str, columns: Sequence[str], end: str) -> str:
    return "_".join([table, *columns, end])[:60] if table and columns else ""


TABLE_FORMS: tuple[ChangeForm, ...] = (
    ChangeForm("add_column", "add a column", (
        TABLE, FieldSpec("name", "New column", "its name"), FieldSpec("type", "Type", "varchar(100), bigint, …"),
        NULLABLE, DEFAULT, FILL), _add_column),
    ChangeForm("alter_column", "alter a column", (
        TABLE, COLUMN, FieldSpec("type", "New type", "empty: as it is"),
        FieldSpec("using", "Using", "converts a value: length(note)"),
        NULLABLE._replace(choices=(KEEP, YES, NO)), DEFAULT._replace(hint="a new one; empty: as it is"),
        FieldSpec("drop_default", "Drop default", choices=(NO, YES)), FILL), _alter_column),
    ChangeForm("rename_column", "rename a column", (TABLE, COLUMN, FieldSpec("new_name", "New name")),
        lambda f: of_tables.RenameColumn(f.table, f.text("column"), f.text("new_name"), f.schema)),
    ChangeForm("drop_column", "drop a column", (
        TABLE, COLUMN, FILL._replace(label="Down fills", hint="where it may not be NULL: a value")),
        lambda f: of_tables.DropColumn(f.table, f.text("column"), f.maybe("fill"), f.schema)),
    ChangeForm("create_table", "create a table", (
        FieldSpec("table", "Table", "its name"),
        FieldSpec("columns", "Columns", "one a line: id bigint identity · name varchar(80) not null default 'x'",
                  rows=5),
        FieldSpec("primary_key", "Primary key", "empty: those that say primary key"),
        FieldSpec("foreign_keys", "Foreign keys", "one a line: customer_id -> customers.id cascade", rows=2)),
        _create_table),
    ChangeForm("rename_table", "rename a table", (TABLE, FieldSpec("new_name", "New name")),
        lambda f: of_tables.RenameTable(f.table, f.text("new_name"), f.schema)),
    ChangeForm("drop_table", "drop a table", (TABLE,), lambda f: of_tables.DropTable(f.table, f.schema)),
    ChangeForm("create_index", "create an index", (
        TABLE, COLUMNS, FieldSpec("name", "Name", "empty: made of table and columns"),
        FieldSpec("unique", "Unique", choices=(NO, YES)),
        FieldSpec("where", "Where", "a condition, for a partial index"), ONLINE), _create_index),
    ChangeForm("drop_index", "drop an index", (TABLE, FieldSpec("name", "Index", "an index", offers="indexes"), ONLINE),
        lambda f: of_tables.DropIndex(f.table, f.text("name"), f.yes("online"), f.schema)),
    ChangeForm("add_foreign_key", "add a foreign key", (
        TABLE, COLUMNS, FieldSpec("target", "Points to", "a table", offers="tables"),
        FieldSpec("target_columns", "Its columns", "its key", offers="target_columns", many=True),
        FieldSpec("name", "Name", "empty: made of table and columns"), ACTIONS,
        ONLINE._replace(label="Check online")), _add_foreign_key),
    ChangeForm("drop_foreign_key", "drop a foreign key", (
        TABLE, FieldSpec("name", "Foreign key", "a foreign key", offers="foreign_keys")),
        lambda f: of_tables.DropForeignKey(f.table, f.text("name"), f.schema)),
)  # fmt: skip

COLLECTION = FieldSpec("collection", "Collection", "a collection", offers="tables")
FIELD = FieldSpec("field", "Field", "a field", offers="columns")
VALIDATOR = FieldSpec("validator", "Validator", 'JSON: {"$jsonSchema": {"required": ["name"]}}', rows=4)


def _document_index(filled: Filled) -> AnyChange:
    keys = tuple(_key(part) for part in filled.names("keys"))
    name = filled.text("name") or "_".join(f"{field}_{kind}" for field, kind in keys)
    return of_documents.CreateDocumentIndex(filled.table, name, keys, filled.yes("unique"), filled.maybe("where"))


def _key(part: str) -> tuple[str, int | str]:
    """`field`, `field -1` or `field text`."""
    field, _, kind = part.partition(" ")
    kind = kind.strip()
    return field, int(kind) if kind in ("1", "-1") else kind or 1


DOCUMENT_FORMS: tuple[ChangeForm, ...] = (
    ChangeForm("add_field", "add a field", (
        COLLECTION, FieldSpec("field", "New field", "its name"),
        FieldSpec("value", "Value", 'JSON, for each document: null, 0, "open"')),
        lambda f: of_documents.AddField(f.table, f.text("field"), f.text("value") or "null")),
    ChangeForm("rename_field", "rename a field", (COLLECTION, FIELD, FieldSpec("new_name", "New name")),
        lambda f: of_documents.RenameField(f.table, f.text("field"), f.text("new_name"))),
    ChangeForm("remove_field", "remove a field", (COLLECTION, FIELD),
        lambda f: of_documents.RemoveField(f.table, f.text("field"))),
    ChangeForm("create_collection", "create a collection", (
        FieldSpec("collection", "Collection", "its name"), VALIDATOR),
        lambda f: of_documents.CreateCollection(f.table, f.maybe("validator"))),
    ChangeForm("rename_collection", "rename a collection", (COLLECTION, FieldSpec("new_name", "New name")),
        lambda f: of_documents.RenameCollection(f.table, f.text("new_name"))),
    ChangeForm("drop_collection", "drop a collection", (COLLECTION,), lambda f: of_documents.DropCollection(f.table)),
    ChangeForm("create_document_index", "create an index", (
        COLLECTION, FieldSpec("keys", "Fields", "city, age -1, text text", offers="columns", many=True),
        FieldSpec("name", "Name", "empty: made of the fields"), FieldSpec("unique", "Unique", choices=(NO, YES)),
        FieldSpec("where", "Where", 'JSON, for a partial one: {"age": {"$gt": 0}}')), _document_index),
    ChangeForm("drop_document_index", "drop an index", (
        COLLECTION, FieldSpec("name", "Index", "an index", offers="indexes")),
        lambda f: of_documents.DropDocumentIndex(f.table, f.text("name"))),
    ChangeForm("set_validator", "set the validator", (
        COLLECTION, VALIDATOR._replace(hint=f"{VALIDATOR.hint}; empty takes it away"),
        FieldSpec("level", "Level", choices=("strict", "moderate", "off")),
        FieldSpec("action", "Action", choices=("error", "warn"))),
        lambda f: of_documents.SetValidator(f.table, f.maybe("validator"), f.text("level") or "strict",
                                            f.text("action") or "error")),
)  # fmt: skip


def offers_of(field: FieldSpec, texts: Mapping[str, str], tables: Sequence[TableShape]) -> tuple[str, ...]:
    """What the database has for a field."""
    if field.offers == "tables":
        return tuple(shape.path for shape in tables)
    if not field.offers:
        return ()
    source = (
        texts.get("target", "") if field.offers == "target_columns" else texts.get("table") or texts.get("collection")
    )
    name, schema = place_of(source or "", tables)
    shape = next((found for found in tables if (found.name, found.schema) == (name, schema)), None)
    if shape is None:
        return ()
    match field.offers:
        case "indexes":
            return tuple(index.name for index in shape.indexes)
        case "foreign_keys":
            return tuple(key.name or ",".join(key.columns) for key in shape.foreign_keys)
        case "target_columns":
            rest = [column.name for column in shape.columns if column.name not in shape.primary_key]
            return (*shape.primary_key, *rest)
    return tuple(column.name for column in shape.columns)
