"""What stands in the way, in the banner and whole: a broken miger.toml, bad files, no answer, another run."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from miger.engine.errors import ConfigError, Problem, UnreachableError
from miger.engine.state import Holder
from miger.engine.status import Status
from miger.project import Project
from miger.widgets.banner import ERROR, INFO, WARNING, Banner, Notice
from miger.widgets.text_view import TextView
from miger.workbench.app import Workbench
from miger.workbench.notices import banner_of, troubles_of
from miger.workbench.screens.config_error import TroubleScreen
from miger.workbench.screens.home import HomeScreen
from miger.workbench.situation import OwnRun, Situation

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, SMALL, press, screen_text, svg_of, wait_for, wait_for_look, wait_for_text

HOLDER = Holder(
    "bob", "ci", "m", 77, "p", "run1", 3, "2026-01-15T12:00:00Z", "2026-01-15T12:00:30Z", "0141_split", "", False
)


@pytest.fixture
def situation(shop: Sandbox) -> Situation:
    with Project.open(shop.folder) as project:
        return Situation(project.config, project.environment, project.backend_name)


def test_where_nothing_is_wrong_there_is_no_banner(situation: Situation) -> None:
    assert banner_of(situation) == ()


def test_a_broken_configuration_is_told_with_its_place_and_the_next_key(situation: Situation) -> None:
    problem = Problem(situation.config.path, 7, "is not valid TOML: Unclosed string", "close it")
    found = banner_of(situation._replace(config_error=ConfigError("miger.toml is not valid", [problem])))
    place = "miger.toml line 7 · the last good configuration goes on"
    assert found == (Notice(ERROR, "is not valid TOML: Unclosed string", place, "close it"),)
    gone = banner_of(
        situation._replace(config_error=ConfigError("there is no miger.toml", hint="`miger init` makes one"))
    )
    assert gone[0].cause == "there is no miger.toml" and gone[0].key


def test_the_gravest_comes_first(situation: Situation) -> None:
    status = Status((), (), HOLDER, True)
    known = situation._replace(
        environment=situation.environment._replace(read_only=True),
        problems=(Problem("migrations/1_a.sql", 3, "no up section"), Problem("migrations/2_b.sql", None, "empty")),
        trouble=UnreachableError("no connection"),
        status=status,
    )
    assert [notice.level for notice in banner_of(known)] == [ERROR, ERROR, ERROR, WARNING, INFO]
    assert banner_of(known)[0].place.startswith("migrations/1_a.sql line 3")
    assert "r tries again" in banner_of(known)[2].key and "last answer" in banner_of(known)[2].place
    assert "bob@ci" in banner_of(known)[3].cause and "0141_split" in banner_of(known)[3].cause
    assert "read-only" in banner_of(known)[4].cause
    assert [notice.level for notice in banner_of(known._replace(own_run=OwnRun("up")))] == [ERROR, ERROR, ERROR, INFO]


def test_a_password_in_a_message_is_hidden_once_more(postgresql_shop: Sandbox) -> None:
    with Project.open(postgresql_shop.folder) as project:
        situation = Situation(project.config, project.environment, project.backend_name)
    secret = situation.environment.url.secrets[0]
    [trouble] = troubles_of(situation._replace(trouble=UnreachableError(f"no way in with {secret}", f"try {secret}")))
    assert secret not in str(trouble) and "***" in trouble.message


class BannerApp(App[None]):
    """A banner alone."""

    opened = 0

    def compose(self) -> ComposeResult:
        yield Banner()

    def on_banner_opened(self) -> None:
        self.opened += 1


@pytest.mark.parametrize(
    ("notices", "height"),
    [
        ((), 0),
        ((Notice(INFO, "read-only"),), 1),
        ((Notice(ERROR, "c" * 300, "p" * 300, "k" * 300), Notice(INFO, "x")), 3),
    ],
)
async def test_the_banner_takes_as_many_lines_as_it_needs(notices: tuple[Notice, ...], height: int) -> None:
    app = BannerApp()
    async with app.run_test(size=SMALL) as pilot:
        banner = app.query_one(Banner)
        banner.notices = notices
        await pilot.pause()
        assert (banner.size.height if banner.display else 0) == height
        if height == 3:
            text = screen_text(app)
            assert "✖ error" in text and "(and 1 more)" in text and "→ k" in text
            assert all(len(line) <= 80 for line in text.splitlines())
            await pilot.click(Banner)
            assert app.opened == 1
        banner.notices = ()
        await pilot.pause()
        assert not banner.display


async def _break(pilot: Pilot[int], app: Workbench, shop: Sandbox, text: str) -> None:
    await wait_for_look(pilot)
    shop.write("miger.toml", text)
    await wait_for(pilot, lambda: app.situation.config_error is not None, "that it is seen")


async def test_a_configuration_that_breaks_is_seen_with_its_lines_and_mending_is_seen_too(
    shop: Sandbox, open_workbench: Opener
) -> None:
    shop.table("1_customers", "customers")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await _break(
            pilot, app, shop, '[project]\nname = "shop"\n\n[environments.dev]\nurl = "sqlite:///x.db\nread_only = 1\n'
        )
        await wait_for_text(pilot, "CONFIG BROKEN", "1 pending")
        app.push_screen(TroubleScreen())
        await wait_for_text(pilot, "✖ miger.toml is broken", "miger.toml:5", "▶    5 │", "[environments.dev]")
        shop.configure()
        await wait_for(pilot, lambda: app.situation.config_error is None, "that it is mended")
        await wait_for_text(pilot, "✔ nothing stands in the way any more")
        assert "CONFIG BROKEN" not in screen_text(app)
        await press(pilot, ["escape"])
        assert isinstance(app.screen, HomeScreen)


async def test_the_lines_of_a_broken_configuration_hide_passwords(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    text = (
        '[project]\nname = "shop"\n[environments.dev]\nurl = "postgresql://ann:s3cr3t w0rd@h/d?password=0th3r\n'
        'password = "th1rd"\nurl2 = "mysql://bob:f0urth@h/x"\n'
    )
    async with app.run_test(size=HOME) as pilot:
        await _break(pilot, app, shop, text)
        app.push_screen(TroubleScreen())
        await wait_for_text(pilot, "▶    4 │", "postgresql://ann:***")
        await press(pilot, ["Y"])
        for secret in ("s3cr3t", "w0rd", "0th3r", "th1rd", "f0urth"):
            assert secret not in svg_of(app) and secret not in app.clipboard


async def test_bad_files_are_told_with_their_lines(shop: Sandbox, open_workbench: Opener) -> None:
    shop.table("1_customers", "customers")
    app = open_workbench(shop)
    async with app.run_test(size=SMALL) as pilot:
        await wait_for_look(pilot)
        shop.write("migrations/2_bad.sql", "-- /// miger\n-- depends = [\n-- ///\nSELECT 1;\n")
        await wait_for(pilot, lambda: app.situation.problems, "the problem")
        app.push_screen(TroubleScreen())
        await wait_for_text(pilot, "A bad migration")
        assert "2_bad.sql" in app.screen.query_one(TextView).text
        assert banner_of(app.situation)[0].place.startswith("migrations/2_bad.sql")


async def test_e_opens_the_file_at_the_line(
    shop: Sandbox, open_workbench: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_workbench(shop)
    opened: list[tuple[str, int]] = []
    monkeypatch.setattr(app, "edit", lambda path, line=0: opened.append((path, line)))
    async with app.run_test(size=HOME) as pilot:
        await _break(pilot, app, shop, '[project]\nname = "shop"\n[environments.dev]\nurl = 5\n')
        app.push_screen(TroubleScreen())
        await wait_for_text(pilot, "▶    4 │ url = 5")
        await press(pilot, ["e"])
        assert opened == [(app.situation.config.path, 4)]
