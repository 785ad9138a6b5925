"""`miger verify`: whether folder and database agree."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.narration import counted
from miger.cli.output import Output
from miger.engine.errors import IntegrityError
from miger.engine.verification import VerifyReport
from miger.project import Project

DIRTY_EXIT = 4


def run(args: Namespace, output: Output) -> int:
    """Checks checksums, files and verify sections; exits with 6 where they do not agree, 4 if only dirty."""
    with Project.open(args.folder, args.environment) as project:
        report = project.verify()
    if output.json:
        output.document(_document(report))
    else:
        for line in _lines(report):
            output.data(line)
    if report.ok:
        return 0
    only_dirty = not (report.modified or report.missing or report.late or report.failed)
    return DIRTY_EXIT if only_dirty else IntegrityError.exit_code


def _document(report: VerifyReport) -> dict[str, object]:
    return {
        "ok": report.ok,
        "modified": list(report.modified),
        "missing": list(report.missing),
        "dirty": list(report.dirty),
        "late": list(report.late),
        "failed": dict(report.failed),
        "superseded": dict(report.superseded),
        "checked": report.checked,
    }


def _lines(report: VerifyReport) -> list[str]:
    lines = [f"≠ {id}: changed after it was applied" for id in report.modified]
    lines += [f"? {id}: applied, but without a file" for id in report.missing]
    lines += [f"✖ {id}: stopped half way" for id in report.dirty]
    lines += [f"○ {id}: pending, but sorts before an applied one" for id in report.late]
    lines += [f"✖ {id}: verify does not hold: {reason}" for id, reason in report.failed]
    lines += [
        f"· {id}: verify no longer holds, maybe changed on purpose by a later one: {reason}"
        for id, reason in report.superseded
    ]
    verdict = "all is well" if report.ok else "folder and database disagree"
    lines.append(f"{verdict}; {counted(report.checked, 'verify section')} ran")
    return lines
