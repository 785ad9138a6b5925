"""Every rule on its cases, on real databases where it asks one."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from miger import Project
from miger.engine.hazards.catalogue import CATALOGUE
from miger.engine.hazards.values import Hazard

from tests.engine.hazards import test_history, test_mongodb, test_trace
from tests.engine.hazards.cases import CASES, ROWS, Case
from tests.engine.hazards.projects import project_of

NOWHERE = {
    "sqlite": "sqlite:///none.db",
    "postgresql": "postgresql://nobody@127.0.0.1:1/x",
    "mysql": "mysql://u@127.0.0.1:1/x",
}


def hazards_of(folder: Path, sql: str, *, offline: bool = False, noted: bool = False) -> list[Hazard]:
    (folder / "migrations" / "0002_next.sql").write_text(f"-- miger:up\n{sql}\n")
    with Project.open(str(folder)) as project:
        report = project.lint("0002", offline=offline)
    assert bool(report.notes) == noted, report.notes
    return [hazard for hazard in report.hazards if hazard.code != "irreversible-migration"]


def look(case: Case, folder: Path, *, offline: bool) -> None:
    found = [hazard for hazard in hazards_of(folder, case.hazard, offline=offline) if hazard.code == case.code]
    assert {hazard.severity for hazard in found} == {case.severity}
    assert found[0].line in (2, 3, 4)
    assert len({(hazard.line, hazard.subject) for hazard in found}) == len(found), "told twice"
    if case.message:
        assert case.message in [hazard.message for hazard in found]
    for sql in (case.near, case.fixed):
        assert case.code not in {hazard.code for hazard in hazards_of(folder, sql, offline=offline)}, sql


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.setup], ids=lambda case: f"{case.code}-{case.backend}"
)
def test_what_the_words_alone_tell(case: Case, tmp_path: Path) -> None:
    look(case, project_of(tmp_path, NOWHERE[case.backend], ""), offline=True)


@pytest.mark.parametrize(
    ("backend_name", "case"),
    [(case.backend, case) for case in CASES if case.setup],
    ids=lambda value: value.code if isinstance(value, Case) else value,
)
def test_what_the_database_tells(case: Case, database_url: str, tmp_path: Path) -> None:
    look(case, project_of(tmp_path, database_url, case.setup), offline=False)


def test_no_rule_is_without_its_cases() -> None:
    assert {case.code for case in CASES} | test_history.CODES | test_trace.CODES | test_mongodb.CODES == set(CATALOGUE)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_each_code_has_its_section_with_its_advice(code: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "hazards.md").read_text()
    section = re.search(rf"^### {code}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    why, advice = " ".join(section[1].split()), CATALOGUE[code].advice
    assert advice in why and len(why) > len(advice) + 30


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_advice_is_one_sentence(code: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    advice = CATALOGUE[code].advice
    assert advice[0].isupper() and advice.endswith(".") and ". " not in advice


def test_a_table_that_others_hold_locked_is_asked_about_once(postgresql_url: str, tmp_path: Path) -> None:
    folder = project_of(tmp_path, postgresql_url, ROWS)
    with psycopg.connect(postgresql_url) as other:
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        hazards = hazards_of(folder, "DROP TABLE users;", noted=True)
    assert [(hazard.severity, hazard.message) for hazard in hazards] == [
        ("error", "the drop loses all rows of table users, which could not be counted")
    ]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mysql"])
@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE (nonsense;",
        "ALTER TABLE users DROP",
        "ALTER TABLE",
        "CREATE INDEX ON ((;",
        "ALTER TABLE users ADD, DROP, MODIFY",
        "UPDATE SET;",
        "TRUNCATE",
        "RENAME TABLE a",
        "ALTER TABLE users ADD CONSTRAINT x FOREIGN KEY",
        "DROP TABLE 'open",
        "VACUUM; REINDEX; CLUSTER; REFRESH; OPTIMIZE;",
        "WITH a AS (DELETE FROM users RETURNING *) SELECT drop FROM a;",
    ],
)
def test_what_cannot_be_parsed_is_no_trouble(backend: str, sql: str, tmp_path: Path) -> None:
    hazards_of(project_of(tmp_path, NOWHERE[backend], ""), sql, offline=True)


def test_only_the_first_mebibyte_is_looked_at(tmp_path: Path) -> None:
    folder = project_of(tmp_path, NOWHERE["sqlite"], "")
    rows = "INSERT INTO more VALUES ('" + "x" * 1000 + "');\n"
    assert hazards_of(folder, "DROP TABLE users;\n" + rows * 1100, offline=True)
    assert not hazards_of(folder, rows * 1100 + "DROP TABLE users;", offline=True)
