"""What concerns a whole table of MySQL or MariaDB: engine, character set, partitions, comment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from miger.engine.catalog import Table
from miger.engine.errors import RefusedError
from miger.forms.steps import Step
from miger.generate.writing.mysql.changes import Changes, recoded
from miger.generate.writing.mysql.words import NAMES, alter, column_line, is_text

_OPTION = re.compile(r"(`[^`]+`|[A-Z][A-Z_ ]*?)=('(?:[^'\\]|\\.|'')*'|\([^)]*\)|[^\s*]+)")
_VERSIONING = "WITH SYSTEM VERSIONING"
_CHARACTERS, _COLLATION = "DEFAULT CHARSET", "COLLATE"
# What an option is where nobody has set it.
_UNSET = {
    "ROW_FORMAT": "DEFAULT",
    "KEY_BLOCK_SIZE": "0",
    "STATS_PERSISTENT": "DEFAULT",
    "STATS_AUTO_RECALC": "DEFAULT",
    "STATS_SAMPLE_PAGES": "DEFAULT",
    "PACK_KEYS": "DEFAULT",
    "MAX_ROWS": "0",
    "MIN_ROWS": "0",
    "AVG_ROW_LENGTH": "0",
    "CHECKSUM": "0",
    "DELAY_KEY_WRITE": "0",
    "PAGE_CHECKSUM": "DEFAULT",
    "TRANSACTIONAL": "DEFAULT",
    "ENCRYPTION": "'N'",
}
_FIXED = ("CONNECTION", "DATA DIRECTORY", "INDEX DIRECTORY", "UNION", "INSERT_METHOD", "TABLESPACE")


class Options(NamedTuple):
    """The options of a table, taken apart: by name, whether rows keep their history, partitions, periods."""

    named: Mapping[str, str]
    versioned: bool
    partitions: str
    periods: frozenset[str]


def read_options(text: str) -> Options:
    """What `Table.options` says."""
    first, *rest = text.split("\n")
    named = {name.strip(): value for name, value in _OPTION.findall(first)}
    periods = frozenset(line for line in rest if line.startswith("PERIOD "))
    partitions = "\n".join(line for line in rest if line not in periods)
    return Options(named, _VERSIONING in first, partitions, periods)


def collation_of(text: str) -> tuple[str, str]:
    """Character set and collation that columns have which name none."""
    named = read_options(text).named
    return named.get(_CHARACTERS, ""), named.get(_COLLATION, "")


def first_options(changes: Changes) -> list[Step]:
    """What has to be before columns are altered: partitions that go, the character set."""
    if not changes.found.reoptioned:
        return []
    old, new = read_options(changes.before.options), read_options(changes.after.options)
    _check(changes.name, old, new)
    steps: list[Step] = []
    if old.partitions and (not new.partitions or changes.key_changes):
        steps.append(alter(changes.name, "REMOVE PARTITIONING"))
    if collation_of(changes.before.options) != collation_of(changes.after.options):
        steps.append(_recode(changes, new))
    return steps


def _check(table: str, old: Options, new: Options) -> None:
    """Raises RefusedError for what cannot be altered."""
    for name in _FIXED:
        if old.named.get(name) != new.named.get(name):
            raise RefusedError(
                f"table {table} has another {name}, which no ALTER TABLE changes", "make the table anew by hand"
            )
    for name in old.named.keys() - new.named.keys() - _UNSET.keys() - {_CHARACTERS, _COLLATION, "ENGINE"}:
        if not name.startswith("`"):
            raise RefusedError(f"table {table} shall be without {name}, of which it is not known how")
    if old.periods != new.periods:
        raise RefusedError(f"table {table} has another PERIOD, which has to be written by hand")


def _recode(changes: Changes, new: Options) -> Step:
    """Another character set. A TEXT column would get a larger type by CONVERT, so such tables go column by column."""
    words = f"CHARACTER SET {new.named.get(_CHARACTERS, 'DEFAULT')}"
    words += f" COLLATE {new.named[_COLLATION]}" if _COLLATION in new.named else ""
    moving = list(recoded(changes.before, changes.after, changes.leaving))
    texts = [column for column in changes.before.columns if is_text(column)]
    if texts and texts == moving and not any("text" in column.type for column in texts):
        return alter(changes.name, f"CONVERT TO {words}")
    lines = [f"MODIFY COLUMN {column_line(column, changes.own_check_before(column.name))}" for column in moving]
    return alter(changes.name, f"DEFAULT {words}", *lines)


def last_options(changes: Changes) -> list[Step]:
    """The rest: engine, row format, partitions that come, history, comment."""
    steps: list[Step] = []
    if changes.found.reoptioned:
        old, new = read_options(changes.before.options), read_options(changes.after.options)
        others = (_CHARACTERS, _COLLATION)
        said = [
            f"{name}={value}"
            for name, value in new.named.items()
            if old.named.get(name) != value and name not in others
        ]
        said += [f"{name}={_UNSET.get(name, 'DEFAULT')}" for name in old.named if name not in {*new.named, *others}]
        steps += [alter(changes.name, " ".join(said))] if said else []
        if new.partitions and (new.partitions != old.partitions or changes.key_changes):
            steps.append(alter(changes.name, f"\n{new.partitions}"))
        if new.versioned != old.versioned:
            steps.append(alter(changes.name, "ADD SYSTEM VERSIONING" if new.versioned else "DROP SYSTEM VERSIONING"))
    if changes.found.recommented:
        steps.append(alter(changes.name, f"COMMENT = {NAMES.value(changes.after.comment)}"))
    return steps


def has_partitions(table: Table) -> bool:
    """Whether it is partitioned."""
    return bool(read_options(table.options).partitions)
