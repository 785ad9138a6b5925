"""Hazards in the forms that CI services read: GitHub's annotations, and SARIF."""

from __future__ import annotations

import os
from collections import Counter

from miger import __version__
from miger.cli.output import Output
from miger.engine.hazards.catalogue import CATALOGUE
from miger.engine.hazards.values import Hazard, HazardReport

_ANNOTATIONS = {"error": "error", "warning": "warning", "info": "notice"}
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"  # what GitHub takes for the root of the repository


def github(report: HazardReport, output: Output, config: str) -> None:
    """One workflow command for each hazard: GitHub shows it at its line. `config` is as for `sarif`."""
    root = repository(os.path.dirname(config))
    for hazard in report.hazards:
        kind = "notice" if hazard.allowed else _ANNOTATIONS[hazard.severity]
        file = _inside(root, hazard.file or config) or hazard.file
        place = {"file": file, "line": str(hazard.line or 1), "title": hazard.code}
        properties = ",".join(f"{name}={_escaped(value, ',:')}" for name, value in place.items() if value)
        output.data(f"::{kind} {properties}::{_escaped(_text(hazard))}")
    for note in report.notes:
        output.data(f"::notice::{_escaped(note)}")


def _text(hazard: Hazard) -> str:
    rest = f"Allowed: {hazard.allowed}" if hazard.allowed else hazard.advice
    return f"{hazard.message}. {rest}"


def _escaped(text: str, more: str = "") -> str:
    """As https://docs.github.com/actions/reference/workflow-commands-for-github-actions asks for it."""
    for sign in "%\r\n" + more:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def sarif(report: HazardReport, config: str) -> dict[str, object]:
    """The document of SARIF 2.1.0. What is allowed is a result that is suppressed, with the reason.

    `config` is the path of the project's `miger.toml`: where a hazard without a file is shown, as that of a migration
    whose file is gone, because GitHub takes no result without a place.
    """
    codes = sorted({hazard.code for hazard in report.hazards})
    driver = {"name": "miger", "version": __version__, "rules": [_rule(code) for code in codes]}
    notes = [{"level": "note", "message": {"text": note}} for note in report.notes]
    root = repository(os.path.dirname(config))
    same: Counter[str] = Counter()
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "results": [_result(hazard, codes.index(hazard.code), root, config, same) for hazard in report.hazards],
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, object]:
    words, advice = code.replace("-", " ").capitalize(), CATALOGUE[code].advice
    return {
        "id": code,
        "shortDescription": {"text": words},
        "fullDescription": {"text": f"{words}. {advice}"},
        "help": {"text": advice},
        "properties": {"tags": ["database", "migration"]},
    }


def _result(hazard: Hazard, rule: int, root: str, config: str, same: Counter[str]) -> dict[str, object]:
    found: dict[str, object] = {
        "ruleId": hazard.code,
        "ruleIndex": rule,
        "level": _LEVELS[hazard.severity],
        "message": {"text": _text(hazard)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(hazard.file or config, root),
                    "region": {"startLine": hazard.line or 1},
                }
            }
        ],
        "partialFingerprints": {"migerHazard/v1": _fingerprint(hazard, same)},
        "properties": {"migration": hazard.id, "subject": hazard.subject, "documentation": hazard.link},
    }
    if hazard.allowed:
        found["suppressions"] = [{"kind": "inSource", "justification": hazard.allowed}]
    return found


def _artifact(file: str, root: str) -> dict[str, str]:
    """Where a file is: as seen from the root of the repository, or in full where it lies elsewhere."""
    from pathlib import Path  # deferred, with the next: only this form needs them
    from urllib.parse import quote

    path = _inside(root, file)
    if path:
        return {"uri": quote(path), "uriBaseId": _ROOT}
    return {"uri": Path(os.path.abspath(file)).as_uri()}


def _fingerprint(hazard: Hazard, same: Counter[str]) -> str:
    """What tells a hazard from all others, and stays when lines are put before it."""
    import hashlib

    key = "\0".join((hazard.code, hazard.id, hazard.section, hazard.subject))
    same[key] += 1
    return hashlib.sha256(f"{key}\0{same[key]}".encode()).hexdigest()[:32]


def repository(folder: str) -> str:
    """What CI has checked out with a folder: GitHub names it, else it has `.git`, else it is where we are."""
    named = os.environ.get("GITHUB_WORKSPACE", "")
    if named and _inside(named, folder):
        return named
    folder = os.path.realpath(folder)
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, former = os.path.dirname(folder), folder
        if folder == former:
            return os.getcwd()
    return folder


def _inside(root: str, path: str) -> str:
    """A path as seen from a folder, with `/`; "" where it lies elsewhere."""
    if not path:
        return ""
    try:
        short = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    except ValueError:  # another drive
        return ""
    return "" if short.split(os.sep)[0] == ".." else short.replace(os.sep, "/")
