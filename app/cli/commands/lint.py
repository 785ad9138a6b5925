"""`miger lint`: what in migrations may hurt."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.hazards import as_document, lines_of
from miger.cli.output import Output
from miger.engine.errors import RefusedError
from miger.engine.hazards.values import HazardReport
from miger.engine.words import counted
from miger.project import Project


def run(args: Namespace, output: Output) -> int:
    """Prints the hazards; changes nothing. Exits with 7 where one is an error that nothing allows."""
    with Project.open(args.folder, args.environment) as project:
        report = project.lint(*args.targets, every=args.every, offline=args.offline)
        config = project.config.path
    form = "json" if output.json else args.format
    if form == "json":
        output.document({"hazards": list(map(as_document, report.hazards)), "notes": list(report.notes)})
    elif form == "text":
        _print(report, output)
    else:
        _write_for_ci(report, output, form, config)
    return RefusedError.exit_code if report.refused else 0


def _write_for_ci(report: HazardReport, output: Output, form: str, config: str) -> None:
    from miger.cli import reports  # deferred: few ask for it

    if form == "github":
        reports.github(report, output, config)
    else:
        output.document(reports.sarif(report, config))


def _print(report: HazardReport, output: Output) -> None:
    for line in lines_of(report.hazards):
        output.data(line)
    for note in report.notes:
        output.say(f"· {note}")
    counts = dict.fromkeys(("error", "warning", "info"), 0)
    for hazard in report.hazards:
        counts[hazard.severity] += not hazard.allowed
    allowed = sum(bool(hazard.allowed) for hazard in report.hazards)
    told = f"{counted(counts['error'], 'error')}, {counted(counts['warning'], 'warning')}, {counts['info']} info"
    output.say(f"{told}, {allowed} allowed")
