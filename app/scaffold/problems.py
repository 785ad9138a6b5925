"""What is wrong with a draft, field by field. Asks nothing and nobody."""

from __future__ import annotations

import ast
import re
import warnings

from miger.engine.errors import MigerError, UnknownTarget
from miger.engine.graph import MigrationGraph
from miger.scaffold.draft import SECTIONS, FieldProblem, MigrationDraft, draft_text
from miger.scaffold.ids import new_id

PHASES = (None, "expand", "contract")
MARKER = re.compile(r"^[ \t]*--[ \t]*(?:miger:|///)", re.MULTILINE)


def draft_problems(draft: MigrationDraft, graph: MigrationGraph, now: float | None = None) -> tuple[FieldProblem, ...]:
    """Everything that stands against writing the draft; nothing does where it is empty.

    A new migration is nobody's parent yet, so no cycle can come of its parents. `now` is the time (seconds
    since 1970) that its id begins with.
    """
    return (
        *_of_name(draft, graph, now),
        *_of_parents(draft, graph),
        *_of_words(draft),
        *(_of_sql(draft) if draft.kind == "sql" else _of_python(draft)),
    )


def _of_name(draft: MigrationDraft, graph: MigrationGraph, now: float | None) -> list[FieldProblem]:
    try:
        id = new_id(draft.name, now)
    except MigerError as error:
        return [FieldProblem("name", error.message, error.hint)]
    if id in graph:
        return [FieldProblem("name", f"there is a migration {id} already", "choose another name")]
    return []


def _of_parents(draft: MigrationDraft, graph: MigrationGraph) -> list[FieldProblem]:
    found = []
    for parent in draft.parents:
        if parent in graph:
            continue
        try:
            meant: tuple[str, ...] = (graph.resolve(parent),)
        except UnknownTarget as error:
            meant = error.candidates
        hint = f"did you mean {', '.join(meant[:3])}?" if meant else "`miger status` lists them"
        found.append(FieldProblem("parents", f"no migration is named {parent!r}", hint))
    if len(set(draft.parents)) < len(draft.parents):
        found.append(FieldProblem("parents", "a parent is named twice", "once will do"))
    return found


def _of_words(draft: MigrationDraft) -> list[FieldProblem]:
    found = []
    if draft.kind not in ("sql", "python", "mongodb"):
        found.append(FieldProblem("kind", f"there is no kind {draft.kind!r}", "sql, python or mongodb"))
    if draft.phase not in PHASES:
        found.append(FieldProblem("phase", f"there is no phase {draft.phase!r}", "expand, contract, or neither"))
    if draft.release is not None and not (draft.release.strip() and draft.release.isprintable()):
        found.append(FieldProblem("release", f"{draft.release!r} is no name for a release", "use a plain word: `v2`"))
    if not draft.title.isprintable():
        found.append(FieldProblem("title", "the title has a line break or a control character", "make it one line"))
    elif re.match(r"\s*(?:///|miger:)", draft.title):
        found.append(FieldProblem("title", f"a title cannot begin with {draft.title.split()[0]}", "put it in words"))
    return found


def _of_sql(draft: MigrationDraft) -> list[FieldProblem]:
    found = []
    for name in SECTIONS:
        text = getattr(draft, name) or ""
        if "\0" in text:
            found.append(FieldProblem(name, "holds a null character", "take it out"))
        marker = MARKER.search(text)
        if marker is not None:
            line = text.count("\n", 0, marker.start()) + 1
            hint = "each section is a field of its own; metadata, too"
            found.append(FieldProblem(name, f"line {line} would start another section", hint))
    return found


def _of_python(draft: MigrationDraft) -> list[FieldProblem]:
    found = []
    for name in SECTIONS:
        body = getattr(draft, name)
        if body is None:
            continue
        only = MigrationDraft("x", draft.kind, up="pass")._replace(**{name: body})
        problem = _syntax(draft_text(only), f"def {name}(")
        if problem is not None:
            found.append(FieldProblem(name, *problem))
        elif re.search(r"^#[ \t]*///", body, re.MULTILINE):
            found.append(FieldProblem(name, "has a line that would start metadata", "write `# ///` in another way"))
    for line in draft.imports:
        if "\n" in line or not re.match(r"(?:import|from) ", line) or _syntax(line, "") is not None:
            found.append(FieldProblem("imports", f"{line!r} is no import", "write `import json`"))
    return found


def _syntax(text: str, first: str) -> tuple[str, str] | None:
    """What Python says against a text, its lines counted from behind that of `first`."""
    before = text[: text.index(first)].count("\n") + 1 if first else 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        line = max((error.lineno or before + 1) - before, 1)
        return f"line {line} is not valid Python: {error.msg}", "the body is not indented; it works with `db`"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"is not valid Python: {str(error) or 'nested too deeply'}", ""
    return None
