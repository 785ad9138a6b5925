"""`miger init`: what a new project consists of, and that it works at once."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from miger.cli.main import main
from miger.engine.config import load_config
from miger.engine.errors import UsageError
from miger.scaffold import create_project, template_names

USAGE = 2


def miger(project: Path, *arguments: str) -> int:
    return main(["-C", str(project), *arguments])


@pytest.mark.parametrize("template", ["sqlite", "postgresql", "mysql", "mongodb"])
def test_every_template_has_the_same_kinds_of_file(tmp_path: Path, template: str) -> None:
    written = create_project(str(tmp_path / "shop"), template)
    names = {re.sub(r"\d{14}", "<time>", path) for path in written}
    assert names - {".gitignore"} == {
        "miger.toml",
        f"migrations/<time>_create_users.{'py' if template == 'mongodb' else 'sql'}",
        ".github/workflows/migrations.yml",
        ".pre-commit-config.yaml",
        "requirements.txt",
    }
    assert written[-1] == "miger.toml"  # so that a start that broke off can be made again
    for path in written:
        assert not re.search(r"__[A-Z]+__", (tmp_path / "shop" / path).read_text())


def test_a_project_works_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tmp_path / "shop"
    assert main(["init", str(project)]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == str(project / "miger.toml")
    assert f"cd {project}" in err and "miger up" in err
    for command in (["status"], ["up"], ["verify"], ["status", "--check"], ["down", "--yes"]):
        assert miger(project, *command) == 0, command
    assert miger(project, "status", "--check") == 3
    assert (project / "shop.db").exists()


def test_prod_is_protected_and_needs_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_project(str(tmp_path), "sqlite")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert miger(tmp_path, "-e", "prod", "status") == USAGE
    monkeypatch.setenv("DATABASE_URL", "sqlite:///prod.db")
    assert miger(tmp_path, "-e", "prod", "up") == 7
    assert miger(tmp_path, "-e", "prod", "up", "--confirm", "prod") == 0


@pytest.mark.parametrize(
    ("folder", "name", "database"),
    [
        ("shop", "shop", "shop.db"),
        ('my "shop" ${HOME}', "my-shop-HOME", "my_shop_HOME.db"),
        ("Müller", "Müller", "M_ller.db"),
        ("店", "店", "app.db"),
        ("???", "app", "app.db"),
        ("a\nb", "a-b", "a_b.db"),
    ],
)
def test_the_folder_gives_the_name_whatever_it_is_called(tmp_path: Path, folder: str, name: str, database: str) -> None:
    project = tmp_path / folder
    create_project(str(project), "sqlite")
    config = load_config(str(project))
    assert config.name == name
    if "?" not in folder:  # such a folder no URL can lead into
        assert os.path.basename(config.environment().url.reveal()) == database


def test_a_project_is_not_made_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_project(str(tmp_path), "sqlite")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert main(["init", str(tmp_path)]) == USAGE
    assert "exists already" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_files_that_are_there_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    assert main(["init", str(tmp_path)]) == 0
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert f"left as it was: {tmp_path / '.gitignore'}" in capsys.readouterr().err


def test_a_folder_with_migrations_gets_no_first_one(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_theirs.sql").write_text("-- miger:up\nCREATE TABLE t (a);\n")
    assert main(["init", str(tmp_path)]) == 0
    assert os.listdir(tmp_path / "migrations") == ["0001_theirs.sql"]
    assert miger(tmp_path, "up") == 0


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "miger.toml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        create_project(str(tmp_path), "sqlite")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("template", ["oracle", "../sqlite", "", "__pycache__", "_every"])
def test_an_unknown_template_names_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], template: str
) -> None:
    assert main(["init", "--template", template, str(tmp_path / "x")]) == USAGE
    error = capsys.readouterr().err
    assert all(name in error for name in template_names())
    assert not (tmp_path / "x").exists()


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert main(["init", str(tmp_path / "file" / "shop")]) == USAGE
    assert main(["init", str(tmp_path / "file")]) == USAGE


def test_json_lists_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".gitignore").write_text("")
    assert main(["-C", str(tmp_path), "--json", "init", "--template", "postgresql"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["directory"] == str(tmp_path) and document["template"] == "postgresql"
    assert all((tmp_path / path).is_file() for path in document["files"])


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("postgresql", "postgresql://localhost/shop"),
        ("mysql", "mysql://root@localhost/shop"),
        ("mongodb", "mongodb://localhost/shop"),
    ],
)
def test_who_has_a_server_is_told_to_name_the_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, template: str, url: str
) -> None:
    monkeypatch.delenv("DEV_DATABASE_URL", raising=False)
    assert main(["-C", str(tmp_path), "init", "--template", template, "shop"]) == 0
    assert "edit miger.toml" in capsys.readouterr().err
    assert load_config(str(tmp_path / "shop")).environment().url.reveal() == url
