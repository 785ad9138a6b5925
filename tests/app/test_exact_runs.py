"""What the workbench asks of a project: listings, one migration's verify, and a run of what was previewed alone."""

from __future__ import annotations

import pytest

from miger.engine.errors import PlanChanged
from miger.project import Project

from tests.app.sandbox import Sandbox


@pytest.fixture
def two(sandbox: Sandbox) -> Sandbox:
    """Two pending migrations."""
    sandbox.table("0001_first", "first")
    sandbox.table("0002_second", "second")
    return sandbox


def test_a_plan_that_is_to_run_exactly_is_not_run_where_another_was_quicker(two: Sandbox) -> None:
    with Project.open(two.folder) as project:
        plan = project.plan()
        two.miger("up", "0001_first")
        with pytest.raises(PlanChanged, match="now it is 0002_second") as caught:
            project.run(plan, exactly=True)
        assert caught.value.planned == ("0001_first", "0002_second")
        assert caught.value.now == ("0002_second",)
        assert two.tables() == {"first"}
        assert project.run(project.plan(), exactly=True).finished == ("0002_second",)
    assert two.tables() == {"first", "second"}


def test_a_file_changed_after_the_plan_is_not_run_either(two: Sandbox) -> None:
    with Project.open(two.folder) as project:
        plan = project.plan()
        two.table("0002_second", "renamed")
        project.reload()
        with pytest.raises(PlanChanged, match="the same migrations, but a file has changed"):
            project.run(plan, exactly=True)
    assert two.tables() == set()


def test_a_listing_names_the_statements_and_changes_nothing(two: Sandbox) -> None:
    with Project.open(two.folder) as project:
        listing = project.listing(project.plan())
    assert [step.id for step in listing.steps] == ["0001_first", "0002_second"]
    assert all("second" in statement.text for statement in listing.steps[1].statements)
    assert listing.steps[1].statements
    assert two.tables() == set()


def test_one_migrations_verify_can_be_asked(sqlite_sandbox: Sandbox) -> None:
    sqlite_sandbox.table("0001_first", "first")
    sqlite_sandbox.sql("0002_more", "CREATE TABLE more (id INTEGER);", verify="SELECT id FROM more LIMIT 0;")
    with Project.open(sqlite_sandbox.folder) as project:
        assert project.check("0001_first") is None
        assert "no such table: more" in (project.check("0002_more") or "")
        project.up()
        assert project.check("0002_more") == ""
