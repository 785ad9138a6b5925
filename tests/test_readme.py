"""The examples of the README and the docs do what the text around them says."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from miger import Project
from miger.cli.main import main
from miger.cli.parser import make_parser
from miger.engine.config import load_config
from miger.engine.schemas.validators import validate_config

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WITH_MIGRATIONS = [ROOT / "README.md", ROOT / "docs" / "migrations.md"]

CONFIG = '[environments.dev]\nurl = "sqlite:///example.db"\n'


def page_id(path: Path) -> str:
    return path.stem


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def api_examples(page: Path) -> list[str]:
    return [text for text in blocks(page, "python") if "Project" in text]


def files(page: Path) -> dict[str, str]:
    """The text of each example whose name, in backticks and with a colon, ends the line above it."""
    pattern = r"`(migrations/[\w.]+|miger\.toml)`:\n\n```\w+\n(.*?)^```$"
    return dict(re.findall(pattern, page.read_text(), re.DOTALL | re.MULTILINE))


def write(page: Path, folder: Path) -> Path:
    for name, text in {"miger.toml": CONFIG, **files(page)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize("page", WITH_MIGRATIONS, ids=page_id)
def test_the_migrations_run_there_and_back(page: Path, tmp_path: Path) -> None:
    shown = files(page)
    assert {Path(name).suffix for name in shown} >= {".sql", ".py"}
    assert len(shown) == len(blocks(page, "sql")) + sum("def up(" in text for text in blocks(page, "python")) + len(
        blocks(page, "toml")
    )
    project = str(write(page, tmp_path))
    for command in (["up"], ["verify"], ["down", "--steps", "99", "--yes"], ["up"], ["status", "--check"]):
        assert main(["-C", project, *command]) == 0, command
    with Project.open(project) as opened:
        titles = [migration.title for migration in opened.graph.migrations.values()]
        assert any(titles)


def test_the_postgresql_example_runs_there_and_back(tmp_path: Path, postgresql_url: str) -> None:
    [example] = blocks(ROOT / "docs" / "postgresql.md", "sql")
    folder = tmp_path / "migrations"
    folder.mkdir()
    (tmp_path / "miger.toml").write_text(f'[environments.dev]\nurl = "{postgresql_url}"\n')
    table = "-- miger:up\nCREATE TABLE users (email text);\n-- miger:down\nDROP TABLE users;\n"
    (folder / "20260115101500_add_user_email.sql").write_text(table)
    (folder / "20260116090000_index.sql").write_text(example)
    for command in (["up"], ["verify"], ["down", "--steps", "2", "--yes"], ["up"], ["status", "--check"]):
        assert main(["-C", str(tmp_path), *command]) == 0, command


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_whole_configurations_are_valid(page: Path, tmp_path: Path) -> None:
    for number, text in enumerate(block for block in blocks(page, "toml") if "[environments" in block):
        validate_config(tomllib.loads(text))
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "miger.toml").write_text(text)
        load_config(str(folder))


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_command_shown_is_one(page: Path) -> None:
    for block in blocks(page, "console"):
        for line in re.findall(r"^\$ (miger .*)$", block, re.MULTILINE):
            make_parser().parse_args(shlex.split(line, comments=True)[1:])


@pytest.mark.parametrize("page", [page for page in PAGES if api_examples(page)], ids=page_id)
def test_the_python_of_the_api_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(ROOT / "README.md", tmp_path))
    for text in api_examples(page):
        exec(compile(text, str(page), "exec"), {"__name__": "example"})


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=page_id)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_exit_codes_are_those_of_the_errors() -> None:
    from miger.engine import errors

    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", (ROOT / "README.md").read_text(), re.MULTILINE)}
    defined = {
        value.exit_code for value in vars(errors).values() if isinstance(value, type) and hasattr(value, "exit_code")
    }
    assert listed == defined | {0, 3}


def test_all_pages_are_linked_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in text] == []
