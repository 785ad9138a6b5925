"""The kinds of migration that the wizard writes, and why one cannot be written now."""

from __future__ import annotations

from miger.widgets.choice_view import Choice
from miger.workbench.wizard.answers import BACKFILL, FORM, GENERATED, KINDS, MERGE, PYTHON, SQL, Ground

WORDS = {
    SQL: ("SQL", "statements that you write yourself, each section on its own"),
    PYTHON: ("Python", "a function for each section: loops, conditions, batches"),
    FORM: ("Schema change by form", "columns, tables, indexes, keys; offered from the live schema"),
    BACKFILL: ("Data backfill", "new values in the rows there are, in batches that can be resumed"),
    GENERATED: ("From schema changes", "what differs between models, or schema files, and the database"),
    MERGE: ("Merge heads", "joins the heads; does nothing else"),
}
FOR_DOCUMENTS = {
    PYTHON: "a function for each section, that works with the collections",
    FORM: "fields, collections, indexes, validator; offered from the live database",
    BACKFILL: "new values in the documents there are, in batches that can be resumed",
    GENERATED: "what differs between models, or a YAML file, and the database",
}


def kind_choices(ground: Ground) -> tuple[Choice, ...]:
    """One for each of `KINDS`, in that order."""
    choices = []
    for kind in KINDS:
        label, effect = WORDS[kind]
        effect = effect if ground.runs_sql else FOR_DOCUMENTS.get(kind, effect)
        choices.append(Choice(label, effect, unavailable(kind, ground)))
    return tuple(choices)


def unavailable(kind: str, ground: Ground) -> str:
    """Why a kind cannot be chosen now; "" where it can."""
    match kind:
        case "sql" if not ground.runs_sql:
            return f"{ground.backend} runs no SQL"
        case "form" | "backfill" if not ground.has_forms:
            return f"the tables of {ground.backend} cannot be listed"
        case "merge" if len(ground.graph.heads) < 2:
            return "there is no second head" if ground.graph.heads else "there are no migrations"
    return ""
