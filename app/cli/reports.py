"""Hazards in the forms that CI services read: GitHub's annotations, and SARIF."""

from __future__ import annotations

from miger import __version__
from miger.cli.hazards import relative
from miger.cli.output import Output
from miger.engine.hazards import Hazard, HazardReport
from miger.engine.hazards.catalogue import CATALOGUE

_ANNOTATIONS = {"error": "error", "warning": "warning", "info": "notice"}
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def github(report: HazardReport, output: Output) -> None:
    """One workflow command for each hazard: GitHub shows it at its line."""
    for hazard in report.hazards:
        kind = "notice" if hazard.allowed else _ANNOTATIONS[hazard.severity]
        place = {"file": relative(hazard.file), "line": str(hazard.line or 1), "title": hazard.code}
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


def sarif(report: HazardReport) -> dict[str, object]:
    """The document of SARIF 2.1.0. What is allowed is a result that is suppressed, with the reason."""
    codes = sorted({hazard.code for hazard in report.hazards})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": code.replace("-", " ")},
            "help": {"text": CATALOGUE[code].advice},
        }
        for code in codes
    ]
    driver = {"name": "miger", "version": __version__, "rules": rules}
    notes = [{"level": "note", "message": {"text": note}} for note in report.notes]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(hazard, codes.index(hazard.code)) for hazard in report.hazards],
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(hazard: Hazard, rule: int) -> dict[str, object]:
    found: dict[str, object] = {
        "ruleId": hazard.code,
        "ruleIndex": rule,
        "level": _LEVELS[hazard.severity],
        "message": {"text": _text(hazard)},
        "properties": {"migration": hazard.id, "subject": hazard.subject, "documentation": hazard.link},
    }
    if hazard.file:
        from urllib.parse import quote

        uri = quote(relative(hazard.file).replace("\\", "/"))
        region = {"region": {"startLine": hazard.line}} if hazard.line else {}
        found["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": uri}, **region}}]
    if hazard.allowed:
        found["suppressions"] = [{"kind": "inSource", "justification": hazard.allowed}]
    return found
