"""Dry runs on the command line: `up --dry-run`, `down --dry-run`, `plan --sql`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from miger.cli.hazards import as_document as hazard_document
from miger.cli.hazards import lines_of
from miger.cli.narration import counted, duration
from miger.cli.output import Output
from miger.engine.errors import StepFailed, UsageError
from miger.engine.planner import Plan
from miger.engine.preview.values import DONE, FAILED, NOT_RUN, Preview, StatementPreview, StepPreview
from miger.project import Project

WIDTH = 72  # of a statement on one line


def dry_run(args: Namespace, output: Output, project: Project, plan: Plan) -> int:
    """Shows what a plan would do, and changes nothing; 1 where it would fail."""
    if args.save:
        _save(project, plan, args.save)
        output.say(f"wrote {args.save}")
    preview = project.preview(plan, args.dry_run)
    if output.json:
        output.document(as_document(preview))
    else:
        for line in _lines(preview, verbose=output.verbose):
            output.data(line)
    return 0 if preview.ok else StepFailed.exit_code


def _save(project: Project, plan: Plan, path: str) -> None:
    try:
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.writelines(project.script(plan))
    except FileExistsError:
        raise UsageError(f"{path} exists already", "choose another name") from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


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


def _lines(preview: Preview, *, verbose: bool) -> Iterator[str]:
    for step in preview.steps:
        yield from _step_lines(step, verbose=verbose)
    if preview.changes:
        yield "schema:"
        for change in preview.changes:
            yield f"  {change.object}: {change.verb}"
            yield from (f"    {line}" for line in change.lines())
    elif preview.changes is not None and preview.ok:
        yield "schema: unchanged"
    if preview.hazards:
        yield "hazards:"
        yield from (f"  {line}" for line in lines_of(preview.hazards))
    yield from (f"· {note}" for note in preview.notes)
    yield _verdict(preview)


def _step_lines(step: StepPreview, *, verbose: bool) -> Iterator[str]:
    how = "in one transaction" if step.transaction else "statement by statement"
    notes = [how, *(["no way back"] if step.irreversible else [])]
    notes += [duration(step.ms)] if step.outcome in (DONE, FAILED) else []
    mark = {DONE: "✓", FAILED: "✖", NOT_RUN: "·"}.get(step.outcome, "○")
    yield f"{mark} {step.direction} {step.id}  ({', '.join(notes)})"
    for statement in step.statements:
        if statement.text or statement.note:
            yield from _statement_lines(statement, verbose=verbose)
    if step.more:
        yield f"    … and {counted(step.more, 'statement')} more"
    yield from (f"    log: {line}" for line in step.log)
    if step.outcome == FAILED:
        place = f"{step.path}:{step.line}: " if step.line else ""
        yield f"    {place}{step.error}"
        if step.hint:
            yield f"      → {step.hint}"
        if step.dirty:
            yield "    not one transaction: in a real run what succeeded stays, and the migration is dirty"


def _statement_lines(statement: StatementPreview, *, verbose: bool) -> Iterator[str]:
    text = " ".join(statement.text.split())
    if not verbose and len(text) > WIDTH:
        text = text[: WIDTH - 1] + "…"
    place = f"{statement.line:>5}  " if statement.line else "       "
    facts = ["verify"] if statement.section == "verify" else []
    facts += [f"×{statement.count}"] if statement.count > 1 else []
    facts += [f"{statement.rows} rows"] if statement.rows > 0 else []
    facts += [duration(statement.ms)] if statement.outcome == DONE and statement.ms else []
    facts += ["fails"] if statement.outcome == FAILED else []
    facts += ["not run"] if statement.outcome == NOT_RUN else []
    facts += [f"rewrites {table}" for table in statement.rewritten]
    facts += [f"locks {lock.relation} ({lock.mode}) for {duration(lock.ms)}" for lock in statement.locks]
    facts += [statement.note] if statement.note else []
    yield f"{place}{text}" + (f"  [{'; '.join(facts)}]" if facts and text else "; ".join(facts))


def _verdict(preview: Preview) -> str:
    steps = counted(len(preview.steps), "migration")
    if preview.mode == "sql":
        return f"dry run, listed only: {steps}; nothing was run"
    how = f"dry run by {preview.mode}, {duration(preview.ms)}"
    failure = preview.failure
    if failure is not None:
        return f"{how}: {failure.id} would fail; nothing of it stays"
    return f"{how}: {steps} would succeed; nothing of it stays"
