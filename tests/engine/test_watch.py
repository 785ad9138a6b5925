"""Watching real files: what is told of miger.toml and the migrations folder, and what stays good."""

from __future__ import annotations

import itertools
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from miger.engine.config import load_config
from miger.engine.errors import ConfigError
from miger.engine.watch import Change, ConfigBroken, ConfigChanged, MigrationsChanged, Watch, watch

PATIENCE = 60.0  # seconds until a change that should be told counts as missed
NEVER = 3600.0

FIRST = '[project]\nname = "first"\n\n[environments.dev]\nurl = "sqlite:///shop.db"\n'
SECOND = FIRST.replace("first", "second")
BROKEN = FIRST.replace('"first"', "3")


def put(path: Path, text: str) -> None:
    """Writes a file in one stroke, as most editors do."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    os.replace(new, path)


class Follower:
    """A watch in a thread of its own, as the workbench has it, and the changes it has told."""

    def __init__(self, watch: Watch, stop: threading.Event) -> None:
        self.watch = watch
        self._stop = stop
        self._changes: queue.SimpleQueue[Change | BaseException] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        try:
            for change in self.watch:
                self._changes.put(change)
        except BaseException as error:
            self._changes.put(error)

    def next(self) -> Change:
        change = self._changes.get(timeout=PATIENCE)
        if isinstance(change, BaseException):
            raise change
        return change

    def config(self) -> str:
        """The name in the configuration that has to come next."""
        change = self.next()
        assert isinstance(change, ConfigChanged), change
        assert (self.watch.config, self.watch.error) == (change.config, None)
        return change.config.name

    def broken(self) -> ConfigError:
        """The error that has to come next."""
        change = self.next()
        assert isinstance(change, ConfigBroken), change
        assert self.watch.error is change.error
        return change.error

    def migrations(self) -> str:
        """The name of the migrations folder that has to be told as changed next."""
        change = self.next()
        assert isinstance(change, MigrationsChanged), change
        return os.path.basename(change.folder)

    def nothing_else(self) -> None:
        """Nothing was told up to now: what is done now comes next."""
        put(Path(self.watch.config.migrations) / f"{next(self._numbers):04}_mark.sql", "-- miger:up\n")
        self.migrations()

    def quiet(self) -> None:
        """Goes on until what is done now comes next: a folder that is replaced may be told in one or two parts."""
        name = next(self._numbers)
        text = SECOND.replace("second", f"quiet-{name}")
        put(Path(self.watch.config.path), text)
        while not isinstance(change := self.next(), ConfigChanged) or change.config.name != f"quiet-{name}":
            pass

    def end(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


Follow = Callable[..., Follower]


@pytest.fixture(params=[False, True], ids=["events", "polling"])
def polling(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "migrations").mkdir(parents=True)
    (folder / "miger.toml").write_text(FIRST)
    return folder


@pytest.fixture
def follow(project: Path, polling: bool) -> Iterator[Follow]:
    followers = []

    def start(**options: object) -> Follower:
        stop = threading.Event()
        followers.append(Follower(watch(str(project), stop, force_polling=polling, **options), stop))  # type: ignore[arg-type]
        return followers[-1]

    yield start
    for follower in followers:
        follower.end()


def test_a_valid_change_is_taken_over(follow: Follow, project: Path) -> None:
    follower = follow(patience=NEVER)
    (project / "miger.toml").write_text(SECOND)
    assert follower.config() == "second"
    (project / "miger.toml").write_text(FIRST)
    assert follower.config() == "first"
    (project / "miger.toml").write_text(FIRST)  # says the same
    follower.nothing_else()


def test_an_invalid_change_is_told_with_its_line_and_the_last_good_one_stays(follow: Follow, project: Path) -> None:
    follower = follow()
    put(project / "miger.toml", BROKEN)
    error = follower.broken()
    assert [problem.line for problem in error.problems] == [2]
    assert "project.name must be a name, not 3" in str(error)
    assert follower.watch.config.name == "first"
    (project / "miger.toml").touch()
    follower.nothing_else()  # the same error is not told twice
    put(project / "miger.toml", BROKEN + "colour = 'red'\n")
    assert [problem.line for problem in follower.broken().problems] == [2, 6]
    put(project / "miger.toml", FIRST)  # mended: the very text that was good before
    assert follower.config() == "first"


def test_a_file_replaced_by_another_is_read(follow: Follow, project: Path) -> None:
    follower = follow()
    for text, name in ((SECOND, "second"), (FIRST, "first")):
        (project / "miger.toml.new").write_text(text)
        os.replace(project / "miger.toml.new", project / "miger.toml")
        assert follower.config() == name


def test_a_file_that_is_gone_for_a_moment_is_no_error(follow: Follow, project: Path) -> None:
    follower = follow(patience=NEVER)
    (project / "miger.toml").unlink()
    follower.nothing_else()
    put(project / "miger.toml", SECOND)
    assert follower.config() == "second"


def test_a_file_written_in_two_steps_is_no_error(follow: Follow, project: Path) -> None:
    follower = follow(patience=NEVER)
    with open(project / "miger.toml", "w") as file:
        file.write(SECOND[:30])
        file.flush()
        follower.nothing_else()
        file.write(SECOND[30:])
    assert follower.config() == "second"


def test_a_file_that_stays_away_is_an_error_until_it_is_back(follow: Follow, project: Path) -> None:
    follower = follow(patience=0.1)
    (project / "miger.toml").unlink()
    assert "there is no" in str(follower.broken())
    put(project / "miger.toml", FIRST)
    assert follower.config() == "first"


def test_an_error_of_the_environment_at_work_counts_and_of_others_does_not(follow: Follow, project: Path) -> None:
    follower = follow(environment="dev")
    put(project / "miger.toml", SECOND + '[environments.prod]\nurl = "${MIGER_TEST_NOT_SET}"\n')
    assert follower.config() == "second"
    put(project / "miger.toml", SECOND.replace("sqlite:///shop.db", "${MIGER_TEST_NOT_SET}"))
    assert follower.broken().problems[0].line == 5
    put(project / "miger.toml", SECOND.replace("dev", "test"))
    assert "there is no environment 'dev'" in str(follower.broken())
    assert follower.watch.config.names == ("dev", "prod")


def test_migrations_that_come_change_and_go_are_told(follow: Follow, project: Path) -> None:
    follower = follow()
    path = project / "migrations" / "1_first.sql"
    put(path, "-- miger:up\n")
    assert follower.migrations() == "migrations"
    put(path, "-- miger:up\nSELECT 1;\n")
    assert follower.migrations() == "migrations"
    os.rename(path, project / "migrations" / "2_second.sql")
    assert follower.migrations() == "migrations"
    (project / "migrations" / "2_second.sql").unlink()
    assert follower.migrations() == "migrations"
    (project / "migrations" / "3_link.sql").symlink_to("nowhere")
    assert follower.migrations() == "migrations"


def test_what_is_no_migration_is_not_told(follow: Follow, project: Path) -> None:
    follower = follow()
    for name in (".3_third.sql.swp", "_draft.sql", "notes.txt", "3_third.sql~", "4913"):
        put(project / "migrations" / name, "x")
    put(project / "shop.db", "x")
    put(project / "miger.toml", SECOND)
    assert follower.config() == "second"
    follower.nothing_else()


def test_the_folder_may_move_with_the_configuration(follow: Follow, project: Path) -> None:
    (project / "db" / "changes").mkdir(parents=True)
    follower = follow()
    put(project / "miger.toml", SECOND.replace('"second"\n', '"second"\nmigrations = "db/changes"\n'))
    assert follower.config() == "second"
    assert follower.migrations() == "changes"
    put(project / "db" / "changes" / "1_first.sql", "-- miger:up\n")
    assert follower.migrations() == "changes"
    put(project / "migrations" / "1_first.sql", "-- miger:up\n")
    put(project / "miger.toml", FIRST)
    assert follower.config() == "first"
    assert follower.migrations() == "migrations"


def test_a_folder_that_is_not_there_yet_is_waited_for(follow: Follow, project: Path) -> None:
    put(project / "miger.toml", FIRST.replace('"first"\n', '"first"\nmigrations = "../a/b/c"\n'))
    follower = follow()
    (project.parent / "a" / "b").mkdir(parents=True)
    (project.parent / "a" / "b" / "c").mkdir()
    assert follower.migrations() == "c"
    put(project.parent / "a" / "b" / "c" / "1_first.py", "def up(db): ...\n")
    assert follower.migrations() == "c"


def test_a_folder_that_is_replaced_is_watched_again(follow: Follow, project: Path) -> None:
    follower = follow()
    for _ in range(2):
        shutil.rmtree(project / "migrations")
        (project / "migrations").mkdir()
        follower.quiet()
        put(project / "migrations" / "1_first.sql", "-- miger:up\n")
        assert follower.migrations() == "migrations"


def test_the_whole_project_may_go_and_come_back(follow: Follow, project: Path) -> None:
    follower = follow(patience=0.1)
    os.rename(project, project.with_name("elsewhere"))
    while not isinstance(follower.next(), ConfigBroken):
        pass
    (project.with_name("elsewhere") / "miger.toml").write_text(SECOND)
    os.rename(project.with_name("elsewhere"), project)
    while not isinstance(follower.next(), ConfigChanged):
        pass
    assert follower.watch.config.name == "second"


def test_a_link_that_is_turned_to_another_file_is_read_and_so_is_what_it_leads_to(
    follow: Follow, project: Path
) -> None:
    for name, text in (("v1", FIRST), ("v2", SECOND)):
        (project.parent / name).mkdir()
        put(project.parent / name / "miger.toml", text)
    (project / "data").symlink_to("../v1")
    (project / "miger.toml").unlink()
    (project / "miger.toml").symlink_to("data/miger.toml")
    follower = follow()
    (project / "data.new").symlink_to("../v2")
    os.replace(project / "data.new", project / "data")
    assert follower.config() == "second"
    put(project.parent / "v2" / "miger.toml", FIRST)
    assert follower.config() == "first"


def test_what_changes_before_it_begins_is_told(project: Path) -> None:
    stop = threading.Event()
    watching = watch(str(project / "miger.toml"), stop)
    put(project / "miger.toml", SECOND)
    put(project / "migrations" / "1_first.sql", "-- miger:up\n")
    changes = iter(watching)
    assert isinstance(next(changes), ConfigChanged)
    assert next(changes) == MigrationsChanged(str(project / "migrations"))
    stop.set()
    assert list(changes) == []
    assert list(Watch(watching.config, stop)) == []


def test_what_changed_between_reading_the_folder_and_watching_it_is_told_once(project: Path) -> None:
    put(project / "migrations" / "1_first.sql", "-- miger:up\n")
    config, changed = load_config(str(project / "miger.toml")), time.time()
    stop = threading.Event()
    changes = iter(Watch(config, stop, since=changed))
    assert next(changes) == MigrationsChanged(str(project / "migrations"))
    threading.Timer(2.0, stop.set).start()  # so long it looks again and again
    assert list(changes) == []
    later = threading.Event()
    threading.Timer(2.0, later.set).start()
    assert list(Watch(config, later, since=changed + 60)) == []


def test_without_a_good_configuration_there_is_nothing_to_watch(project: Path) -> None:
    put(project / "miger.toml", BROKEN)
    with pytest.raises(ConfigError):
        watch(str(project), threading.Event())


def test_two_configurations_are_equal_if_they_say_the_same(project: Path) -> None:
    config = load_config(str(project))
    assert config == config.read_again()
    assert hash(config) == hash(config.read_again())
    put(project / "miger.toml", SECOND)
    assert config != config.read_again()
    assert config != FIRST


WITHOUT_WATCHES = """
import os, platform, resource, sys, threading
import watchfiles
from miger.engine.watch import ConfigBroken, ConfigChanged, watch

stop = threading.Event()
watching = watch(sys.argv[1], stop, patience=0.0)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))), hard))
changes = iter(watching)
broken = next(changes)  # no file can be opened, not even the configuration; and no watch set up
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
assert isinstance(broken, ConfigBroken) and "Too many open files" in str(broken.error), broken
assert watching.polling
assert isinstance(next(changes), ConfigChanged)
with open(watching.config.path, "a") as file:
    file.write("protected = true\\n")
assert next(changes).config.environment().protected
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs Linux's /proc")
def test_where_the_system_has_no_watches_left_the_files_are_looked_at_by_polling(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_WATCHES, str(project)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
