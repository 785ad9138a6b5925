"""What the history says of migrations."""

from __future__ import annotations

from pathlib import Path

import pytest

from miger import Project
from miger.engine.hazards.values import HazardReport

CODES = {"late-migration", "modified-migration", "missing-migration", "irreversible-migration"}
DOWN = "-- miger:down\nDROP TABLE {name};\n"


@pytest.fixture
def folder(tmp_path: Path, sqlite_url: str) -> Path:
    """Two migrations, applied."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "miger.toml").write_text(f'[project]\nname = "p"\n[environments.dev]\nurl = "{sqlite_url}"\n')
    write(tmp_path, "0002_b")
    write(tmp_path, "0003_c")
    with Project.open(str(tmp_path)) as project:
        project.up()
    return tmp_path


def write(folder: Path, id: str, *, down: bool = True, depends: str = "", allow: str = "") -> None:
    name = id.partition("_")[2]
    block = f"-- /// miger\n-- depends = [{depends}]\n{allow}-- ///\n"
    text = f"{block}-- miger:up\nCREATE TABLE {name} (id INTEGER);\n" + (DOWN.format(name=name) if down else "")
    (folder / "migrations" / f"{id}.sql").write_text(text)


def lint(folder: Path, *targets: str) -> HazardReport:
    with Project.open(str(folder)) as project:
        return project.lint(*targets)


def codes(folder: Path, *targets: str) -> set[tuple[str, str, str]]:
    return {(hazard.id, hazard.code, hazard.severity) for hazard in lint(folder, *targets).hazards}


def test_all_is_well(folder: Path) -> None:
    write(folder, "0004_d", depends='"0003_c"')
    assert codes(folder) == set()


def test_a_late_one_is_told(folder: Path) -> None:
    write(folder, "0001_a")
    assert codes(folder) == {("0001_a", "late-migration", "error")}
    (folder / "miger.toml").write_text((folder / "miger.toml").read_text() + 'out_of_order = "warn"\n')
    assert codes(folder) == {("0001_a", "late-migration", "warning")}
    (folder / "migrations" / "0001_a.sql").rename(folder / "migrations" / "0004_a.sql")
    assert codes(folder) == set()


def test_a_modified_one_is_told(folder: Path) -> None:
    path = folder / "migrations" / "0003_c.sql"
    text = path.read_text()
    path.write_text(text + "\n-- more\n")
    assert codes(folder) == {("0003_c", "modified-migration", "error")}
    assert codes(folder, "0002") == set()
    path.write_text(text)
    assert codes(folder) == set()


def test_a_missing_one_is_told(folder: Path) -> None:
    path = folder / "migrations" / "0003_c.sql"
    text = path.read_text()
    path.unlink()
    assert codes(folder) == {("0003_c", "missing-migration", "error")}
    path.write_text(text)
    assert codes(folder) == set()


def test_no_way_back_is_told_of_what_is_pending(folder: Path) -> None:
    write(folder, "0004_d", down=False, depends='"0003_c"')
    assert codes(folder) == {("0004_d", "irreversible-migration", "info")}
    write(folder, "0004_d", depends='"0003_c"')
    assert codes(folder) == set()


def test_a_merge_has_nothing_to_take_back(folder: Path) -> None:
    write(folder, "0004_d", depends='"0002_b", "0003_c"', down=False)
    assert codes(folder) == set()


def test_what_is_allowed_is_still_told(folder: Path) -> None:
    allow = '-- allow = [{ hazard = "irreversible-migration", reason = "the rows come from elsewhere" }]\n'
    write(folder, "0004_d", down=False, depends='"0003_c"', allow=allow)
    [hazard] = lint(folder).hazards
    assert hazard.allowed == "the rows come from elsewhere"
    assert not hazard.refused


@pytest.mark.parametrize(
    ("entry", "note"),
    [
        ('{ hazard = "irreversible-migration" }', "without a `reason`"),
        ('{ hazard = "nothing", reason = "x" }', "which is no hazard"),
    ],
)
def test_an_allowance_that_allows_nothing_is_noted(folder: Path, entry: str, note: str) -> None:
    write(folder, "0004_d", down=False, depends='"0003_c"', allow=f"-- allow = [{entry}]\n")
    report = lint(folder)
    assert [hazard.allowed for hazard in report.hazards] == [""]
    assert note in report.notes[0]
