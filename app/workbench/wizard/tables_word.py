"""How it stands with the tables that a form offers."""

from __future__ import annotations

from textual.content import Content

from miger.engine.words import counted
from miger.widgets.words import printable
from miger.workbench.wizard.answers import Ground

MOST = 500  # of them are read


def tables_word(ground: Ground) -> Content:
    """One line, or two where they could not be read."""
    one, many = ("table", "tables") if ground.runs_sql else ("collection", "collections")
    if ground.trouble:
        return Content.assemble(
            (f"✖ the {many} could not be read: {printable(ground.trouble)}", "$text-error"),
            ("\n→ ctrl+r tries again; names can be typed all the same, but nothing checks them", "$text-muted"),
        )
    if ground.tables is None:
        return Content.styled(f"◐ reading the {many} of the database…", "$text-primary")
    if not ground.tables:
        return Content.styled(f"○ the database has no {many} yet", "$text-muted")
    more = " (the first of them; others can be typed)" if len(ground.tables) >= MOST else ""
    return Content.styled(f"✔ {counted(len(ground.tables), one, many)} in the database{more}", "$text-success")
