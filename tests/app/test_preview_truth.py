"""A dry run says what a real run then does: statements, rows, schema, success. And leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

import miger.demo
from miger.engine.backend import Effects
from miger.engine.errors import MigerError
from miger.engine.preview.collector import Collector
from miger.engine.preview.listing import list_step
from miger.engine.preview.values import Preview
from miger.engine.schema import compare_schemas
from miger.engine.scratch import PREFIX
from miger.project import Project

from tests.app.preview_plans import ROWS, SHOP, Plan, plans_for
from tests.app.sandbox import Sandbox
from tests.app.thinning import thinned

CASES = [(backend, plan) for backend in ("sqlite", "postgresql", "mysql") for plan in plans_for(backend)]
MODES = {
    "sqlite": ("rollback", "rehearse"),
    "postgresql": ("rollback", "rehearse"),
    "mysql": ("rehearse",),
}


def write(sandbox: Sandbox, plan: Plan) -> None:
    """The shop, applied, and the plan's migrations, pending."""
    sandbox.sql("0000_shop", SHOP + ROWS)
    sandbox.miger("up")
    metadata = "" if plan.transaction else "transaction = false"
    for number, up in enumerate(plan.up, 1):
        sandbox.sql(f"000{number}_plan", up, verify=plan.verify or None, metadata=metadata)
    if plan.python:
        sandbox.python("0001_plan", plan.python, metadata=metadata)


def told(preview: Preview) -> list[Any]:
    """What a preview says of each step. MySQL names a table that it is about to make anew after its connection."""
    return [
        (
            step.id,
            step.outcome,
            re.sub(r"#sql-alter-\w+-\w+", "#sql-alter", step.error),
            step.line,
            step.dirty,
            [(found.section, found.text, found.rows, found.outcome) for found in step.statements],
        )
        for step in preview.steps
    ]


def run_really(project: Project) -> tuple[list[Any], list[Any]]:
    """Runs what is pending; what became of each step, and of the schema, in the same words."""
    plan = project.plan()
    with project._pool.connection() as backend:
        before = backend.read_schema()
        listed = {step.id: list_step(backend, step, "up") for step in plan.steps}
    collector = Collector(listed.__getitem__, Effects)
    with contextlib.suppress(MigerError):
        project.run(plan, on_event=collector)
    with project._pool.connection() as backend:
        after = backend.read_schema()
        changes = list(compare_schemas(before, after, definition=backend.definition))
    steps = tuple(collector.step(step.id) for step in plan.steps)
    return told(Preview("", "up", "", "", steps)), changes


@pytest.mark.parametrize(("backend_name", "plan"), thinned(CASES, 2), ids=lambda value: getattr(value, "name", value))
def test_what_is_previewed_is_what_happens(sandbox: Sandbox, plan: Plan) -> None:
    write(sandbox, plan)
    before = sandbox.dump()
    with Project.open(sandbox.folder) as project:
        pending = project.plan()
        previews = {}
        for mode in MODES[sandbox.backend]:
            try:
                previews[mode] = project.preview(pending, mode)
            except MigerError as error:
                assert mode == "rollback" and "--dry-run=rehearse" in error.hint, error
        previews["auto"] = project.preview(pending)
        assert sandbox.dump() == before
        assert not left_over(sandbox)
        steps, changes = run_really(project)
    for mode, preview in previews.items():
        assert told(preview) == steps, mode
        assert list(preview.changes or ()) == changes, mode


RAW = "db.connection.connection.driver_connection"
ESCAPES = {
    "commit": "db.connection.commit()",
    "the driver's commit": f"{RAW}.commit()",
    "COMMIT": f"{RAW}.execute('COMMIT')",
    "a cursor's COMMIT": f"{RAW}.cursor().execute('COMMIT')",
    "a rollback, and on": f"{RAW}.execute('ROLLBACK')\n    {RAW}.execute('DELETE FROM orders')",
    "COMMIT behind a comment": f"{RAW}.execute('/* */ -- x\\n COMMIT')",
}


@pytest.mark.parametrize("backend_name", ["sqlite", "postgresql"])
@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_a_migration_that_commits_by_itself_commits_nothing_in_a_dry_run(sandbox: Sandbox, escape: str) -> None:
    write(sandbox, Plan("", python=f"def up(db):\n    db.execute('DELETE FROM orders')\n    {escape}\n"))
    before = sandbox.dump()
    with Project.open(sandbox.folder) as project:
        preview = project.preview(project.plan(), "rollback")
    assert sandbox.dump() == before
    assert preview.failure is not None


@pytest.mark.parametrize("backend_name", ["sqlite"])
@pytest.mark.parametrize("execute", ["db.execute", f"{RAW}.execute"])
def test_what_follows_a_transaction_that_sqlite_ended_itself_is_not_kept(sandbox: Sandbox, execute: str) -> None:
    """Outside a transaction each statement would be committed at once."""
    body = f"""
def up(db):
    try:
        {execute}("INSERT OR ROLLBACK INTO customers VALUES (1, 'x', '', '')")
    except Exception:
        pass
    {execute}("DELETE FROM orders")
"""
    write(sandbox, Plan("", python=body))
    before = sandbox.dump()
    with Project.open(sandbox.folder) as project:
        preview = project.preview(project.plan(), "rollback")
    assert sandbox.dump() == before
    assert preview.failure is not None


@pytest.mark.parametrize("backend_name", ["sqlite", "postgresql", "mysql"])
def test_statements_of_python_are_told_in_the_order_they_ran(sandbox: Sandbox) -> None:
    texts = ["SELECT 1", "CREATE TABLE a (id INTEGER)", "SELECT 2", "INSERT INTO a VALUES (1)", "SELECT 3"]
    body = "".join(f"    db.execute({text!r})\n" for text in texts)
    sandbox.python("0001_plan", f"def up(db):\n{body}    db.execute('nonsense')\n", metadata="transaction = false")
    with Project.open(sandbox.folder) as project:
        [step] = project.preview(project.plan(), "rehearse").steps
    assert [(found.text, found.outcome) for found in step.statements] == [
        *((text, "done") for text in texts),
        ("nonsense", "failed"),
    ]
    assert step.dirty


@pytest.mark.parametrize("backend_name", ["sqlite"])
@pytest.mark.parametrize("mode", ["rehearse", "auto"])
def test_the_demo_project_does_what_its_dry_run_says(sandbox: Sandbox, mode: str) -> None:
    source = Path(miger.demo.__file__).parent / "project" / "migrations"
    shutil.copytree(source, sandbox.migrations, dirs_exist_ok=True)
    with Project.open(sandbox.folder) as project:
        plan = project.plan()
        assert len(plan.steps) >= 12
        preview = project.preview(plan, mode)
        steps, changes = run_really(project)
    assert preview.ok
    assert loosely(told(preview)) == loosely(steps)
    assert list(preview.changes or ()) == changes


def loosely(value: Any) -> Any:
    """With the words of each text in order: Alembic writes the constraints of a rebuilt table in any."""
    if isinstance(value, str):
        return sorted(re.findall(r"\w+", value))
    return [loosely(item) for item in value] if isinstance(value, (list, tuple)) else value


def left_over(sandbox: Sandbox) -> list[str]:
    """Scratch databases of this process that are still there."""
    if sandbox.sqlite:
        names = os.listdir(tempfile.gettempdir())
    else:
        query = "SHOW DATABASES" if sandbox.backend == "mysql" else "SELECT datname FROM pg_database"
        names = [name for (name,) in sandbox.rows(query)]
    return [name for name in names if name.startswith(PREFIX) and f"_{os.getpid()}_" in name]
