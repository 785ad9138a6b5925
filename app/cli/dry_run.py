"""Dry runs on the command line: `up --dry-run`, `down --dry-run`, `plan --sql`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from miger.cli.hazards import as_document as hazard_document
from miger.cli.output import Output
from miger.cli.preview_text import print_preview
from miger.engine.errors import StepFailed
from miger.engine.planner import Plan
from miger.engine.preview.values import Preview, StepPreview
from miger.project import Project
from miger.script_file import save_script


def dry_run(args: Namespace, output: Output, make_plan: Callable[[Project], Plan]) -> int:
    """Shows what a plan would do, and changes nothing; 1 where it would fail."""
    with Project.open(args.folder, args.environment) as project:
        plan = make_plan(project)
        if args.save:
            save_script(project, plan, args.save)
            output.say(f"wrote {args.save}")
        preview = project.preview(plan, args.dry_run)
    if output.json:
        output.document(as_document(preview))
    else:
        print_preview(output, preview)
    return 0 if preview.ok else StepFailed.exit_code


def as_document(preview: Preview) -> dict[str, object]:
    """The document of `--dry-run --json`."""
    return {
        "mode": preview.mode,
        "direction": preview.direction,
        "environment": preview.environment,
        "ok": preview.ok,
        "ms": round(preview.ms, 3),
        "notes": list(preview.notes),
        "steps": [_step_document(step) for step in preview.steps],
        "hazards": [hazard_document(hazard) for hazard in preview.hazards],
        "schema": None
        if preview.changes is None
        else [
            {"object": change.object, "change": change.verb, "before": change.before, "after": change.after}
            for change in preview.changes
        ],
    }


def _step_document(step: StepPreview) -> dict[str, object]:
    values = step._asdict()
    values["file"] = values.pop("path")
    values["statements"] = [
        {**statement._asdict(), "locks": [lock._asdict() for lock in statement.locks]} for statement in step.statements
    ]
    return values
