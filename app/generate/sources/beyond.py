"""Statements that reach beyond the one database they run in: no scratch database is a place for them."""

from __future__ import annotations

import re

from miger.engine.statements import Statement

_KINDS = frozenset(
    f"{verb} {thing}"
    for verb in ("CREATE", "ALTER", "DROP")
    for thing in ("DATABASE", "ROLE", "USER", "GROUP", "TABLESPACE", "SYSTEM", "SUBSCRIPTION", "INSTANCE")
) | {"USE", "ATTACH", "DETACH", "SHUTDOWN", "KILL", "INSTALL", "UNINSTALL"}
_global = re.compile(r"(?i)SET\s+(@@)?(GLOBAL|PERSIST|PERSIST_ONLY)\b").match


def reaches_beyond(statement: Statement, dialect: str) -> str:
    """Its first words where it changes the server, its users or another database; "" where it does not."""
    database = dialect in ("mysql", "mariadb") and statement.kind.endswith(" SCHEMA")
    if statement.kind in _KINDS or database or _global(statement.sql):
        return " ".join(statement.sql.split()[:2]).upper()
    return ""
