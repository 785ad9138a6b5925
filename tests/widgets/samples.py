"""Values as the engine gives them, for the tests of the views."""

from __future__ import annotations

from datetime import UTC, datetime

from miger.engine.hazards.values import Hazard
from miger.engine.migration import Migration, Section
from miger.engine.preview.values import DONE, FAILED, NOT_RUN, Lock, Preview, StatementPreview, StepPreview
from miger.engine.schema import SchemaChange
from miger.engine.state import Checkpoint, HistoryEntry, StateRow
from miger.engine.status import MigrationStatus
from miger.widgets.detail_values import MigrationDetail, SectionText, StatementPlace, Stop

SPLIT = "20260114093000_split_customer_name"
BILLING = "20260115101500_billing_tables"
INDEX = "20260116120000_invoice_index"


def statement(number: int, line: int, text: str, outcome: str = DONE, **more: object) -> StatementPreview:
    kind = " ".join(text.split()[:2]).upper()
    return StatementPreview("up", number, line, kind, text, outcome, **more)  # type: ignore[arg-type]


SPLIT_STATEMENTS = (
    statement(
        1,
        6,
        "ALTER TABLE customer ADD COLUMN first_name text",
        ms=1.4,
        locks=(Lock("customer", "AccessExclusiveLock", 31.0),),
    ),
    statement(2, 7, "ALTER TABLE customer ADD COLUMN last_name text", ms=0.6),
    statement(
        3,
        8,
        "UPDATE customer\n   SET first_name = split_part(name, ' ', 1),\n       last_name = split_part(name, ' ', 2)",
        rows=1204,
        ms=22.8,
    ),
    statement(4, 11, "ALTER TABLE customer ALTER COLUMN last_name TYPE varchar(80)", ms=5.0, rewritten=("customer",)),
    statement(5, 12, "ALTER TABLE customer DROP COLUMN name", ms=0.4),
)
HAZARDS = (
    Hazard(
        "update-all-rows",
        "warning",
        SPLIT,
        f"migrations/{SPLIT}.sql",
        "up",
        8,
        "customer",
        "an UPDATE without WHERE overwrites 1,204 values of customer",
        "update in batches: a Python migration has db.batches(…)",
    ),
    Hazard(
        "drop-column",
        "error",
        SPLIT,
        f"migrations/{SPLIT}.sql",
        "up",
        12,
        "customer.name",
        "column customer.name holds 1,204 values that the drop loses",
        "keep it for a release, and drop it in a migration of phase contract",
    ),
)
CHANGES = (
    SchemaChange(
        "table customer",
        "CREATE TABLE customer (\n    id integer NOT NULL,\n    name text NOT NULL\n)",
        "CREATE TABLE customer (\n    id integer NOT NULL,\n    first_name text,\n    last_name varchar(80)\n)",
    ),
    SchemaChange("table invoice", None, "CREATE TABLE invoice (\n    id integer NOT NULL,\n    total numeric\n)"),
    SchemaChange("index customer_name", "CREATE INDEX customer_name ON customer (name)", None),
)


def step(id: str, statements: tuple[StatementPreview, ...], outcome: str = DONE, **more: object) -> StepPreview:
    values: dict[str, object] = {"transaction": True, "irreversible": False, **more}
    return StepPreview(id, f"migrations/{id}.sql", "up", statements=statements, outcome=outcome, **values)  # type: ignore[arg-type]


BILLING_STATEMENTS = (
    statement(1, 4, "CREATE TABLE invoice (id integer PRIMARY KEY, total numeric)", ms=1.2),
    statement(2, 5, "INSERT INTO invoice (id, total) VALUES (1, 12.5), (2, 20)", rows=2, ms=0.3),
)
SUCCESS = Preview(
    "rollback",
    "up",
    "dev",
    "postgresql 15",
    (
        step(SPLIT, SPLIT_STATEMENTS, ms=31.0, irreversible=True),
        step(BILLING, BILLING_STATEMENTS, ms=1.7),
        step(
            INDEX,
            (statement(1, 3, "CREATE INDEX CONCURRENTLY invoice_total ON invoice (total)", ms=3.3),),
            ms=3.4,
            transaction=False,
        ),
    ),
    CHANGES,
    ("locks are those that this connection held; others may wait longer",),
    36.4,
    HAZARDS,
)
FAILURE = Preview(
    "rollback",
    "up",
    "dev",
    "postgresql 15",
    (
        step(BILLING, BILLING_STATEMENTS, ms=1.7),
        step(
            SPLIT,
            (
                SPLIT_STATEMENTS[0],
                SPLIT_STATEMENTS[1]._replace(outcome=FAILED, ms=0.0),
                *(found._replace(outcome=NOT_RUN, ms=0.0, rows=-1, rewritten=()) for found in SPLIT_STATEMENTS[2:]),
            ),
            FAILED,
            ms=2.1,
            transaction=False,
            error='column "last_name" of relation "customer" already exists (42701)',
            hint="the column is there already: take the statement out, or write ADD COLUMN IF NOT EXISTS",
            line=7,
            dirty=True,
        ),
        step(INDEX, (statement(1, 3, "CREATE INDEX invoice_total ON invoice (total)", NOT_RUN),), NOT_RUN),
    ),
    (),
    (),
    5.2,
)

NOW = datetime(2026, 1, 20, 12, 4, 31, tzinfo=UTC)
UP_TEXT = """ALTER TABLE customer ADD COLUMN first_name text;
ALTER TABLE customer ADD COLUMN last_name text;
-- the first word is the first name
UPDATE customer
   SET first_name = split_part(name, ' ', 1),
       last_name = split_part(name, ' ', 2);
ALTER TABLE customer ALTER COLUMN last_name TYPE varchar(80);
ALTER TABLE customer DROP COLUMN name;
"""
DOWN_TEXT = "ALTER TABLE customer ADD COLUMN name text;\nUPDATE customer SET name = first_name || ' ' || last_name;\n"
CHECKSUM = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def migration(id: str = SPLIT, *, kind: str = "sql", sections: str = "up down", **more: object) -> Migration:
    return Migration(
        id,
        f"/home/ann/shop/migrations/{id}.{'py' if kind == 'python' else 'sql'}",
        kind,
        ("20260113120000_customer_email",),
        tuple(Section(name, 6, 0, 10) for name in sections.split()),
        CHECKSUM,
        **more,  # type: ignore[arg-type]
    )


def row(state: str = "applied", **more: object) -> StateRow:
    values: dict[str, object] = {
        "done": 5,
        "total": 5,
        "run": "r-20260115-7f3a",
        "by": "ann",
        "host": "deploy-1",
        "at": "2026-01-15T10:20:30.120Z",
        "duration_ms": 31,
        **more,
    }
    return StateRow(SPLIT, state, "up", CHECKSUM, **values)  # type: ignore[arg-type]


SECTIONS = (
    SectionText(
        "up", UP_TEXT, 6, statements=tuple(StatementPlace(*at) for at in ((1, 6), (2, 7), (3, 9), (4, 12), (5, 13)))
    ),
    SectionText("down", DOWN_TEXT, 16, statements=(StatementPlace(1, 16), StatementPlace(2, 17))),
)
HISTORY = (
    HistoryEntry(
        "r-20260115-7f3a", SPLIT, "failed", "2026-01-15T10:20:30.120Z", 14, "ann", "deploy-1", error="duplicate column"
    ),
    HistoryEntry("r-20260115-7f3a", SPLIT, "started", "2026-01-15T10:20:30.100Z", 0, "ann", "deploy-1"),
    HistoryEntry("r-20260114-11c2", SPLIT, "reverted", "2026-01-14T09:31:00.000Z", 22, "bob", "laptop"),
    HistoryEntry("r-20260114-0b9d", SPLIT, "applied", "2026-01-14T09:30:05.000Z", 31, "bob", "laptop"),
)
DIRTY = MigrationDetail(
    MigrationStatus(SPLIT, "dirty", False, migration(transaction=False), row("dirty", done=1)),
    SECTIONS,
    (Checkpoint("#1", "h", "done"),),
    Stop(
        2, 5, 'column "last_name" of relation "customer" already exists (42701)', "take the statement out, then resume"
    ),
    HISTORY,
    ("20260113120000_customer_email",),
    (BILLING, INDEX),
    HAZARDS,
    FAILURE,
)
APPLIED = DIRTY._replace(
    status=MigrationStatus(
        SPLIT, "applied", False, migration(phase="expand", release="v2", title="Split the name"), row()
    ),
    checkpoints=(),
    stop=None,
    hazards=(),
    preview=None,
)
PENDING = APPLIED._replace(status=MigrationStatus(SPLIT, "pending", True, migration(sections="up"), None), history=())
