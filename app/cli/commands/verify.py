"""`miger verify`: whether folder and database agree."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.output import Output
from miger.cli.running import ask, confirmed
from miger.engine.drift import Drift
from miger.engine.errors import IntegrityError
from miger.engine.verification import VerifyReport
from miger.engine.words import counted
from miger.project import Project

DIRTY_EXIT = 4


def run(args: Namespace, output: Output) -> int:
    """Checks checksums, files, verify sections and drift; exits with 6 where they do not agree, 4 if only dirty."""
    with Project.open(args.folder, args.environment) as project:
        report = project.verify()
        if args.accept_drift:
            report = _accept_drift(args, output, project, report)
    if output.json:
        output.document(_document(report))
    else:
        for line in _lines(report):
            output.data(line)
    if report.ok:
        return 0
    return IntegrityError.exit_code if report.wrong else DIRTY_EXIT


def _accept_drift(args: Namespace, output: Output, project: Project, report: VerifyReport) -> VerifyReport:
    """The report once the schema as it is now is taken as right."""
    drift = report.drift
    if not drift.changes and not drift.unknown:
        return report
    if drift.changes and not args.yes:
        for line in _drift_lines(drift):
            output.say(line)
    ask(args, f"take the schema of {project.environment.name} as it is now as right")
    project.accept_drift(confirm=confirmed(args, project), wait=args.wait)
    return project.verify()


def _document(report: VerifyReport) -> dict[str, object]:
    drift = report.drift
    return {
        "ok": report.ok,
        "modified": list(report.modified),
        "missing": list(report.missing),
        "dirty": list(report.dirty),
        "late": list(report.late),
        "failed": dict(report.failed),
        "superseded": dict(report.superseded),
        "checked": report.checked,
        "drift": [
            {"object": change.object, "change": change.verb, "before": change.before, "after": change.after}
            for change in drift.changes
        ],
        "drift_unknown": drift.unknown or None,
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
    lines += _drift_lines(report.drift)
    verdict = "all is well" if report.ok else "folder and database disagree"
    lines.append(f"{verdict}; {counted(report.checked, 'verify section')} ran")
    return lines


def _drift_lines(drift: Drift) -> list[str]:
    """Each object that differs, and the lines of it that do."""
    lines = [f"· drift was not looked for: {drift.unknown}"] if drift.unknown else []
    for change in drift.changes:
        lines.append(f"≠ {change.object}: {change.verb} by something else than migrations")
        lines += [f"    {line}" for line in change.lines()]
    return lines
