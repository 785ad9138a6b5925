"""What `init` writes works: each template's project on its database, its CI workflow, its pre-commit hook."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from miger.cli.main import main
from miger.scaffold import create_project, template_names

TEMPLATES = ["sqlite", "postgresql", "mysql", "mongodb"]
TEXT_OF_FIRST = {"sqlite": "CREATE TABLE", "postgresql": "CREATE TABLE", "mysql": "CREATE TABLE", "mongodb": "def up"}


@pytest.fixture(params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def environ(request: pytest.FixtureRequest, template: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The process environment of a machine where the template's database is, and this miger on the PATH."""
    if template != "sqlite":  # its `dev` is a file of its own
        monkeypatch.setenv("DEV_DATABASE_URL", request.getfixturevalue(f"{template}_url"))
    scripts = sysconfig.get_path("scripts")
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DATABASE_URL", os.environ.get("DEV_DATABASE_URL", "sqlite:///prod.db"))
    monkeypatch.setenv("MIGER_USER", "alice")
    return dict(os.environ)


@pytest.fixture
def project(tmp_path: Path, template: str) -> Path:
    folder = tmp_path / "shop"
    assert main(["init", "--template", template, str(folder)]) == 0
    return folder


def miger(project: Path, *arguments: str, code: int = 0) -> None:
    assert main(["-C", str(project), *arguments]) == code, arguments


def shell(project: Path, command: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-e", "-c", command], cwd=project, env=environ, capture_output=True, text=True, check=False
    )


def workflow(project: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load((project / ".github/workflows/migrations.yml").read_text())
    return document


def test_there_are_these_templates_and_no_other() -> None:
    assert template_names() == sorted(TEMPLATES)


# --- the project ---------------------------------------------------------------------------------


def test_a_new_project_works_there_and_back(project: Path, environ: dict[str, str]) -> None:
    miger(project, "config", "check")
    miger(project, "status", "--check", code=3)
    miger(project, "up")
    miger(project, "verify")
    miger(project, "status", "--check")
    miger(project, "down", "--yes")
    miger(project, "status", "--check", code=3)
    miger(project, "up")
    miger(project, "verify")


def test_its_verify_notices_that_the_change_is_not_there(
    project: Path, template: str, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    miger(project, "baseline", "--yes")  # recorded, and not run
    capsys.readouterr()
    miger(project, "verify", code=6)
    assert "verify does not hold" in capsys.readouterr().out


def test_prod_wants_its_name(project: Path, environ: dict[str, str]) -> None:
    miger(project, "-e", "prod", "up", code=7)
    miger(project, "-e", "prod", "up", "--confirm", "prod")


# --- the CI workflow -----------------------------------------------------------------------------


def test_every_step_of_the_workflow_passes(project: Path, environ: dict[str, str]) -> None:
    """The steps as they are written, by a shell; what `uses` an action of GitHub's is left out."""
    job = workflow(project)["jobs"]["migrations"]
    environ = {**job["env"], **environ, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert [command.partition(" ")[0] for command in commands] == ["pip"] + ["miger"] * (len(commands) - 1)
    for command in commands:
        done = shell(project, command, environ)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_a_migration_that_fails_fails_the_workflow(project: Path, template: str, environ: dict[str, str]) -> None:
    (first,) = (project / "migrations").iterdir()
    text = first.read_text()
    assert TEXT_OF_FIRST[template] in text
    first.write_text(text.replace(TEXT_OF_FIRST[template], "NONSENSE"))
    commands = [step["run"] for step in workflow(project)["jobs"]["migrations"]["steps"] if "run" in step]
    assert any(shell(project, command, environ).returncode for command in commands[1:])


def test_the_workflow_has_its_database_and_nothing_of_ours(project: Path, template: str) -> None:
    document = workflow(project)
    job = document["jobs"]["migrations"]
    assert set(document[True]) == {"pull_request", "push"}  # `on` is a truth value in YAML 1.1
    assert (
        set(job.get("services", {}))
        == {
            "sqlite": set(),
            "postgresql": {"postgres"},
            "mysql": {"mysql"},
            "mongodb": {"mongodb"},
        }[template]
    )
    for service in job.get("services", {}).values():
        (port,) = service["ports"]
        assert port.split(":")[0] == port.split(":")[1]
        assert "--health-cmd" in service["options"]
    for url in job["env"].values():
        assert url.startswith(f"{template}://")


# --- the pre-commit hook -------------------------------------------------------------------------


BAD = {
    "an unknown parent": ("9_bad.sql", '-- /// miger\n-- depends = ["nobody"]\n-- ///\n-- miger:up\nSELECT 1;\n'),
    "no section": ("9_bad.sql", "SELECT 1;\n-- miger:sideways\n"),
    "metadata that are none": ("9_bad.py", "# /// miger\n# depends = [\n# ///\ndef up(db): ...\n"),
    "Python that is none": ("9_bad.py", "def up(db):\n    if\n"),
    "no function up": ("9_bad.py", "def down(db): ...\n"),
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with a new project in it, all of it staged; no database anywhere near."""
    folder = tmp_path / "shop"
    create_project(str(folder), "postgresql")
    for name in ("DATABASE_URL", "DEV_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def hooks(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose", "--color", "never"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="pre-commit needs git")


@needs_git
def test_the_hook_passes_a_good_folder(repository: Path) -> None:
    done = hooks(repository)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout
    assert "create_users" in done.stdout  # it was not skipped for want of files


@needs_git
@pytest.mark.parametrize("kind", BAD)
def test_the_hook_stops_a_commit_with_a_bad_migration(repository: Path, kind: str) -> None:
    name, text = BAD[kind]
    (repository / "migrations" / name).write_text(text)
    git(repository, "add", "--all")
    done = hooks(repository)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"migrations/{name}" in done.stdout
    assert "exit code: 6" in done.stdout


@needs_git
def test_the_hook_stops_a_commit_with_a_bad_configuration(repository: Path) -> None:
    with open(repository / "miger.toml", "a") as file:
        file.write("colour = 'red'\n")
    git(repository, "add", "--all")
    done = hooks(repository)
    assert done.returncode == 1
    assert "unknown key 'colour'" in done.stdout


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_hook_is_the_same_everywhere(tmp_path: Path, template: str) -> None:
    create_project(str(tmp_path), template)
    (repo,) = yaml.safe_load((tmp_path / ".pre-commit-config.yaml").read_text())["repos"]
    (hook,) = repo["hooks"]
    assert (repo["repo"], hook["entry"], hook["pass_filenames"]) == ("local", "miger graph --offline", False)


@pytest.mark.parametrize("format", ["text", "mermaid", "dot"])
def test_a_graph_of_the_files_alone_claims_no_states(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    create_project(str(tmp_path), "postgresql")
    miger(tmp_path, "graph", "--offline", "--format", format)
    out = capsys.readouterr().out
    assert "create_users" in out
    assert not any(state in out for state in ("pending", "applied", "missing"))
    miger(tmp_path, "--json", "graph", "--offline")
    assert '"state": null' in capsys.readouterr().out
