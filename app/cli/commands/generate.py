"""`miger generate`: write a migration from what has changed in the wanted schema."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from miger.cli.output import Output
from miger.engine.errors import UsageError
from miger.project import Project

if TYPE_CHECKING:
    from miger.generate.asking import Loss
    from miger.generate.generate import Generation, Options
    from miger.generate.renames import Candidate
    from miger.generate.telling import Line

PENDING = 3  # the exit code of --check where something differs


def run(args: Namespace, output: Output) -> int:
    """Shows what differs, writes the file or files, and prints their paths."""
    if args.name is None and not args.check:
        raise UsageError("a new migration needs a name", "`miger generate add_user_email`")
    with Project.open(args.folder, args.environment) as project:
        if args.kind == "sql" and not project.runs_sql:
            raise UsageError(f"{project.backend_name} runs no SQL", "leave `--sql` out: the file is then Python")
        generation = project.generate(args.name or "", _options(args, output))
        if args.check or not generation.lines:
            return _checked(args, output, generation)
        _tell_rest(output, generation)
        if args.dry_run:
            return _previewed(output, generation)
        return _written(output, project, generation)


def _options(args: Namespace, output: Output) -> Options:
    from miger.generate.generate import Options  # deferred: nobody else needs it

    asks = sys.stdin.isatty() and not args.yes and not args.check and not output.json
    return Options(
        kind=args.kind or "sql",
        online=args.online,
        offline=args.offline,
        renames=tuple(args.rename),
        fills=tuple(args.fill),
        nulls=tuple(args.nulls),
        source=args.schema or "",
        lossy=args.yes or bool(args.dry_run),
        decide=_is_renamed if asks else None,
        consent=_may_be_lost if asks else None,
        depends=tuple(args.depends) if args.depends else None,
        release=args.release,
        bare=args.check,
        told=lambda lines: _tell(output, lines),
    )


def _is_renamed(candidate: Candidate) -> bool:
    renaming = candidate.renaming
    what = "column" if renaming.column else "table"
    choice = "[Y/n]" if candidate.likely else "[y/N]"
    answer = _answer(f"was the {what} {renaming.before} renamed to {renaming.after}? {choice} ")
    return candidate.likely if not answer else answer in ("y", "yes")


def _may_be_lost(losses: Sequence[Loss]) -> bool:
    for loss in losses:
        print(f"  {loss}", file=sys.stderr)
    return _answer("this loses data; write it? [y/N] ") in ("y", "yes")


def _answer(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower()


def _tell(output: Output, lines: Sequence[Line]) -> None:
    for line in lines:
        output.say(str(line))


def _tell_rest(output: Output, generation: Generation) -> None:
    for loss in generation.losses:
        output.say(f"loses  {loss}")
    for note in generation.notes:
        output.say(f"note   {note}")


def _checked(args: Namespace, output: Output, generation: Generation) -> int:
    if output.json:
        output.document(_document(generation, []))
    elif not generation.lines:
        output.say("nothing to do: the schema is what is wanted")
    else:
        for line in generation.lines:
            output.data(str(line))
        for note in generation.notes:
            output.say(f"note   {note}")
    return PENDING if args.check and generation.lines else 0


def _previewed(output: Output, generation: Generation) -> int:
    from miger.scaffold.draft import draft_text

    if output.json:
        files = [{"name": draft.name, "kind": draft.kind, "text": draft_text(draft)} for draft in generation.drafts]
        output.document(_document(generation, files))
    else:
        output.piece("\n".join(draft_text(draft) for draft in generation.drafts))
    return 0


def _written(output: Output, project: Project, generation: Generation) -> int:
    from miger.generate.proof import id_of, write_all

    paths = write_all(project.config.migrations, generation.drafts, generation.now)
    if output.json:
        kinds = [draft.kind for draft in generation.drafts]
        files = [{"id": id_of(path), "file": path, "kind": kind} for path, kind in zip(paths, kinds, strict=True)]
        output.document(_document(generation, files))
    else:
        for path in paths:
            output.data(os.path.relpath(path))
    return 0


def _document(generation: Generation, files: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "differences": [line._asdict() for line in generation.lines],
        "renames": [renaming.option for renaming in generation.renamings],
        "candidates": [
            {"rename": found.renaming.option, "score": found.score, "likely": found.likely}
            for found in generation.candidates
        ],
        "losses": [loss._asdict() for loss in generation.losses],
        "notes": list(generation.notes),
        "migrations": list(files),
    }
