"""What `miger lint` writes for CI services: SARIF as its schema wants it, and GitHub's annotations."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from tests.app.sandbox import Sandbox
from tests.app.test_lint import DROP, REFUSED, users

SCHEMA = Path(__file__).parent / "data" / "sarif-schema-2.1.0.json"
ODD = 'DROP INDEX "50%,\n::error::[x](y) {0} ä";'


@pytest.fixture(scope="session")
def valid() -> Callable[[object], object]:
    """Raises JsonSchemaException for a document that is not SARIF 2.1.0."""
    validate: Callable[[object], object] = fastjsonschema.compile(json.loads(SCHEMA.read_text(encoding="utf-8")))
    return validate


@pytest.fixture
def odd_sandbox(tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """A project in a folder whose name has to be escaped."""
    return Sandbox(os.path.join(tmp_path, "odd, shöp"), "sqlite", sqlite_url, capsys)


def sarif(sandbox: Sandbox, *options: str, code: int | None = None) -> Any:
    return json.loads(sandbox.miger("lint", "--format", "sarif", *options, code=code).out)


def history(sandbox: Sandbox) -> None:
    """Hazards of every severity; one allowed, one without a line, one without a file, and a note."""
    users(sandbox)
    sandbox.sql("0002_gone", "SELECT 1;", "SELECT 1;")
    sandbox.miger("up")
    os.remove(os.path.join(sandbox.folder, "migrations", "0002_gone.sql"))
    allow = 'allow = [{ hazard = "drop-column", reason = "moved" }, { hazard = "nonsense", reason = "x" }]'
    sandbox.sql("0003_drop", f"{DROP}\nDROP TABLE users;", "SELECT 1;", metadata=allow)
    sandbox.sql("0004_odd", ODD)


def test_the_schema_holds(sqlite_sandbox: Sandbox, valid: Callable[[object], object]) -> None:
    history(sqlite_sandbox)
    document = sarif(sqlite_sandbox, code=REFUSED)
    valid(document)
    [run] = document["runs"]
    assert {found["ruleId"] for found in run["results"]} == {
        "drop-column",
        "drop-index",
        "drop-table",
        "irreversible-migration",
        "missing-migration",
    }
    assert {found["level"] for found in run["results"]} == {"error", "warning", "note"}
    assert "nonsense" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_the_schema_holds_without_hazards(sqlite_sandbox: Sandbox, valid: Callable[[object], object]) -> None:
    sqlite_sandbox.table("0001_a", "a")
    document = sarif(sqlite_sandbox, code=0)
    valid(document)
    assert document["runs"][0]["results"] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found.pop("message"),
        lambda found: found.update(level="info"),
        lambda found: found.update(ruleIndex=-2),
        lambda found: found.update(line=3),
        lambda found: found["locations"][0]["physicalLocation"]["region"].update(startLine=0),
        lambda found: found["partialFingerprints"].update(key=1),
        lambda found: found.update(suppressions=[{"kind": "inComment"}]),
    ],
)
def test_the_schema_tells_what_is_wrong(
    spoil: Callable[[Any], object], sqlite_sandbox: Sandbox, valid: Callable[[object], object]
) -> None:
    sqlite_sandbox.sql("0001_drop", DROP, "SELECT 1;")
    document = sarif(sqlite_sandbox, "--offline")
    valid(copy.deepcopy(document))
    spoil(document["runs"][0]["results"][0])
    with pytest.raises(fastjsonschema.JsonSchemaException):
        valid(document)


def test_each_result_has_what_github_asks_for(sqlite_sandbox: Sandbox) -> None:
    history(sqlite_sandbox)
    document = sarif(sqlite_sandbox, code=REFUSED)
    assert document["version"] == "2.1.0" and document["$schema"].endswith("sarif-2.1.0.json")
    [run] = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({found["ruleId"] for found in run["results"]})
    for rule in rules:
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"] and rule["help"]["text"]
    for found in run["results"]:
        assert rules[found["ruleIndex"]]["id"] == found["ruleId"]
        assert found["message"]["text"]
        [location] = found["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"].startswith("file:///")
        assert location["physicalLocation"]["region"]["startLine"] >= 1
    assert [found.get("suppressions") for found in run["results"] if found["ruleId"] == "drop-column"] == [
        [{"kind": "inSource", "justification": "moved"}]
    ]


def test_what_is_gone_is_shown_at_the_project(sqlite_sandbox: Sandbox) -> None:
    history(sqlite_sandbox)
    [gone] = [
        found
        for found in sarif(sqlite_sandbox, code=REFUSED)["runs"][0]["results"]
        if found["ruleId"] == "missing-migration"
    ]
    assert gone["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("/shop/miger.toml")


@pytest.mark.parametrize("named", [True, False])
def test_paths_are_seen_from_the_repository_wherever_we_are(
    named: bool, odd_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    above = os.path.dirname(odd_sandbox.folder)
    if named:
        monkeypatch.setenv("GITHUB_WORKSPACE", above)
    else:
        os.mkdir(os.path.join(above, ".git"))
    odd_sandbox.sql("0001_drop", DROP, "SELECT 1;")
    for folder in (above, odd_sandbox.folder, "/"):
        monkeypatch.chdir(folder)
        [found] = sarif(odd_sandbox, "--offline")["runs"][0]["results"]
        assert found["locations"][0]["physicalLocation"]["artifactLocation"] == {
            "uri": "odd%2C%20sh%C3%B6p/migrations/0001_drop.sql",
            "uriBaseId": "%SRCROOT%",
        }
        [line] = odd_sandbox.miger("lint", "--offline", "--format", "github").out.splitlines()
        assert line.startswith("::warning file=odd%2C shöp/migrations/0001_drop.sql,line=4,title=drop-column::")


def test_fingerprints_tell_hazards_apart_and_outlive_new_lines(sqlite_sandbox: Sandbox) -> None:
    def fingerprints() -> list[str]:
        results = sarif(sqlite_sandbox, "--offline")["runs"][0]["results"]
        return [found["partialFingerprints"]["migerHazard/v1"] for found in results]

    twice = "DROP VIEW a;\nDROP VIEW b;\nDELETE FROM users;\nDELETE FROM users;"
    sqlite_sandbox.sql("0001_drop", twice, "SELECT 1;")
    before = fingerprints()
    assert len(set(before)) == len(before) == 4
    sqlite_sandbox.sql("0001_drop", f"SELECT 1;\n-- a comment\n{twice}", "SELECT 1;")
    assert fingerprints() == before
    sqlite_sandbox.sql("0001_drop", twice.replace("VIEW b", "VIEW c"), "SELECT 1;")
    assert [new == old for new, old in zip(fingerprints(), before, strict=True)] == [True, False, True, True]


# GitHub's annotations


def test_github_reads_annotations(sqlite_sandbox: Sandbox) -> None:
    users(sqlite_sandbox)
    path = sqlite_sandbox.sql("0002_drop", DROP, "SELECT 1;")
    [line] = sqlite_sandbox.miger("lint", "--format", "github", code=REFUSED).out.splitlines()
    assert line.startswith(f"::error file={path},line=4,title=drop-column::column users.phone holds 2 values")


def test_what_github_would_misread_is_escaped(odd_sandbox: Sandbox) -> None:
    path = odd_sandbox.sql("0001_drop", ODD, "SELECT 1;")
    [line] = odd_sandbox.miger("lint", "--format", "github").out.splitlines()
    place, _, text = line.removeprefix("::").partition("::")
    assert place == f"warning file={path.replace(',', '%2C')},line=4,title=drop-index"
    assert "50%25,%0A::error::" in text
