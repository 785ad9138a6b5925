"""What the commands write, where, and in which form."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import sys

import pytest

from miger.cli.parser import make_parser
from miger.engine.words import duration

from tests.app.sandbox import COMMAND, Sandbox

COMMANDS = sorted(make_parser()._subparsers._group_actions[0].choices)  # type: ignore[union-attr,arg-type]
STATUS_KEYS = {"project", "environment", "backend", "release", "heads", "lock", "counts", "migrations"}
MIGRATION_KEYS = set("id state depends phase release checksum applied_at duration_ms file error".split())
HISTORY_KEYS = set("run id event at duration_ms by host error".split())
ANSI = "\x1b["


@pytest.fixture
def project(sandbox: Sandbox) -> Sandbox:
    """Two applied migrations, the second of release v1, and a pending one that expands."""
    sandbox.table("0001_first", "first")
    sandbox.table("0002_second", "second", 'release = "v1"')
    sandbox.miger("up")
    sandbox.sql("0003_third", "CREATE TABLE third (id INTEGER);", metadata='phase = "expand"\ntransaction = false')
    return sandbox


def every_row(sandbox: Sandbox, name: str) -> str:
    """Python that goes through the table `first` in batches."""
    if sandbox.on_mongodb:
        return f'    for batch in db.batches("{name}", "first"):\n        batch.update({{"$set": {{"n": 1}}}})\n'
    return (
        f'    for batch in db.batches("{name}", "first", key="id"):\n'
        '        batch.execute("UPDATE first SET id = id WHERE id BETWEEN :low AND :high")\n'
    )


def test_the_document_of_status_has_the_promised_keys(project: Sandbox) -> None:
    status = project.status()
    assert set(status) >= STATUS_KEYS
    assert status["project"] == "shop"
    assert (status["environment"], status["backend"]) == ("dev", project.backend)
    assert status["release"] == "v1"
    assert status["heads"] == ["0003_third"]
    assert status["lock"] is None
    assert set(status["counts"]) >= {"applied", "pending", "dirty", "modified", "missing"}
    assert (status["counts"]["applied"], status["counts"]["pending"]) == (2, 1)
    first, second, third = status["migrations"]
    for item in (first, second, third):
        assert set(item) >= MIGRATION_KEYS
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["applied_at"])
    assert first["duration_ms"] >= 0
    assert second["depends"] == ["0001_first"]
    assert third["applied_at"] is third["duration_ms"] is third["error"] is None
    assert third["phase"] == "expand"
    assert third["file"] == project.path("migrations", f"0003_third.{project.suffix}")
    assert third["checksum"].startswith("sha256:")


def test_the_documents_of_plan_and_history_have_the_promised_keys(project: Sandbox) -> None:
    assert project.miger("--json", "plan").document == {
        "direction": "up",
        "steps": [{"id": "0003_third", "transaction": False, "irreversible": True}],
    }
    assert project.miger("--json", "plan", "down").document["steps"] == [
        {"id": "0002_second", "transaction": project.transactional_ddl, "irreversible": False}
    ]
    newest, *_, oldest = project.miger("history", "--json").document
    assert set(newest) >= HISTORY_KEYS
    assert (newest["id"], oldest["id"]) == ("0002_second", "0001_first")
    assert (newest["by"], newest["event"], newest["error"]) == ("alice", "applied", None)
    assert [entry["id"] for entry in project.miger("history", "--json", "--limit", "1").document] == ["0002_second"]
    assert {entry["id"] for entry in project.miger("history", "--json", "first").document} == {"0001_first"}


def test_the_events_of_a_run_end_with_run_finished(project: Sandbox) -> None:
    up = project.miger("up", "--json")
    names = [event["event"] for event in up.events]
    assert names[:3] == ["run_started", "step_started", "statement_started"]
    assert names[-2:] == ["step_finished", "run_finished"]
    assert up.events[-1]["result"] == "done"
    assert up.events[-1]["finished"] == ["0003_third"]
    assert up.err == ""
    assert [event["event"] for event in project.miger("--json", "up").events] == ["run_started", "run_finished"]
    refused = project.miger("--json", "down", "--yes", code=7).events
    assert [event["event"] for event in refused] == ["run_finished"]
    assert (refused[0]["result"], refused[0]["exit_code"]) == ("refused", 7)
    assert "no way back" in refused[0]["error"]
    marked = project.miger("--json", "repair", "0003", "--mark-pending").events
    assert [event["event"] for event in marked] == ["run_finished"]
    failed = project.miger("--json", "up", code=1)
    assert [event["event"] for event in failed.events[-2:]] == ["step_failed", "run_finished"]
    assert failed.events[-1]["result"] == "failed"
    assert failed.err.startswith("miger: ")


def test_the_log_of_a_run_is_json_line_by_line(project: Sandbox) -> None:
    project.python(
        "0004_talks", 'def up(db):\n    print("hello")\n    db.log("careful", "warning")\n    raise KeyError(1)'
    )
    done = project.miger("--log-format", "json", "up", code=1)
    assert done.out == ""
    lines = [json.loads(line) for line in done.err.splitlines()]
    for line in lines:
        assert {"timestamp", "level", "event"} <= set(line)
    levels = {(line["event"], line["level"]) for line in lines}
    assert {("run_started", "info"), ("log_line", "warning"), ("step_failed", "error")} <= levels
    for command, code in (
        (["up", "0009"], 2),
        (["down", "--yes", "--steps", "2"], 7),
        (["repair", "1", "--resume"], 0),
    ):
        told = project.miger("--log-format", "json", *command, code=code)
        for line in told.err.splitlines():
            assert {"timestamp", "level", "event"} <= set(json.loads(line))
        assert told.err


def test_a_stop_is_told_in_the_log_format(project: Sandbox) -> None:
    project.python("0004_stop", "import os, signal\ndef up(db):\n    os.kill(os.getpid(), signal.SIGINT)\n")
    project.python("0005_never", "def up(db): ...")
    done = project.run("--log-format=json", "up")
    assert done.code == 130
    told = [json.loads(line) for line in done.err.splitlines()]
    assert [line["message"] for line in told if line["event"] == "message"] == [
        "stopping after the current statement; once more breaks it off"
    ]


def test_quiet_says_nothing_but_errors(project: Sandbox) -> None:
    assert project.miger("-q", "up").err == ""
    assert project.miger("-q", "up").err == ""
    project.sql("0004_wrong", "INSERT INTO nowhere VALUES (1);")
    failed = project.miger("up", "-q", code=1)
    assert failed.err.startswith("miger: ")
    assert "nowhere" in failed.err


def test_verbose_tells_each_statement(project: Sandbox) -> None:
    project.python(
        "0004_batches",
        "def up(db):\n"
        '    db.execute("INSERT INTO first VALUES (1)")\n'
        f"{every_row(project, 'all of it')}"
        '    db.log("odd", "warning")\n    print("seen")\n',
    )
    told = project.miger("-v", "up").err
    assert "applying 0003_third (1 of 2)" in told
    statement = 'db.createCollection("third")' if project.on_mongodb else "line 6: CREATE TABLE third (id INTEGER)"
    assert f"  1 {statement}" in told
    assert "  all of it: 1 of 1" in told
    assert "0004_batches: warning: odd" in told
    assert "0004_batches: seen" in told
    assert "done: 2 migrations" in told
    plain = project.miger("down", "--to", "0002", "--yes", code=7).err
    assert plain.startswith("miger: no way back")


def test_options_may_stand_on_both_sides_of_the_command(project: Sandbox) -> None:
    before, behind = project.miger("--json", "status"), project.miger("status", "--json")
    assert before.out == behind.out
    project.configure(more='[environments.other]\nurl = "sqlite:///other.db"')
    assert project.miger("-e", "other", "status", "--json").document["environment"] == "other"
    assert project.miger("status", "--json", "-e", "other").document["environment"] == "other"
    assert project.miger("-e", "dev", "status", "--json", "-e", "other").document["environment"] == "other"
    assert project.miger("status", "-C", project.migrations).code == 0


def test_text_for_people_shows_the_same_things(project: Sandbox) -> None:
    status = project.miger("status").out
    assert status.startswith(("shop · dev · mariadb ", f"shop · dev · {project.backend} "))
    assert "● 0001_first" in re.sub(" +", " ", status)
    assert "○ 0003_third" in re.sub(" +", " ", status)
    assert "2 applied, 1 pending" in status
    assert project.miger("status", "--check", code=3).out == status
    assert project.miger("plan").out == "up  0003_third  (statement by statement, no way back)\n"
    assert project.miger("plan", "0003").out == project.miger("plan", "up").out
    assert "nothing to do" in project.miger("plan", "0001").err
    history = project.miger("history").out.splitlines()
    assert len([line for line in history if "started" not in line]) == 2
    assert "applied  0002_second" in history[0]
    shown = project.miger("show", "0003").out
    assert "statement by statement" in shown
    assert ("up (line 5)" if project.on_mongodb else "1  line 6  CREATE TABLE third") in shown
    assert project.miger("--json", "show", "0001").document["children"] == ["0002_second"]
    project.configure("protected = true\nread_only = true")
    assert "protected · read_only" in project.miger("status").out


@pytest.mark.parametrize("format", ["text", "mermaid", "dot"])
def test_the_graph_names_every_migration(project: Sandbox, format: str) -> None:
    drawn = project.miger("graph", "--format", format).out
    for id in ("0001_first", "0002_second", "0003_third"):
        assert id in drawn
    nodes = project.miger("--json", "graph").document
    assert nodes[1] == {"id": "0002_second", "state": "applied", "depends": ["0001_first"]}


def test_an_untouched_project_looks_as_it_is(sandbox: Sandbox) -> None:
    assert "no migrations yet" in sandbox.miger("status").out
    assert sandbox.miger("status", "--check").code == 0
    assert sandbox.miger("history").out == ""
    assert "nothing happened yet" in sandbox.miger("history").err
    assert "nothing to do" in sandbox.miger("up").err
    assert "nothing to do" in sandbox.miger("down", "--yes").err
    assert "nothing to do" in sandbox.miger("baseline", "--yes").err
    assert sandbox.miger("graph").code == 0
    assert "all is well" in sandbox.miger("verify").out
    assert sandbox.miger("--json", "unlock").document == {"freed": None}
    sandbox.table("0001_first", "first")
    assert sandbox.miger("status", "--check", code=3)
    if sandbox.sqlite:
        assert not os.path.exists(sandbox.url.removeprefix("sqlite:///")), "looking makes no file"


def test_the_configuration_is_shown_without_its_password(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.configure(
        'lock_timeout = "2s"',
        more='[environments.prod]\nurl = "postgresql://me:hidden-word@example.org/shop"\nprotected = true',
    )
    assert "is valid: dev, prod" in sandbox.miger("config", "check").err
    shown = sandbox.miger("config", "show").out
    assert "dev (default)" in shown
    assert "postgresql://me:***@example.org/shop" in shown
    document = sandbox.miger("--json", "config", "show").document
    assert document["environments"]["dev"]["lock_timeout"] == 2
    assert document["environments"]["prod"]["protected"] is True
    assert "hidden-word" not in shown + json.dumps(document)


def test_miger_alone_and_every_help_say_what_there_is(
    sqlite_sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "COMMAND" in sqlite_sandbox.miger().out
    for command in ("", *COMMANDS):
        with pytest.raises(SystemExit) as left:
            sqlite_sandbox.miger(*command.split(), "--help")
        assert left.value.code == 0
        help = capsys.readouterr().out
        assert help.startswith(f"usage: miger {command}".rstrip())
        assert "-C DIR" in help


def test_the_version_is_told(sqlite_sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        sqlite_sandbox.miger("--version")
    assert left.value.code == 0
    assert re.fullmatch(r"miger \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize(("ms", "told"), [(0.44, "0.4 ms"), (31.2, "31 ms"), (2500, "2.5 s"), (200_000, "3 min 20 s")])
def test_a_duration_is_told_as_people_say_it(ms: float, told: str) -> None:
    assert duration(ms) == told


# On a terminal


def on_terminal(sandbox: Sandbox, *arguments: str, typed: str = "", **environ: str) -> tuple[int, str]:
    """Runs a command on a terminal of its own; its exit code and all that the terminal got."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover
        variables = {**sandbox.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environ}
        os.execvpe(sys.executable, [*COMMAND, "-C", sandbox.folder, *arguments], variables)
    received = b""
    while True:
        if typed and (b"[y/N]" in received or b"type its name" in received):
            os.write(terminal, typed.encode() + b"\n")
            typed = ""
        ready, _, _ = select.select([terminal], [], [], 40)
        try:
            chunk = os.read(terminal, 1 << 16) if ready else b""
        except OSError:  # Linux says so when the other side has closed
            chunk = b""
        if not chunk:
            break
        received += chunk
    _, ended = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(ended), received.decode()


def test_a_dry_run_is_a_table_on_a_terminal(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    values = ", ".join(f"({number})" for number in range(40))
    sandbox.sql("0001_a", f"CREATE TABLE numbers (n INTEGER);\nINSERT INTO numbers (n) VALUES {values};")
    sandbox.sql("0002_b", "UPDATE numbers SET n = 1;\nSELECT nonsense;")
    code, text = on_terminal(sandbox, "up", "--dry-run")
    assert code == 1
    assert ANSI in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert re.search(r"line +statement +rows +time +what else", plain)
    assert re.search(r"5 +INSERT INTO numbers .* 40 +[\d.]+ ms", plain)
    assert re.search(r"5 +SELECT nonsense +fails", plain)
    assert "no such column: nonsense" in plain
    _, text = on_terminal(sandbox, "up", "--dry-run", NO_COLOR="1")
    assert ANSI not in text
    assert "UPDATE numbers SET n = 1  [40 rows; " in text


def test_a_terminal_gets_colours_and_progress(project: Sandbox) -> None:
    project.python(
        "0004_batches",
        "def up(db):\n"
        '    db.execute("INSERT INTO first VALUES (1)")\n'
        f"{every_row(project, 'fill')}"
        '    db.log("done so far", "warning")\n',
    )
    for command in ("status", "history", "graph"):
        code, shown = on_terminal(project, command)
        assert code == 0
        assert ANSI in shown
        assert "0001_first" in shown
    code, shown = on_terminal(project, "up")
    assert code == 0
    assert ANSI in shown
    assert "applied 0003_third" in shown
    assert "applied 0004_batches" in shown
    assert "warning: done so far" in shown
    project.sql("0005_wrong", "INSERT INTO nowhere VALUES (1);")
    code, shown = on_terminal(project, "up")
    assert code == 1
    assert "failed 0005_wrong" in shown


@pytest.mark.parametrize("how", ["--no-color", "NO_COLOR"])
def test_without_colours_a_terminal_gets_plain_text(project: Sandbox, how: str) -> None:
    arguments = [how] if how.startswith("-") else []
    environ = {} if arguments else {how: "1"}
    for command in ("status", "history", "graph", "up", "verify", "show 0001"):
        code, shown = on_terminal(project, *arguments, *command.split(), **environ)
        assert code == 0
        assert ANSI not in shown


def test_a_question_on_a_terminal_is_answered_there(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.table("0001_first", "first")
    sandbox.configure("protected = true")
    code, shown = on_terminal(sandbox, "--no-color", "up", typed="prod")
    assert (code, "is protected; type its name" in shown) == (7, True)
    code, _ = on_terminal(sandbox, "--no-color", "up", typed="dev")
    assert code == 0
    sandbox.configure()
    code, shown = on_terminal(sandbox, "--no-color", "down", typed="n")
    assert (code, "nothing was done" in shown) == (7, True)
    code, _ = on_terminal(sandbox, "--no-color", "down", typed="y")
    assert code == 0
    assert sandbox.states() == {"0001_first": "pending"}
