"""Names, columns and SQL of our own tables on SQL databases.

Written once for all of them, with `?` for a parameter; what differs comes in as a `TableStyle`.
"""

from __future__ import annotations

from typing import NamedTuple

FORMAT = 1  # of the tables; a newer one is refused

STATE_COLUMNS = (
    "id, state, direction, checksum, statements_done, statements_total, run, done_by, host, {at}, duration_ms, error"
)
HISTORY_COLUMNS = "run, migration, event, {at}, duration_ms, done_by, host, checksum, version, token, error"
HOLDER_COLUMNS = (
    "owner, host, machine, pid, process, run, token, {acquired_at}, {expires_at}, activity, session, "
    "expires_at < {now}, format"
)


class TableStyle(NamedTuple):
    """How one database says what the others say differently.

    `iso` wraps a time column so that it reads as ISO 8601 in UTC; `later` is an expression for the
    time a number of seconds (one parameter) from now; `lock` ends a SELECT that must hold the row;
    `on_conflict` begins what an INSERT does to a row that is there already, with `excluded` for a
    new value; `from_nothing` is what a SELECT without a table needs before its WHERE; `table` ends a
    CREATE TABLE.
    """

    now: str
    iso: str
    later: str
    lock: str
    text: str
    key: str
    timestamp: str
    serial: str
    placeholder: str
    quote: str = '"'
    on_conflict: str = "ON CONFLICT (id) DO UPDATE SET"
    excluded: str = "excluded.{}"
    from_nothing: str = ""
    table: str = ""


class TableSql:
    """All statements on our tables, for one prefix (already qualified with a schema where there is one)."""

    def __init__(self, style: TableStyle, qualify: str, prefix: str) -> None:
        quote = style.quote
        self.names = tuple(prefix + name for name in ("migrations", "history", "lock", "checkpoints", "schema"))
        self.migrations, self.history, self.lock, self.checkpoints, self.schema = (
            f"{qualify}{quote}{name}{quote}" for name in self.names
        )
        self._style = style
        self._at = f"{quote}at{quote}"  # some databases have other plans for this word
        self._define_reads()
        self._define_writes()
        self._define_lease()
        self._define_schema()

    def _final(self, sql: str) -> str:
        return sql.replace("?", self._style.placeholder)

    def _define_reads(self) -> None:
        style, iso = self._style, self._style.iso
        state = STATE_COLUMNS.format(at=iso.format("changed_at"))
        holder = HOLDER_COLUMNS.format(
            acquired_at=iso.format("acquired_at"), expires_at=iso.format("expires_at"), now=style.now
        )
        entry = HISTORY_COLUMNS.format(at=iso.format(self._at))
        self.read_states = f"SELECT {state} FROM {self.migrations}"
        self.read_holder = f"SELECT {holder} FROM {self.lock} WHERE id = 1"
        self.read_history = self._final(f"SELECT {entry} FROM {self.history} ORDER BY seq DESC LIMIT ?")
        self.read_history_of = self._final(
            f"SELECT {entry} FROM {self.history} WHERE migration = ? ORDER BY seq DESC LIMIT ?"
        )
        self.read_checkpoints = self._final(
            f"SELECT name, hash, state, row_count, data FROM {self.checkpoints} WHERE migration = ? AND direction = ?"
        )
        self.read_recorded = self._final(f"SELECT 1 FROM {self.history} WHERE run = ? AND migration = ? AND event = ?")

    def _define_writes(self) -> None:
        now = self._style.now
        self.fence = f"FROM {self.lock} WHERE id = 1 AND token = ?" + self._style.lock
        entry = HISTORY_COLUMNS.format(at=self._at)
        self.add_history = self._final(
            f"INSERT INTO {self.history} ({entry}) SELECT ?, ?, ?, {now}, ?, ?, ?, ?, ?, ?, ? {self.fence}"
        )
        state = STATE_COLUMNS.format(at="changed_at")
        names = [name.strip() for name in state.split(",")]
        updates = ", ".join(f"{name} = {self._style.excluded.format(name)}" for name in names[1:])
        self.put_state = self._final(
            f"INSERT INTO {self.migrations} ({state}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, {now}, ?, ?) "
            f"{self._style.on_conflict} {updates}"
        )
        self.drop_state = self._final(f"DELETE FROM {self.migrations} WHERE id = ?")
        self.drop_checkpoints = self._final(f"DELETE FROM {self.checkpoints} WHERE migration = ?")
        self.put_checkpoint = self._final(
            f"INSERT INTO {self.checkpoints} (migration, direction, name, hash, state, row_count, data, {self._at}) "
            f"SELECT ?, ?, ?, ?, ?, ?, ?, {now} {self.fence}"
        )
        self.drop_checkpoint = self._final(
            f"DELETE FROM {self.checkpoints} WHERE migration = ? AND direction = ? AND name = ?"
        )
        self.count_done = self._final(
            f"UPDATE {self.migrations} SET statements_done = ?, changed_at = {now} WHERE id = ?"
        )

    def _define_lease(self) -> None:
        now, later = self._style.now, self._style.later
        self.take = self._final(
            f"UPDATE {self.lock} SET token = token + 1, owner = ?, host = ?, machine = ?, pid = ?, process = ?, "
            f"run = ?, session = ?, activity = '', acquired_at = {now}, expires_at = {later} "
            f"WHERE id = 1 AND token = ? AND (run = '' OR expires_at < {now} OR 1 = ?)"
        )
        self.renew = self._final(
            f"UPDATE {self.lock} SET expires_at = {later}, activity = ? WHERE id = 1 AND token = ?"
        )
        self.release = self._final(
            f"UPDATE {self.lock} SET run = '', expires_at = {now}, activity = '' WHERE id = 1 AND token = ?"
        )
        self.rename_session = self._final(f"UPDATE {self.lock} SET session = ? WHERE id = 1 AND session = ?")

    def _define_schema(self) -> None:
        self.read_schema = f"SELECT name, definition FROM {self.schema}"
        self.drop_schema = f"DELETE FROM {self.schema}"
        self.check_fence = self._final("SELECT 1 " + self.fence)

    def drop_schema_objects(self, count: int) -> str:
        """Forgets `count` objects of the noted schema, whose names are the parameters."""
        return self._final(f"{self.drop_schema} WHERE name IN ({', '.join('?' * count)})")

    def put_schema_objects(self, count: int) -> str:
        """Notes `count` objects of the schema: name and definition of each are the parameters."""
        return self._final(f"INSERT INTO {self.schema} (name, definition) VALUES {', '.join(['(?, ?)'] * count)}")

    def create(self) -> tuple[str, ...]:
        """The statements that make our tables where they are missing."""
        style = self._style
        text, key, timestamp = style.text, style.key, style.timestamp
        return (
            f"CREATE TABLE IF NOT EXISTS {self.migrations} (id {key} NOT NULL PRIMARY KEY, "
            f"state {key} NOT NULL, direction {key} NOT NULL, checksum {key} NOT NULL, "
            f"statements_done INTEGER NOT NULL, statements_total INTEGER, run {key} NOT NULL, "
            f"done_by {key} NOT NULL, host {key} NOT NULL, changed_at {timestamp} NOT NULL, "
            f"duration_ms BIGINT NOT NULL, error {text} NOT NULL){style.table}",
            f"CREATE TABLE IF NOT EXISTS {self.history} (seq {style.serial} PRIMARY KEY, run {key} NOT NULL, "
            f"migration {key} NOT NULL, event {key} NOT NULL, {self._at} {timestamp} NOT NULL, "
            f"duration_ms BIGINT NOT NULL, done_by {key} NOT NULL, host {key} NOT NULL, "
            f"checksum {key} NOT NULL, version {key} NOT NULL, token BIGINT NOT NULL, error {text} NOT NULL)"
            f"{style.table}",
            f"CREATE TABLE IF NOT EXISTS {self.checkpoints} (migration {key} NOT NULL, "
            f"direction {key} NOT NULL, name {key} NOT NULL, hash {key} NOT NULL, state {key} NOT NULL, "
            f"row_count BIGINT NOT NULL, data {text} NOT NULL, {self._at} {timestamp} NOT NULL, "
            f"PRIMARY KEY (migration, direction, name)){style.table}",
            f"CREATE TABLE IF NOT EXISTS {self.schema} (name {key} NOT NULL PRIMARY KEY, "
            f"definition {text} NOT NULL){style.table}",
            f"CREATE TABLE IF NOT EXISTS {self.lock} (id INTEGER NOT NULL PRIMARY KEY, "
            f"token BIGINT NOT NULL, owner {key} NOT NULL, host {key} NOT NULL, machine {key} NOT NULL, "
            f"pid BIGINT NOT NULL, process {key} NOT NULL, run {key} NOT NULL, session {key} NOT NULL, "
            f"activity {key} NOT NULL, acquired_at {timestamp} NOT NULL, expires_at {timestamp} NOT NULL, "
            f"format INTEGER NOT NULL){style.table}",
            f"INSERT INTO {self.lock} SELECT 1, 0, '', '', '', 0, '', '', '', '', {style.now}, {style.now}, "
            f"{FORMAT}{style.from_nothing} WHERE NOT EXISTS (SELECT 1 FROM {self.lock})",
        )
