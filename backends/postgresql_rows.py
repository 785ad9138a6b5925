"""Copying some rows of each table, and those that they refer to, so that no foreign key points nowhere."""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]

MOST_KEYS = 5000  # in one question

TABLES = (
    "SELECT c.oid::bigint, n.nspname, c.relname, coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum) "
    "FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "AND a.attgenerated = ''), '{}'), coalesce((SELECT array_agg(a.attname::text ORDER BY k.place) "
    "FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k (attnum, place) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
    "WHERE i.indrelid = c.oid AND i.indisprimary), '{}') "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' "
    "AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT 1 "
    "FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::regclass "
    "AND d.deptype = 'e') ORDER BY c.oid"
)
REFERENCES = (
    "SELECT c.conrelid::bigint, c.confrelid::bigint, (SELECT array_agg(a.attname::text ORDER BY k.place) "
    "FROM unnest(c.conkey) WITH ORDINALITY k (attnum, place) JOIN pg_catalog.pg_attribute a "
    "ON a.attrelid = c.conrelid AND a.attnum = k.attnum), (SELECT array_agg(a.attname::text ORDER BY k.place) "
    "FROM unnest(c.confkey) WITH ORDINALITY k (attnum, place) JOIN pg_catalog.pg_attribute a "
    "ON a.attrelid = c.confrelid AND a.attnum = k.attnum) FROM pg_catalog.pg_constraint c WHERE c.contype = 'f'"
)
COUNTERS = "SELECT schemaname, sequencename, last_value FROM pg_catalog.pg_sequences WHERE last_value IS NOT NULL"


class _Table(NamedTuple):
    name: sql.Identifier
    columns: list[str]
    key: list[str]


def copy_rows(source: Connection, target: Connection, rows: int) -> None:
    """Copies up to `rows` rows of each table, the first by primary key, and whatever rows those refer to."""
    tables = {
        oid: _Table(sql.Identifier(schema, name), columns, key)
        for oid, schema, name, columns, key in source.execute(TABLES)
    }
    for table in tables.values():
        order = sql.SQL(" ORDER BY {}").format(_list(table.key)) if table.key else sql.SQL("")
        limit = sql.SQL("{} LIMIT {}").format(order, sql.Literal(rows))
        _copy(source, target, table, sql.SQL("SELECT {} FROM {}{}").format(_list(table.columns), table.name, limit))
    references = [found for found in source.execute(REFERENCES) if found[1] in tables]
    while any(_copy_parents(source, target, tables, *reference) for reference in references):
        pass
    for schema, name, value in source.execute(COUNTERS).fetchall():
        with_name = sql.SQL("SELECT setval({}::regclass, {})").format(
            sql.Literal(sql.Identifier(schema, name).as_string()), sql.Literal(value)
        )
        with target.transaction():
            if target.execute("SELECT to_regclass(%s)", (sql.Identifier(schema, name).as_string(),)).fetchone() != (
                None,
            ):
                target.execute(with_name)


def _copy_parents(
    source: Connection,
    target: Connection,
    tables: dict[int, _Table],
    child: int,
    parent: int,
    child_columns: list[str],
    parent_columns: list[str],
) -> bool:
    """Copies the rows that the copied children refer to; whether there were any that had been missing."""
    if child not in tables:
        return False
    table = tables[parent]
    equal = sql.SQL(" AND ").join(
        sql.SQL("p.{} = c.{}").format(sql.Identifier(there), sql.Identifier(here))
        for here, there in zip(child_columns, parent_columns, strict=True)
    )
    given = sql.SQL(" AND ").join(sql.SQL("c.{} IS NOT NULL").format(sql.Identifier(here)) for here in child_columns)
    missing = target.execute(
        sql.SQL("SELECT DISTINCT {} FROM {} c WHERE {} AND NOT EXISTS (SELECT 1 FROM {} p WHERE {}) LIMIT {}").format(
            sql.SQL(", ").join(sql.SQL("c.{}::text").format(sql.Identifier(here)) for here in child_columns),
            tables[child].name,
            given,
            table.name,
            equal,
            sql.Literal(MOST_KEYS),
        )
    ).fetchall()
    if not missing:
        return False
    keys = sql.SQL(", ").join(sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, row))) for row in missing)
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(there)) for there in parent_columns)
    query = sql.SQL("SELECT {} FROM {} WHERE ({}) IN ({})").format(_list(table.columns), table.name, texts, keys)
    return _copy(source, target, table, query) > 0


def _copy(source: Connection, target: Connection, table: _Table, query: sql.Composed) -> int:
    """Copies what a query gives into a table of the copy; how many rows."""
    if not table.columns:
        return 0
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(table.name, _list(table.columns))
    with source.cursor() as reader, target.cursor() as writer:
        with reader.copy(sql.SQL("COPY ({}) TO STDOUT").format(query)) as rows, writer.copy(into) as copy:
            for chunk in rows:
                copy.write(chunk)
        return writer.rowcount


def _list(names: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names)) if names else sql.SQL("NULL")
