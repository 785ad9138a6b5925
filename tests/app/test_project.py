"""`Project`, the Python face of everything."""

from __future__ import annotations

import pytest

import miger
from miger import Project
from miger.engine.errors import ConfigError, Interrupted, RefusedError, UnknownTarget
from miger.engine.events import Event, event_name
from miger.engine.interrupt import Interrupt

from tests.app.mongodb_words import hold_far
from tests.app.sandbox import Sandbox


def test_every_public_name_is_there_and_no_other() -> None:
    for name in miger.__all__:
        assert getattr(miger, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        miger.Nothing  # noqa: B018


def test_a_project_is_found_from_a_folder_within_it(sandbox: Sandbox) -> None:
    with Project.open(sandbox.migrations) as project:
        assert project.config.folder == sandbox.folder
        assert project.server().startswith((project.backend_name, "mariadb"))
    project.close()
    with pytest.raises(ConfigError, match="no environment 'prod'"):
        Project.open(sandbox.folder, "prod")


def test_a_run_tells_its_events_in_order(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    events: list[Event] = []
    with Project.open(sandbox.folder) as project:
        done = project.up(on_event=events.append)
        assert [event_name(event) for event in events] == [
            "run_started",
            "step_started",
            "statement_started",
            "statement_finished",
            "step_finished",
            "run_finished",
        ]
        assert {event.run for event in events} == {done.run}
        assert (done.direction, done.finished) == ("up", ("0001_first",))
        events.clear()
        assert project.up(on_event=events.append).run == ""
        assert [event_name(event) for event in events] == ["run_started", "run_finished"]
        assert project.up().finished == ()


def test_a_wish_to_stop_is_seen_before_the_first_step(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    interrupt = Interrupt()
    interrupt.request()
    with Project.open(sandbox.folder) as project:
        with pytest.raises(Interrupted):
            project.up(interrupt=interrupt)
        assert project.status().counts["pending"] == 1
        assert project.status().holder is None


def test_an_observer_may_call_for_a_stop_in_the_middle(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    if sandbox.on_mongodb:  # which tells of changes of the schema only
        sandbox.python("0002_two", "def up(db):\n    db.first.insert_one({'id': 1})\n    db.log('one')\n    db.first\n")
    else:
        sandbox.sql("0002_two", "INSERT INTO first VALUES (1);\nINSERT INTO first VALUES (2);")
    interrupt = Interrupt()

    def stop(event: Event) -> None:
        if event_name(event) in ("statement_finished", "log_line") and getattr(event, "id", "") == "0002_two":
            interrupt.request()

    with Project.open(sandbox.folder) as project:
        with pytest.raises(Interrupted, match="rolled back"):
            project.up(on_event=stop, interrupt=interrupt)
        assert project.status().ids("pending") == ("0002_two",)
    assert sandbox.rows("SELECT count(*) FROM first") == [(0,)]


def test_a_protected_environment_wants_its_name_from_code_too(sandbox: Sandbox) -> None:
    sandbox.configure("protected = true")
    sandbox.table("0001_first", "first")
    with Project.open(sandbox.folder) as project:
        with pytest.raises(RefusedError, match="dev is protected"):
            project.up()
        assert project.up(confirm="dev").finished == ("0001_first",)


def test_a_name_means_a_migration_of_the_folder_or_of_the_database(sandbox: Sandbox) -> None:
    import os

    sandbox.table("0001_first", "first")
    path = sandbox.table("0002_second", "second")
    with Project.open(sandbox.folder) as project:
        project.up()
        os.unlink(path)
        project.reload()
        assert project.resolve("first") == "0001_first"
        assert project.resolve("second") == "0002_second"
        with pytest.raises(UnknownTarget):
            project.resolve("third")


def hold_in_sql(sandbox: Sandbox) -> None:
    far = "2999-01-01 00:00:00" if sandbox.backend == "mysql" else "2999-01-01T00:00:00.000Z"
    sandbox.rows(f"UPDATE miger_lock SET run = 'feed', token = 7, expires_at = '{far}'")


def test_unlock_leaves_a_lease_that_is_not_the_one_meant(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    with Project.open(sandbox.folder) as project:
        project.up()
        if sandbox.on_mongodb:
            hold_far(sandbox.url, 600)
        else:
            hold_in_sql(sandbox)
        assert project.unlock(token=6) is None
        assert project.status().holder is not None
        freed = project.unlock(token=7)
        assert freed is not None
        assert freed.run == "feed"
        assert project.status().holder is None
        assert project.history(1)[0].event == "lease_broken"


def test_an_interrupt_from_the_keyboard_in_code_that_set_no_handler(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    sandbox.python("0002_stop", 'def up(db):\n    db.execute("SELECT 1")\n    raise KeyboardInterrupt\n')
    sandbox.python(
        "0003_stop",
        'def up(db):\n    db.execute("INSERT INTO first VALUES (1)")\n    raise KeyboardInterrupt\n',
        metadata='transaction = false\ndepends = ["0001_first"]',
    )
    with Project.open(sandbox.folder) as project:
        with pytest.raises(Interrupted):
            project.up("0002")
        assert project.status().ids("pending") == ("0002_stop", "0003_stop")
        with pytest.raises(Interrupted):
            project.up("0003")
        assert project.status().ids("dirty") == ("0003_stop",)
        assert project.status().holder is None
