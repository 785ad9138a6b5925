"""The wizard on SQLite: each kind from its choice to the written file, and what it does not lose or overwrite."""

from __future__ import annotations

import os
import stat

import pytest
from textual.widgets import Input, TextArea

from miger.widgets.file_view import FileView
from miger.widgets.parents_view import ParentsView
from miger.workbench.screens.home import HomeScreen
from miger.workbench.screens.wizard import WizardScreen
from miger.workbench.screens.wizard_leave import LeaveWizardModal
from miger.workbench.wizard.answers import CONTENT, KIND, NAME, PARENTS, REVIEW

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, SMALL, press, screen_text, wait_for, wait_for_look
from tests.workbench.wizarding import (
    choose_change,
    choose_kind,
    field_of,
    files,
    fill_in,
    open_wizard,
    text_of,
    to_content,
    to_review,
    told,
    type_text,
    wait_for_tables,
    write,
)


@pytest.fixture
def users(shop: Sandbox) -> Sandbox:
    """One applied migration that makes a table with rows, and one that is pending."""
    shop.sql(
        "0001_users",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT NOT NULL, city TEXT);\n"
        "INSERT INTO users VALUES (1, 'Ada', 'Wien'), (2, 'Alan', NULL);",
        "DROP TABLE users;",
    )
    shop.miger("up", "--yes")
    shop.table("0002_orders", "orders")
    return shop


async def test_an_sql_migration_is_written_and_then_selected_on_the_home_screen(
    users: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "sql", "Add e-mail")
        await type_text(pilot, "ALTER TABLE users ADD COLUMN email TEXT;")
        await press(pilot, ["tab"])
        await type_text(pilot, "SELECT email FROM users LIMIT 0;")
        await press(pilot, ["tab"])
        await type_text(pilot, "ALTER TABLE users DROP COLUMN email;")
        assert "ALTER TABLE users ADD COLUMN email TEXT;" in screen.query_one(FileView).text
        shown = await to_review(pilot)
        assert "0002_orders" in shown, "the pending ancestor is part of the dry run"
        assert "+ email TEXT" in shown
        assert files(users) == ["0001_users.sql", "0002_orders.sql"], "nothing is written before w"
        assert users.tables() == {"users"}
        id = await write(pilot)
    assert id == "20260115120431_add_e_mail"
    assert text_of(users, id) == (
        '-- /// miger\n-- depends = ["0002_orders"]\n-- ///\n'
        "-- miger:up\nALTER TABLE users ADD COLUMN email TEXT;\n"
        "-- miger:verify\nSELECT email FROM users LIMIT 0;\n"
        "-- miger:down\nALTER TABLE users DROP COLUMN email;\n"
    )
    users.miger("up", "--yes")
    users.miger("down", "--yes")
    assert users.states()[id] == "pending"


async def test_the_metadata_of_a_python_migration_is_what_was_filled_in(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_wizard(pilot)
        await choose_kind(pilot, "python")
        await fill_in(
            pilot,
            {
                "name": "lower logins",
                "title": "Lower all logins",
                "phase": "expand",
                "release": "v2",
                "transaction": "no",
            },
        )
        await press(pilot, ["ctrl+n"])
        assert screen.step == PARENTS
        await press(pilot, ["ctrl+n"])
        assert screen.step == CONTENT
        await type_text(pilot, 'db.execute("UPDATE users SET login = lower(login)")')
        await to_review(pilot)
        id = await write(pilot)
    text = text_of(users, id)
    assert text.startswith('"""Lower all logins."""\n')
    for line in ('# phase = "expand"', "# transaction = false", '# release = "v2"'):
        assert f"{line}\n" in text
    assert "def up(db: Sql) -> None:\n" in text
    assert "def down" not in text
    users.miger("up", "--yes")
    assert users.rows("SELECT login FROM users ORDER BY id") == [("ada",), ("alan",)]


async def test_a_migration_may_be_left_empty_to_be_filled_in_later(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        await to_content(pilot, "sql", "later")
        shown = await to_review(pilot)
        assert "nothing is written yet" in shown
        id = await write(pilot)
    assert "-- miger:up\n" in text_of(users, id)
    users.miger("status")


async def test_a_form_offers_tables_and_columns_and_tells_what_a_drop_loses(
    users: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "form", "drop_city")
        await wait_for_tables(pilot, screen)
        await choose_change(pilot, "drop_column")
        field_of(screen, "table").begin()
        await pilot.pause()
        assert "users" in screen_text(app)
        await press(pilot, ["down", "enter"])
        assert field_of(screen, "table").value == "users"
        await press(pilot, ["tab"])
        await type_text(pilot, "ci")
        assert field_of(screen, "column").offers == ("id", "login", "city")
        await press(pilot, ["down", "enter"])
        assert field_of(screen, "column").value == "city"
        shown = await to_review(pilot)
        assert "DROP COLUMN city" in shown
        assert "holds 1 value" in shown or "1 value" in shown, shown
        id = await write(pilot)
    assert "ALTER TABLE users DROP COLUMN city" in text_of(users, id)


async def test_a_click_takes_what_is_offered(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "form", "more")
        await wait_for_tables(pilot, screen)
        field = field_of(screen, "table")
        field.begin()
        await pilot.pause()
        await wait_for(pilot, lambda: field.query_one("OfferList").display, "the offers")
        await pilot.click("OfferList", offset=(4, 0))
        await wait_for(pilot, lambda: field.value == "users", "the table")


async def test_several_changes_go_into_one_migration_and_come_back_out(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "form", "contacts")
        await wait_for_tables(pilot, screen)
        await fill_in(pilot, {"table": "users", "name": "email", "type": "varchar(80)"})
        await press(pilot, ["ctrl+g"])
        await wait_for(pilot, lambda: screen.query_one("#others").display, "the list of changes")
        await choose_change(pilot, "create_index")
        await fill_in(pilot, {"table": "users", "columns": "email", "unique": "yes"})
        await press(pilot, ["ctrl+g"])
        await wait_for(pilot, lambda: len(screen.answers.entries) == 2, "two changes")
        await choose_change(pilot, "create_table")
        await fill_in(pilot, {"table": "phones", "columns": "id bigint primary key\nnumber varchar(20) not null"})
        file = screen.query_one(FileView).text
        assert file.index("ADD COLUMN email") < file.index("CREATE UNIQUE INDEX users_email_idx")
        assert (
            file.index("DROP TABLE phones") < file.index("DROP INDEX users_email_idx") < file.index("DROP COLUMN email")
        )
        screen.query_one("#entries").focus()
        await press(pilot, ["j", "x"])
        await wait_for(pilot, lambda: "INDEX" not in screen.query_one(FileView).text, "the index to be gone")
        await to_review(pilot)
        id = await write(pilot)
    users.miger("up", "--yes")
    assert users.tables() == {"users", "orders", "phones"}
    users.miger("down", "--yes")
    assert users.tables() == {"users", "orders"}
    assert "phones" in text_of(users, id)


async def test_what_is_wrong_with_a_form_stands_at_its_field_and_next_goes_nowhere(
    users: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "form", "stars")
        await wait_for_tables(pilot, screen)
        assert not field_of(screen, "name").problem, "an empty field is not wrong before somebody wants to go on"
        await fill_in(pilot, {"table": "users", "name": "login", "type": "int"})
        assert "already" in field_of(screen, "name").problem
        await press(pilot, ["ctrl+n"])
        assert screen.step == CONTENT
        await fill_in(pilot, {"name": "stars", "nullable": "no"})
        await press(pilot, ["ctrl+n"])
        assert screen.step == CONTENT
        assert "would have no value" in field_of(screen, "fill").problem
        await wait_for(pilot, lambda: field_of(screen, "fill").control.has_focus, "the field that is wrong")


async def test_a_backfill_runs_in_batches_and_counts_what_is_left(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "backfill", "fill_cities")
        await wait_for_tables(pilot, screen)
        await fill_in(pilot, {"table": "users", "values": "city = 'Linz'", "where": "city IS NULL", "size": "many"})
        assert "is no number" in field_of(screen, "size").problem
        await fill_in(pilot, {"size": "1"})
        await to_review(pilot)
        id = await write(pilot)
    text = text_of(users, id)
    assert 'db.batches("fill users", "users", key="id", size=1)' in text
    users.miger("up", "--yes")
    assert users.rows("SELECT city FROM users ORDER BY id") == [("Wien",), ("Linz",)]


async def test_heads_are_merged(users: Sandbox, open_workbench: Opener) -> None:
    users.table("0003_left", "l", metadata='depends = ["0001_users"]')
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_wizard(pilot)
        await choose_kind(pilot, "merge")
        assert field_of(screen, "name").value == "merge_orders_and_left"
        await press(pilot, ["enter"])
        assert screen.query_one(ParentsView).marked == ("0002_orders", "0003_left")
        await press(pilot, ["space", "ctrl+n"])
        assert screen.step == PARENTS
        assert "nothing to merge" in screen_text(app)
        await press(pilot, ["space", "ctrl+n"])
        await to_review(pilot)
        assert screen.step == REVIEW
        assert "– Content" in screen_text(app)
        id = await write(pilot)
        await wait_for(pilot, lambda: app.situation.heads == (id,), "one head")


async def test_kinds_that_cannot_be_written_say_why(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_wizard(pilot)
        assert "not now: there is no second head" in screen_text(app)
        await press(pilot, "6")
        assert screen.step == KIND
        assert told(app) == "there is no second head"


async def test_going_back_and_forth_loses_nothing(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=SMALL) as pilot:
        screen = await to_content(pilot, "sql", "q?:w back")
        await type_text(pilot, "SELECT 1; -- q ? : w j k")
        await press(pilot, ["escape", "escape"])
        assert screen.step == NAME
        assert field_of(screen, "name").value == "q?:w back"
        await press(pilot, ["escape"])
        assert screen.step == KIND
        await choose_kind(pilot, "form")
        await press(pilot, ["ctrl+n", "ctrl+n"])
        await wait_for_tables(pilot, screen)
        await choose_change(pilot, "add_column")
        await fill_in(pilot, {"table": "users", "name": "zip"})
        await choose_change(pilot, "drop_table")
        await choose_change(pilot, "add_column")
        assert field_of(screen, "name").value == "zip"
        await press(pilot, ["ctrl+b", "ctrl+b", "ctrl+b"])
        await choose_kind(pilot, "sql")
        await press(pilot, ["ctrl+n", "ctrl+n"])
        assert screen.step == CONTENT
        assert screen.query_one("#text-up", TextArea).text == "SELECT 1; -- q ? : w j k"
        assert screen.found is not None and screen.found.id == "20260115120431_q_w_back"


async def test_leaving_asks_once_something_was_typed(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        await open_wizard(pilot)
        await press(pilot, ["escape"])
        assert isinstance(app.screen, HomeScreen)
        screen = await to_content(pilot, "sql", "precious")
        await press(pilot, ["ctrl+q"])
        modal = app.screen
        assert isinstance(modal, LeaveWizardModal)
        await wait_for(pilot, lambda: modal.heeding and modal.focused is modal.query_one("#stay"), "the question")
        await press(pilot, ["enter"])
        assert app.screen is screen
        await press(pilot, ["ctrl+q"])
        await wait_for(pilot, lambda: isinstance(app.screen, LeaveWizardModal) and app.screen.heeding, "the question")
        await press(pilot, ["l"])
        await wait_for(pilot, lambda: isinstance(app.screen, HomeScreen), "the home screen")
    assert files(users) == ["0001_users.sql", "0002_orders.sql"]


async def test_a_name_that_is_taken_or_none_is_refused_while_it_is_typed(
    users: Sandbox, open_workbench: Opener
) -> None:
    users.table("20260115120431_taken", "taken", metadata='depends = ["0002_orders"]')
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_wizard(pilot)
        await choose_kind(pilot, "sql")
        await type_text(pilot, "taken")
        assert "there is a migration 20260115120431_taken already" in field_of(screen, "name").problem
        assert "✖ there is a migration" in screen_text(app)
        await press(pilot, ["enter"])
        assert screen.step == NAME
        await fill_in(pilot, {"name": "../evil"})
        assert "is no name for a migration" in field_of(screen, "name").problem
        await fill_in(pilot, {"name": "free"})
        assert "→ 20260115120431_free.sql" in screen_text(app)


async def test_any_migration_can_be_chosen_as_a_parent_through_the_filter(
    users: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_wizard(pilot)
        await choose_kind(pilot, "sql")
        await type_text(pilot, "branch")
        await press(pilot, ["enter"])
        view = screen.query_one(ParentsView)
        assert view.marked == ("0002_orders",)
        await press(pilot, ["space"])
        screen.query_one("#parents-filter", Input).focus()
        await type_text(pilot, "USERS")
        await press(pilot, ["enter"])
        assert view.ids == ("0001_users",)
        await press(pilot, ["space"])
        assert screen.found is not None and screen.found.draft.parents == ("0001_users",)


async def test_ten_thousand_parents_are_listed_without_a_widget_for_each(shop: Sandbox, open_workbench: Opener) -> None:
    for number in range(10_000):
        shop.write(f"migrations/{number:05}_m.sql", "-- miger:up\n")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_wizard(pilot)
        await choose_kind(pilot, "sql")
        await type_text(pilot, "one_more")
        await press(pilot, ["enter", "G"])
        view = screen.query_one(ParentsView)
        assert view.row_count() == 10_000
        assert "00000_m" in screen_text(app)
        assert len(view.children) == 0


async def test_nothing_is_overwritten_and_nothing_typed_is_lost_where_the_file_cannot_be_written(
    users: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "sql", "mine")
        await type_text(pilot, "SELECT 1;")
        await to_review(pilot)
        path = os.path.join(users.migrations, "20260115120431_mine.py")
        os.symlink(os.path.join(users.folder, "nowhere"), path)  # the watch sees no migration in it
        screen._write(screen.found)  # type: ignore[arg-type]  # it was found good before that file came
        await wait_for(pilot, lambda: "exists already" in told(app), "the error")
        assert app.screen is screen
        assert os.path.islink(path)
        await press(pilot, ["escape"])
        assert screen.query_one("#text-up", TextArea).text == "SELECT 1;"


async def test_the_first_migration_of_a_folder_that_cannot_be_written_to_is_an_error_and_not_a_loss(
    users: Sandbox, open_workbench: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "sql", "mine")
        await to_review(pilot)
        limited = os.path.join(users.folder, "full")
        os.symlink("/dev/full", limited)
        real = open

        def full_disk(file: object, *arguments: object, **options: object) -> object:
            is_new = isinstance(file, str) and "_mine.sql" in file and os.path.dirname(file) == users.migrations
            return real(limited if is_new else file, *arguments, **options)  # type: ignore[call-overload]

        monkeypatch.setattr("builtins.open", full_disk)
        await press(pilot, ["w"])
        await wait_for(pilot, lambda: "cannot write" in told(app), "the error")
        monkeypatch.undo()
        assert "No space left on device" in told(app)
        assert app.screen is screen
    assert files(users) == ["0001_users.sql", "0002_orders.sql"]


async def test_the_section_is_edited_in_the_editor(
    users: Sandbox, open_workbench: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    script = os.path.join(tmp_path, "editor")
    with open(script, "w", encoding="utf-8") as file:
        file.write('#!/bin/sh\necho "SELECT 2;" >> "$1"\n')
    os.chmod(script, stat.S_IRWXU)
    monkeypatch.setenv("EDITOR", script)
    app = open_workbench(users)
    monkeypatch.setattr(
        "miger.workbench.screens.wizard_work.edit_file", lambda app, path: os.system(f"{script} {path}")
    )
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "sql", "edited")
        await type_text(pilot, "SELECT 1; ")
        await press(pilot, ["ctrl+e"])
        await wait_for(pilot, lambda: "SELECT 1; SELECT 2;" in screen.query_one(FileView).text, "the edited text")


async def test_at_80x24_the_file_is_under_a_key(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=SMALL) as pilot:
        screen = await to_content(pilot, "sql", "small")
        assert "ctrl+f file" in screen_text(app)
        assert not screen.query_one(FileView).display
        await press(pilot, ["ctrl+f"])
        assert "-- /// miger" in screen_text(app)
        await press(pilot, ["escape"])
        assert screen.step == CONTENT
        assert not screen.query_one(FileView).display


async def test_the_trail_and_the_buttons_work_with_the_mouse(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_wizard(pilot)
        await pilot.click("#kinds", offset=(6, 0), times=2)
        await wait_for(pilot, lambda: screen.step == NAME, "the name")
        await type_text(pilot, "by_mouse")
        await pilot.click("#next")
        await wait_for(pilot, lambda: screen.step == PARENTS, "the parents")
        await pilot.click("WizardTrail", offset=(12, 0))
        await wait_for(pilot, lambda: screen.step == NAME, "the name again")
        await pilot.click("#back")
        await wait_for(pilot, lambda: screen.step == KIND, "the kind again")
        await pilot.click("#leave")
        await wait_for(pilot, lambda: isinstance(app.screen, LeaveWizardModal), "the question")


async def test_nothing_is_written_into_a_folder_with_problems(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "sql", "more")
        await to_review(pilot)
        users.write("migrations/0003_bad.sql", '-- /// miger\n-- depends = ["nobody"]\n-- ///\n-- miger:up\n')
        await wait_for(pilot, lambda: app.situation.problems, "the watch to see the bad file")
        assert "the migrations folder has problems" in screen_text(app)
        await press(pilot, ["w"])
        assert app.screen is screen
        os.unlink(os.path.join(users.migrations, "0003_bad.sql"))
        await wait_for(pilot, lambda: not app.situation.problems, "the watch to see that it is gone")
        await to_review(pilot)
        await write(pilot)


async def test_a_workbench_may_begin_with_the_wizard(users: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(users, first="wizard")
    async with app.run_test(size=HOME) as pilot:
        await wait_for(pilot, lambda: isinstance(app.screen, WizardScreen), "the wizard")
        await wait_for_look(pilot)
        await choose_kind(pilot, "sql")
        await type_text(pilot, "at_once")
        await press(pilot, ["enter", "ctrl+n"])
        await to_review(pilot)
        assert await write(pilot) == "20260115120431_at_once"
