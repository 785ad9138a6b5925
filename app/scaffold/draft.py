"""A migration that is not written yet, and the text its file will have."""

from __future__ import annotations

import io
import re
import tokenize
from typing import NamedTuple

SECTIONS = ("up", "verify", "down")  # in SQL; Python files have them in this order, too


class FieldProblem(NamedTuple):
    """What is wrong with one field of a form, and what to do about it."""

    field: str
    message: str
    hint: str = ""


class Allowance(NamedTuple):
    """A hazard (`drop-column`) that a migration accepts of one thing (`users.age`), and why."""

    hazard: str
    subject: str
    reason: str


class MigrationDraft(NamedTuple):
    """What a person says of a new migration.

    `kind` is sql, python or mongodb (Python for MongoDB). `up`, `verify` and `down` are the text of each
    section, in Python the body of each function, not indented; None leaves the section out. `imports`
    are lines of their own. `allow` are hazards that it accepts.
    """

    name: str
    kind: str = "sql"
    parents: tuple[str, ...] = ()
    phase: str | None = None
    release: str | None = None
    transaction: bool = True
    title: str = ""
    up: str = ""
    down: str | None = None
    verify: str | None = None
    imports: tuple[str, ...] = ()
    allow: tuple[Allowance, ...] = ()

    @property
    def suffix(self) -> str:
        """Of its file."""
        return "sql" if self.kind == "sql" else "py"


def draft_text(draft: MigrationDraft) -> str:
    """The text of the whole file, also of a draft with problems."""
    return _sql_text(draft) if draft.kind == "sql" else _python_text(draft)


def _sql_text(draft: MigrationDraft) -> str:
    title = f"-- {draft.title}\n" if draft.title else ""
    sections = ((name, getattr(draft, name)) for name in SECTIONS)
    parts = [f"-- miger:{name}\n{_ended(body)}" for name, body in sections if body is not None]
    return title + _metadata(draft, "--") + "".join(parts)


def _python_text(draft: MigrationDraft) -> str:
    session = "Mongo" if draft.kind == "mongodb" else "Sql"
    title = f'"""{_docstring(draft.title)}"""\n\n' if draft.title else ""
    imports = sorted(set(draft.imports), key=lambda line: (line.startswith("from "), line))
    third = "".join(f"{line}\n" for line in imports)
    functions = [f"\n\n{_function(name, getattr(draft, name), session)}" for name in SECTIONS if _has(draft, name)]
    head = f"{title}{_metadata(draft, '#')}\n{third}" + ("\n" if third else "")
    return f"{head}from miger import {session}\n" + "".join(functions)


def _has(draft: MigrationDraft, name: str) -> bool:
    return getattr(draft, name) is not None


def _function(name: str, body: str, session: str) -> str:
    answers = name == "verify" and re.search(r"^[ \t]*return[ \t]+\S", body, re.MULTILINE)
    result = "bool" if answers else "None"
    return f"def {name}(db: {session}) -> {result}:\n{_indented(body)}"


def _indented(body: str) -> str:
    """The body four columns in, but for lines that lie within a string."""
    if not _has_code(body):
        body = f"{body.rstrip()}\npass".lstrip()
    inside = _lines_in_strings(body)
    lines = body.rstrip("\n").split("\n")
    shifted = (f"    {line}" if line.strip() and number not in inside else line for number, line in enumerate(lines, 1))
    return "\n".join(shifted) + "\n"


def _has_code(body: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in body.splitlines())


def _lines_in_strings(body: str) -> set[int]:
    """The numbers of lines that begin within a string; those before the first error where it is no Python."""
    inside: set[int] = set()
    started: list[int] = []
    starts = {getattr(tokenize, "FSTRING_START", -1), getattr(tokenize, "TSTRING_START", -1)}
    ends = {getattr(tokenize, "FSTRING_END", -1), getattr(tokenize, "TSTRING_END", -1)}
    try:
        for token in tokenize.generate_tokens(io.StringIO(body).readline):
            if token.type == tokenize.STRING:
                inside.update(range(token.start[0] + 1, token.end[0] + 1))
            elif token.type in starts:
                started.append(token.start[0])
            elif token.type in ends and started:
                inside.update(range(started.pop() + 1, token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError):
        pass
    return inside


def _metadata(draft: MigrationDraft, mark: str) -> str:
    quoted = ", ".join(f'"{parent}"' for parent in draft.parents)
    lines = [f"depends = [{quoted}]"]
    lines += [f'phase = "{draft.phase}"'] if draft.phase else []
    lines += [] if draft.transaction else ["transaction = false"]
    lines += [f'release = "{_toml(draft.release)}"'] if draft.release else []
    lines += _allowances(draft.allow)
    return "".join(f"{mark} {line}\n" for line in ["/// miger", *lines, "///"])


def _allowances(allow: tuple[Allowance, ...]) -> list[str]:
    entries = [
        f'{{ hazard = "{_toml(one.hazard)}", subject = "{_toml(one.subject)}", reason = "{_toml(one.reason)}" }}'
        for one in allow
    ]
    if len(entries) == 1:
        return [f"allow = [{entries[0]}]"]
    return ["allow = [", *(f"  {entry}," for entry in entries), "]"] if entries else []


def _ended(body: str) -> str:
    """The body, its last line ended."""
    return body if not body or body.endswith("\n") else f"{body}\n"


def _docstring(title: str) -> str:
    return title.replace("\\", "\\\\").replace('"', '\\"')


def _toml(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
