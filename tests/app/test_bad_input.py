"""What can be wrong, from the configuration to the disk: an exit code, a message that names it, no traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.parse
from collections.abc import Callable

import psycopg
import pytest

from tests.app.sandbox import COMMAND, Sandbox

TABLE = "CREATE TABLE {} (id INTEGER);"


def config(text: str) -> Callable[[Sandbox], object]:
    return lambda sandbox: sandbox.write("miger.toml", text)


def environment(lines: str) -> Callable[[Sandbox], object]:
    return lambda sandbox: sandbox.configure(lines)


def migration(id: str, text: str) -> Callable[[Sandbox], object]:
    return lambda sandbox: sandbox.write(f"migrations/{id}", text)


def not_utf8(sandbox: Sandbox) -> None:
    with open(sandbox.path("migrations", "0002_latin.sql"), "wb") as file:
        file.write("-- miger:up\nINSERT INTO first VALUES ('é');".encode("latin-1"))


def cycle(sandbox: Sandbox) -> None:
    sandbox.table("0002_b", "b", 'depends = ["0003_c"]')
    sandbox.table("0003_c", "c", 'depends = ["0002_b"]')


def changed(sandbox: Sandbox) -> None:
    sandbox.miger("up")
    sandbox.sql("0001_first", "CREATE TABLE first (id BIGINT);", "DROP TABLE first;")


def gone(sandbox: Sandbox) -> None:
    sandbox.table("0002_second", "second")
    sandbox.miger("up")
    os.unlink(sandbox.path("migrations", "0002_second.sql"))


def no_config(sandbox: Sandbox) -> None:
    os.unlink(sandbox.path("miger.toml"))


def no_folder(sandbox: Sandbox) -> None:
    os.rename(sandbox.migrations, sandbox.migrations + "_away")


def folder_of_database_is_missing(sandbox: Sandbox) -> None:
    sandbox.url = "sqlite:///nowhere/x.db"
    sandbox.configure()


def not_a_database(sandbox: Sandbox) -> None:
    sandbox.write("x.db", "this is a letter, and long enough not to be taken for an empty file" * 20)
    sandbox.url = "sqlite:///x.db"
    sandbox.configure()


CASES: list[tuple[str, Callable[[Sandbox], object], str, int, str]] = [
    ("broken TOML", config("[project\n"), "status", 2, "miger.toml:1: is not valid TOML"),
    ("unknown key", environment('colour = "red"'), "status", 2, "miger.toml:6: "),
    ("unset variable", config('[environments.dev]\nurl = "${NO_SUCH_URL}"'), "up", 2, "NO_SUCH_URL"),
    ("unknown environment", lambda sandbox: None, "-e prod up", 2, "there is no environment 'prod'"),
    ("no miger.toml", no_config, "up", 2, "there is no miger.toml in"),
    ("no migrations folder", no_folder, "up", 6, "there is no such folder"),
    ("unknown scheme", config('[environments.dev]\nurl = "oracle://x/y"'), "up", 2, "no backend serves 'oracle'"),
    ("cycle", cycle, "up", 6, "the dependencies go in a circle: 0002_b → 0003_c → 0002_b"),
    ("unknown parent", lambda s: s.table("0002_b", "b", 'depends = ["0009_x"]'), "up", 6, "'0009_x', which no file"),
    ("duplicate id", lambda s: s.python("0001_first", "def up(db): ..."), "up", 6, "has the same id as"),
    ("not UTF-8", not_utf8, "up", 6, "0002_latin.sql:2: is not UTF-8"),
    ("no section", migration("0002_no.sql", "SELECT 1;"), "up", 6, "0002_no.sql:1: has no section"),
    ("no function up", migration("0002_no.py", "x = 1"), "up", 6, "0002_no.py: has no function up"),
    ("empty", migration("0002_no.sql", "-- miger:up\n"), "up", 1, "its up section holds no statement"),
    ("metadata", migration("0002_no.sql", "-- /// miger\n-- = 1\n-- ///\n-- miger:up\n"), "up", 6, "0002_no.sql:2: "),
    ("wrong key", lambda s: s.table("0002_b", "b", "colour = 1"), "up", 6, "0002_b.sql:2: "),
    ("Python syntax", migration("0002_no.py", "def up(db):\n  x ="), "up", 6, "0002_no.py:2: is not valid Python"),
    ("up is no function", migration("0002_no.py", "def up(db): ...\nup = 1"), "up", 1, "`up` is not a function"),
    ("changed file", changed, "up", 6, "changed after they were applied: 0001_first"),
    ("missing file", gone, "up", 6, "applied, but without a file: 0002_second"),
    ("unknown target", lambda sandbox: None, "up 0007", 2, "no migration is named '0007'"),
    ("ambiguous target", lambda s: s.table("0002_fir", "b"), "up fir", 2, "'fir' is part of 2 migrations"),
    ("bad option", lambda sandbox: None, "up --fast", 2, "--fast"),
    ("bad command", lambda sandbox: None, "upp", 2, "'upp'"),
    ("bad count", lambda sandbox: None, "up --steps x", 2, "--steps: 'x' is no number"),
    ("negative count", lambda sandbox: None, "up --steps=-1", 2, "--steps: '-1' is no number"),
    ("bad wait", lambda sandbox: None, "up --wait nan", 2, "--wait: 'nan' must be a time"),
    ("both choices", lambda sandbox: None, "repair 0001 --resume --rollback", 2, "not allowed with"),
    ("no choice", lambda sandbox: None, "repair 0001", 2, "--resume"),
    ("target and steps", lambda sandbox: None, "down 0001 --steps 1 --yes", 2, "exclude each other"),
    ("to for up", lambda sandbox: None, "plan up --to 0001", 2, "--to belongs to `down`"),
    ("name is a path", lambda sandbox: None, "create ../x", 2, "'../x' is no name"),
    ("name with a quote", lambda sandbox: None, "create it's", 2, "is no name"),
    ("name of nothing", lambda sandbox: None, "create ---", 2, "--"),
    ("unknown parent given", lambda sandbox: None, "create x --depends 0009", 2, "no migration is named '0009'"),
    ("database's folder", folder_of_database_is_missing, "up", 8, "make its folder first"),
    ("not a database", not_a_database, "up", 8, "file is not a database"),
]


@pytest.mark.parametrize(("prepare", "command", "code", "told"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_is_wrong_is_named_and_nothing_is_changed(
    sqlite_sandbox: Sandbox, prepare: Callable[[Sandbox], object], command: str, code: int, told: str
) -> None:
    sandbox = sqlite_sandbox
    sandbox.table("0001_first", "first")
    prepare(sandbox)
    done = sandbox.miger(*command.split(), code=code)
    assert told in done.err
    assert done.out == ""
    if "up" in command.split() and " --" not in command:
        closing = sandbox.miger("--json", *command.split(), code=code).events[-1]
        assert closing["event"] == "run_finished"
        assert closing["result"] in ("refused", "failed")


def test_all_bad_files_are_reported_at_once(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.table("0001_first", "first")
    not_utf8(sandbox)
    sandbox.write("migrations/0003_no.sql", "SELECT 1;")
    sandbox.table("0004_x", "x", "phase = 3")
    sandbox.table("0005_y", "y", 'depends = ["0009_z"]')
    refused = sandbox.miger("up", code=6).err
    for name in ("0002_latin", "0003_no", "0004_x", "0005_y"):
        assert f"{name}.sql" in refused
    assert not os.path.exists(sandbox.url.removeprefix("sqlite:///"))


def test_several_python_files_that_do_not_compile_stop_the_run_before_it_begins(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    for id in ("0002_a", "0003_b"):
        sandbox.python(id, "def up(db):\n    return (")
    refused = sandbox.miger("up", code=6).err
    assert "0002_a.py" in refused
    assert "0003_b.py" in refused
    assert sandbox.tables() == set()


# Passwords


@pytest.mark.parametrize("option", ["", "-v", "--json", "--log-format=json", "-q"])
@pytest.mark.parametrize("password", ["p@ss:w/rd", "s3cretword"])
def test_a_wrong_password_is_never_shown(postgresql_sandbox: Sandbox, option: str, password: str) -> None:
    sandbox = postgresql_sandbox
    parts = urllib.parse.urlsplit(sandbox.url)
    quoted = urllib.parse.quote(password, safe="")
    sandbox.url = f"postgresql://nobody:{quoted}@{parts.hostname}:{parts.port}{parts.path}"
    sandbox.configure()
    sandbox.table("0001_first", "first")
    arguments = [option] if option else []
    for command in (["up"], ["status"], ["history"], ["verify"]):
        done = sandbox.run(*arguments, *command)
        assert done.code == 8, done.err
        for secret in (password, quoted):
            assert secret not in done.out + done.err
    shown = sandbox.miger("config", "show").out
    assert quoted not in shown
    assert "nobody:***@" in shown


def test_a_server_that_is_down_is_unreachable(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    sandbox.url = f"postgresql://me:hidden-word@127.0.0.1:{port}/x"
    sandbox.configure()
    sandbox.table("0001_first", "first")
    done = sandbox.miger("up", code=8)
    assert f"127.0.0.1:{port}" in done.err
    assert "hidden-word" not in done.err
    assert "check `url`" in done.err


@pytest.fixture
def poor_url(postgresql_admin: psycopg.Connection, postgresql_sandbox: Sandbox) -> str:
    """The sandbox's database for a role that may connect and nothing else."""
    parts = urllib.parse.urlsplit(postgresql_sandbox.url)
    role = f"poor_{os.getpid()}"
    postgresql_admin.execute(f"DROP ROLE IF EXISTS {role}")
    postgresql_admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'poor-word'")
    postgresql_sandbox.rows("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return f"postgresql://{role}:poor-word@{parts.hostname}:{parts.port}{parts.path}"


def test_a_role_that_may_not_create_tables_is_told_so(postgresql_sandbox: Sandbox, poor_url: str) -> None:
    sandbox = postgresql_sandbox
    sandbox.table("0001_first", "first")
    sandbox.url = poor_url
    sandbox.configure()
    assert sandbox.states() == {"0001_first": "pending"}
    done = sandbox.miger("up", code=8)
    assert "the tables for Miger's own records cannot be made: permission denied" in done.err
    assert "right to create tables" in done.err
    assert "poor-word" not in done.err


def test_a_role_that_may_not_read_our_tables_is_told_so(postgresql_sandbox: Sandbox, poor_url: str) -> None:
    sandbox = postgresql_sandbox
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.url = poor_url
    sandbox.configure()
    for command in ("status", "up", "history"):
        done = sandbox.miger(command, code=None)
        assert done.code in (1, 8)
        assert "permission denied" in done.err


# Files and disks


def as_nobody(sandbox: Sandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as a user whom the rights of files concern; root may write everywhere."""
    user: dict[str, object] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.run(
        [*COMMAND, "-C", sandbox.folder, *arguments],
        capture_output=True,
        text=True,
        env={**sandbox.environ, "COVERAGE_PROCESS_START": "", "COVERAGE_PROCESS_CONFIG": ""},
        check=False,
        **user,  # type: ignore[call-overload]
    )


def test_a_read_only_sqlite_file_is_read_and_not_written(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.table("0002_second", "second")
    path = sandbox.url.removeprefix("sqlite:///")
    os.chmod(path, 0o444)
    if os.geteuid() == 0:
        sandbox.url += "?mode=ro"  # rights do not stop root
        sandbox.configure()
    done = sandbox.miger("up", code=None)
    assert done.code in (1, 8)
    assert "readonly" in done.err
    assert "check the rights on the file" in done.err
    assert sandbox.states() == {"0001_first": "applied", "0002_second": "pending"}
    os.chmod(path, 0o644)


def test_a_full_disk_loses_nothing_and_is_named(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER, data BLOB);")
    sandbox.miger("up")
    sandbox.sql("0002_big", "PRAGMA max_page_count = 40;\nINSERT INTO first VALUES (1, randomblob(400000));")
    done = sandbox.miger("up", code=1)
    assert "the disk is full: nothing of this transaction was kept" in done.err
    assert sandbox.rows("SELECT count(*) FROM first") == [(0,)]
    assert sandbox.states()["0002_big"] == "pending"


def test_a_reader_that_goes_away_is_no_error(sandbox: Sandbox) -> None:
    for number in range(1, 60):
        sandbox.table(f"{number:04d}_{'long' * 20}", f"t{number}")
    miger = " ".join(["'" + part + "'" for part in (*COMMAND, "-C", sandbox.folder)])
    run = f"set -o pipefail; {miger} -v --json up 2>/dev/null | head -n 1"
    done = subprocess.run(["bash", "-c", run], capture_output=True, text=True, env=sandbox.environ, check=False)
    assert done.returncode == 0
    assert set(sandbox.states().values()) == {"applied"}, "the run went on without its reader"
    for command in ("history", "history --json", "status", "graph"):
        run = f"set -o pipefail; {miger} {command} | head -n 1"
        done = subprocess.run(["bash", "-c", run], capture_output=True, text=True, env=sandbox.environ, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""


def test_narration_that_nobody_reads_stops_no_run(sandbox: Sandbox) -> None:
    for number in range(1, 30):
        sandbox.table(f"{number:04d}_x", f"t{number}")
    with sandbox.start("-v", "up") as process:
        assert process.popen.stderr is not None
        process.popen.stderr.close()
        process.popen.wait()
    assert process.popen.returncode == 0
    assert set(sandbox.states().values()) == {"applied"}


def test_a_full_disk_behind_stdout_is_told(sqlite_sandbox: Sandbox) -> None:
    sqlite_sandbox.table("0001_first", "first")
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "-C", sqlite_sandbox.folder, "status"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=sqlite_sandbox.environ,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("miger: ")
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_deleted_working_directory_is_named(sqlite_sandbox: Sandbox, tmp_path: os.PathLike[str]) -> None:
    gone = os.path.join(tmp_path, "gone")
    os.mkdir(gone)
    script = f"cd {gone} && rmdir {gone} && exec {COMMAND[0]} {COMMAND[1]} '{COMMAND[2]}' status"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=sqlite_sandbox.environ, check=False)
    assert done.returncode == 2
    assert "the current folder has been deleted" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_that_knows_only_ascii_gets_what_it_can_show(sqlite_sandbox: Sandbox) -> None:
    sqlite_sandbox.table("0001_first", "first")
    done = sqlite_sandbox.run("status", PYTHONIOENCODING="ascii")
    assert done.code == 0, done.err
    assert "0001_first" in done.out
