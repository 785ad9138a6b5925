"""The definition of every object of a MySQL or MariaDB database."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

Query = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
PORTION = 100  # statements in one message

TABLES = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type <> 'VIEW' "
    "ORDER BY table_name"
)
# Each gives the object's name and the lines of its definition.
OTHERS = {
    "view": "SELECT table_name, view_definition, CONCAT('check option ', check_option), "
    "CONCAT('security ', security_type) FROM information_schema.views WHERE table_schema = DATABASE()",
    "trigger": "SELECT trigger_name, CONCAT_WS(' ', action_timing, event_manipulation, 'ON', event_object_table), "
    "action_statement, CONCAT('sql_mode ', sql_mode) FROM information_schema.triggers "
    "WHERE trigger_schema = DATABASE()",
    "event": "SELECT event_name, CONCAT_WS(' ', 'every', interval_value, interval_field), "
    "CONCAT('at ', execute_at), event_definition, CONCAT('on completion ', on_completion), "
    "CONCAT('sql_mode ', sql_mode) FROM information_schema.events WHERE event_schema = DATABASE()",
    "routine": "SELECT CONCAT(LOWER(r.routine_type), ' ', r.routine_name), "
    "(SELECT GROUP_CONCAT(CONCAT_WS(' ', p.parameter_mode, p.parameter_name, p.dtd_identifier) "
    "ORDER BY p.ordinal_position SEPARATOR ', ') FROM information_schema.parameters p "
    "WHERE p.specific_schema = r.routine_schema AND p.specific_name = r.specific_name "
    "AND p.routine_type = r.routine_type), r.routine_definition, CONCAT('deterministic ', r.is_deterministic), "
    "r.sql_data_access, CONCAT('security ', r.security_type), CONCAT('sql_mode ', r.sql_mode) "
    "FROM information_schema.routines r WHERE r.routine_schema = DATABASE()",
}


def read_schema(
    query: Query, shown: Callable[[Sequence[str]], list[tuple[Any, ...]]], database: str, ours: Sequence[str]
) -> dict[str, str]:
    """The definition of each object of the current database by kind and name, but for our tables `ours`.

    `shown` runs several statements in one message and gives the first row of each. Counters of
    AUTO_INCREMENT are left out, as are owners and privileges, and the name of the `database` itself:
    the server puts it before every table of a view.
    """
    names = [name for (name,) in query(TABLES, ()) if name not in ours]
    schema: dict[str, str] = {}
    for start in range(0, len(names), PORTION):
        portion = names[start : start + PORTION]
        statements = ["SHOW CREATE TABLE `{}`".format(name.replace("`", "``")) for name in portion]
        for name, row in zip(portion, shown(statements), strict=True):
            schema[f"table {name}"] = _unqualified(COUNTER.sub("", str(row[1])), database)
    for kind, sql in OTHERS.items():
        for name, *parts in query(sql, ()):
            object_ = name if kind == "routine" else f"{kind} {name}"
            schema[object_] = _unqualified("\n".join(str(part) for part in parts if part is not None), database)
    return dict(sorted(schema.items()))


def _unqualified(definition: str, database: str) -> str:
    if database not in definition:
        return definition
    from miger.backends.mysql_guard import renamed  # deferred: `status` compares no schemas

    return renamed(definition, database, "")
