"""What squawk, a linter for PostgreSQL, finds beside our own rules. Its package is optional."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from miger.engine.hazards.values import WARNING, Finding, Rule

RULES = (
    Rule("truncate-cascade", "Name each table that is meant, without CASCADE."),
    Rule("detach-locks", "Use DETACH PARTITION … CONCURRENTLY in a migration with `transaction = false`."),
    Rule("domain-check-scans", "Put the check on the tables, NOT VALID, and validate it in a migration of its own."),
)

# What only squawk looks for: its rule, our code, and why in our words.
ITS_OWN = {
    "ban-truncate-cascade": (
        "truncate-cascade",
        "it empties every table that refers to this one, and those that refer to them",
    ),
    "require-concurrent-partition-detach": (
        "detach-locks",
        "nobody can read or write the table until the partition is off",
    ),
    "ban-alter-domain-with-add-constraint": ("domain-check-scans", "every table with a column of the domain is read"),
}
# What we look for as well, and know more of: taken only where we could not read the statement.
OURS_TOO = {
    "ban-drop-table": "drop-table",
    "ban-drop-column": "drop-column",
    "ban-drop-not-null": "drop-not-null",
    "require-concurrent-index-deletion": "drop-index",
    "ban-drop-database": "drop-database",
    "renaming-table": "rename-table",
    "renaming-column": "rename-column",
    "changing-column-type": "alter-type-rewrites",
    "adding-not-nullable-field": "set-not-null-scans",
    "adding-required-field": "not-null-without-default",
    "adding-field-with-default": "volatile-default-rewrites",
    "adding-foreign-key-constraint": "foreign-key-locks",
    "constraint-missing-not-valid": "check-scans-table",
    "disallowed-unique-constraint": "unique-blocks-table",
    "adding-serial-primary-key-field": "unique-blocks-table",
    "require-concurrent-index-creation": "index-blocks-writes",
    "require-concurrent-reindex": "reindex-blocks-writes",
}
SECONDS = 20.0
MISSING = "squawk is not installed, so that its rules were not used: `pip install miger[lint]` adds it"


class Remark(NamedTuple):
    """What squawk says of one line (from 0) of one of the texts."""

    text: int
    line: int
    rule: str


def remarks_on(texts: Sequence[str], *, in_transaction: bool) -> tuple[list[Remark], str]:
    """What squawk finds in some texts, and why not, where it could not look."""
    program = find_program()
    if program is None:
        return [], MISSING
    import subprocess  # deferred, as the others here: `up` imports this file for its codes alone
    import tempfile

    options = ["--assume-in-transaction"] if in_transaction else []
    with tempfile.TemporaryDirectory(prefix="miger-lint-") as folder:
        for number, text in enumerate(texts):
            with open(os.path.join(folder, f"{number}.sql"), "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        names = [f"{number}.sql" for number in range(len(texts))]
        try:
            done = subprocess.run(
                [program, "--reporter", "json", *options, *names],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return [], f"squawk did not end within {SECONDS:g} s"
        except OSError as error:
            return [], f"squawk cannot be run: {error.strerror}"
    try:
        return list(_read(done.stdout)), ""
    except (ValueError, KeyError, TypeError, AttributeError):
        return [], f"squawk ended with {done.returncode}, and what it said could not be read"


def find_program() -> str | None:
    """The program that the package installs beside this Python, or one on the PATH."""
    suffix = ".exe" if os.name == "nt" else ""
    places = [os.path.dirname(sys.executable), *os.environ.get("PATH", "").split(os.pathsep)]
    for place in places:
        path = os.path.join(place, f"squawk{suffix}")
        if place and os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def _read(output: bytes) -> Iterator[Remark]:
    import json

    for found in json.loads(output):
        number = os.path.basename(found["file"]).partition(".")[0]
        yield Remark(int(number), int(found["line"]), str(found["rule_name"]))


def finding_of(remark: Remark, *, understood: bool, subject: str = "") -> Finding | None:
    """A remark in our words; None for what we tell ourselves, and for matters of taste. `subject`: the table."""
    if remark.rule in ITS_OWN:
        code, why = ITS_OWN[remark.rule]
        return Finding(code, WARNING, subject, why)
    if remark.rule in OURS_TOO and not understood:
        return Finding(
            OURS_TOO[remark.rule], WARNING, subject, f"squawk says so ({remark.rule}); Miger cannot read the statement"
        )
    return None
