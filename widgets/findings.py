"""What `verify` found, as lines to read: what is fine, what is not, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from miger.engine.schema import SchemaChange
from miger.engine.status import GLYPHS, Status
from miger.engine.verification import VerifyReport
from miger.engine.words import counted
from miger.widgets.text_view import TextLine
from miger.widgets.words import printable_lines

GOOD, BAD, UNSURE = "$text-success", "$text-error", "$text-warning"


class Finding(NamedTuple):
    """A line and the migration it is about, "" for none; `kind` as in the report."""

    line: TextLine
    id: str = ""
    kind: str = ""


class _Check(NamedTuple):
    """What is looked at (`name`), and how a finding of it is told: its word, what it means, what to do."""

    kind: str
    name: str
    fine: str
    word: str
    meaning: str
    advice: str


_CHECKS = (
    _Check("modified", "checksums", "every applied file is as it was applied",
           f"{GLYPHS['modified']} modified", "the file was changed after it was applied",
           "x recovers: accept the file as it is now; or put the old text back (e edits)"),
    _Check("missing", "files", "no applied migration lacks its file",
           f"{GLYPHS['missing']} missing", "it is applied, but its file is gone",
           "bring the file back, or x recovers: forget that it was applied"),
    _Check("dirty", "runs", "nothing stopped half way",
           f"{GLYPHS['dirty']} dirty", "it stopped half way; nothing else runs until it is recovered",
           "x recovers"),
    _Check("late", "order", "no pending migration sorts before an applied one",
           f"{GLYPHS['pending']} late", "it is pending, but sorts before an applied one",
           "give the file a newer name, or set out_of_order in miger.toml if it does not matter"),
    _Check("failed", "verify sections", "all that ran hold",
           f"{GLYPHS['dirty']} does not hold", "",
           "its change is not in the database any more: find out what undid it; e opens the file"),
)  # fmt: skip


def findings(report: VerifyReport, status: Status | None) -> list[Finding]:
    """All lines: the verdict, a line for each check, and below it each finding with its next key."""
    found = [_verdict(report), Finding(TextLine(""))]
    ids = {"modified": report.modified, "missing": report.missing, "dirty": report.dirty, "late": report.late}
    reasons = dict(report.failed)
    for check in _CHECKS:
        found += _section(check, ids.get(check.kind, tuple(reasons)), reasons)
    for id, reason in report.superseded:
        text = f"· no longer holds  {id}: maybe changed on purpose by a later migration; no error"
        found.append(Finding(TextLine(text, "$text-muted", indent=4), id, "superseded"))
        found.append(Finding(TextLine(reason.partition("\n")[0], "$text-muted", indent=6), id, "superseded"))
    found += _drift(report)
    return found if status is None else [*found, Finding(TextLine("")), *_counts(report, status)]


def _verdict(report: VerifyReport) -> Finding:
    if report.ok:
        return Finding(TextLine("✔ all is well: folder and database agree", GOOD, bold=True))
    count = sum(map(len, (report.modified, report.missing, report.dirty, report.late, report.failed)))
    count += len(report.drift.changes)
    return Finding(TextLine(f"✖ {counted(count, 'finding')}: folder and database disagree", BAD, bold=True))


def _section(check: _Check, ids: Sequence[str], reasons: Mapping[str, str]) -> list[Finding]:
    if not ids:
        return [Finding(TextLine(f"✔ {check.name}: {check.fine}", GOOD))]
    lines = [Finding(TextLine(f"✖ {check.name}: {len(ids)}", BAD, bold=True))]
    for id in ids:
        lines.append(Finding(TextLine(f"{check.word}  {id}", BAD, indent=4), id, check.kind))
        meaning = check.meaning or reasons.get(id, "")
        lines += [Finding(TextLine(text, "$text-muted", indent=6), id, check.kind) for text in meaning.splitlines()]
        lines.append(Finding(TextLine(f"→ {check.advice}", indent=6), id, check.kind))
    return lines


def _drift(report: VerifyReport) -> list[Finding]:
    drift = report.drift
    if drift.unknown:
        return [Finding(TextLine(f"· drift: not looked for, {drift.unknown}", UNSURE))]
    if not drift.changes:
        return [Finding(TextLine("✔ drift: the schema is as the last run left it", GOOD))]
    lines = [
        Finding(
            TextLine(
                f"✖ drift: {counted(len(drift.changes), 'object')} changed by something else than migrations",
                BAD,
                bold=True,
            )
        )
    ]
    for change in drift.changes:
        lines.append(
            Finding(TextLine(f"{GLYPHS['modified']} {change.verb}  {change.object}", BAD, indent=4), kind="drift")
        )
        lines += [Finding(TextLine(text, _sign_style(text), indent=6), kind="drift") for text in _difference(change)]
    advice = "→ undo it, or write a migration that does it (c); `miger verify --accept-drift` takes it as right"
    return [*lines, Finding(TextLine(advice, indent=4), kind="drift")]


def _difference(change: SchemaChange) -> list[str]:
    if change.before is None:
        return [f"+ {line}" for line in printable_lines(change.after or "")]
    if change.after is None:
        return [f"- {line}" for line in printable_lines(change.before)]
    return [part for line in change.lines() for part in printable_lines(line)]


def _sign_style(text: str) -> str:
    return GOOD if text.startswith("+") else BAD


def _counts(report: VerifyReport, status: Status) -> list[Finding]:
    counts = [f"{GLYPHS[state]} {count:,} {state}" for state, count in status.counts.items() if count]
    told = ["  ".join(counts) or "no migrations yet", counted(report.checked, "verify section") + " ran"]
    return [Finding(TextLine(" · ".join(told), "$text-muted"))]
