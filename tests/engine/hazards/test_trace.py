"""What a dry run by rollback has seen."""

from __future__ import annotations

from pathlib import Path

from miger import Project
from miger.engine.hazards.trace import LONG_MS, of_preview
from miger.engine.preview.values import Lock, Preview, StatementPreview, StepPreview
from miger.engine.schema import SchemaChange

from tests.engine.hazards.cases import ROWS
from tests.engine.hazards.projects import project_of

CODES = {"rewrites-table", "holds-lock"}


def seen(statement: StatementPreview, *changes: SchemaChange) -> list[tuple[int, str, str]]:
    step = StepPreview("0001_a", "a.sql", "up", True, False, (statement,))
    preview = Preview("rollback", "up", "dev", "postgresql", (step,), changes)
    return [(place.line, found.code, found.subject) for place, found in of_preview(preview)]


def test_a_rewritten_table_is_told() -> None:
    statement = StatementPreview("up", 1, 7, "ALTER TABLE", "…", rewritten=("users",))
    assert seen(statement) == [(7, "rewrites-table", "users")]
    assert seen(statement, SchemaChange("table public.users", None, "id")) == []
    assert seen(statement._replace(rewritten=())) == []


def test_a_strong_lock_that_was_held_for_long_is_told() -> None:
    lock = Lock("users", "AccessExclusiveLock", LONG_MS)
    statement = StatementPreview("up", 1, 7, "ALTER TABLE", "…", locks=(lock,))
    assert seen(statement) == [(7, "holds-lock", "users")]
    assert seen(statement._replace(locks=(lock._replace(ms=LONG_MS - 1),))) == []
    assert seen(statement._replace(locks=(lock._replace(mode="RowExclusiveLock"),))) == []
    assert seen(statement, SchemaChange("table public.users", None, "id")) == []


def test_a_real_rewrite_is_told(postgresql_url: str, tmp_path: Path) -> None:
    folder = project_of(tmp_path, postgresql_url, ROWS)
    (folder / "migrations" / "0002_next.sql").write_text("-- miger:up\nALTER TABLE users ALTER id TYPE bigint;\n")
    with Project.open(str(folder)) as project:
        preview = project.preview(project.plan(), "rollback")
    assert "rewrites-table" in {hazard.code for hazard in preview.hazards}
