"""The content of a migration from schema changes: which of the differences are taken."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from miger.engine.words import counted
from miger.generate.telling import Line
from miger.widgets.differences_view import (
    ALL,
    APART,
    FALLEN,
    LEFT,
    OPEN,
    RENAMED,
    TAKEN,
    DifferenceRow,
    DifferencesView,
)
from miger.widgets.form_field import FieldSpec, FormField
from miger.widgets.words import printable
from miger.workbench.wizard.answers import PYTHON, SQL, Answers, Ground
from miger.workbench.wizard.changes import LOOK, Changes, Taken, is_compared, is_made
from miger.workbench.wizard.drafting import Drafted
from miger.workbench.wizard.step import Problems, WizardStep, tell_text

WRITTEN = FieldSpec("written", "Written in", choices=("SQL", "Python"))
FILLS = FieldSpec("fills", "Fill with", "users.email='none'; several with ; between")
PENDING = "u on the home screen applies them"
NULLS = "--nulls "


class ChangesStep(WizardStep):
    """The differences in a list; renames are asked first, as nobody else knows."""

    DEFAULT_CSS = """
    ChangesStep { overflow-y: hidden; }
    ChangesStep #changes-word { height: auto; max-height: 60%; width: 1fr; }
    ChangesStep DifferencesView { height: 1fr; min-height: 3; margin: 1 0; }
    ChangesStep #difference-word { height: auto; max-height: 5; width: 1fr; margin-bottom: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._taken = Taken()
        self._changes = Changes()
        self._runs_sql = True
        self._pending = False

    def compose(self) -> ComposeResult:
        """How it stands, the list, more about the row of the cursor, the fields."""
        yield Static("", id="changes-word")
        yield DifferencesView(id="differences")
        yield Static("", id="difference-word")
        yield FormField(WRITTEN, id="changes-written")
        yield FormField(FILLS, id="changes-fills")

    @property
    def view(self) -> DifferencesView:
        """The list."""
        return self.query_one(DifferencesView)

    @property
    def typed(self) -> bool:
        """Whether a person has said anything."""
        return self._taken._replace(written=SQL) != Taken()

    def show(self, answers: Answers, ground: Ground) -> None:
        """The differences of this environment."""
        self._changes, self._runs_sql, self._pending = ground.changes, ground.runs_sql, ground.pending
        self._draw()

    def collect(self, answers: Answers) -> Answers:
        """What was said to them."""
        written = PYTHON if self.query_one("#changes-written", FormField).value == "Python" else SQL
        fills = self.query_one("#changes-fills", FormField).value.split(";")
        self._taken = self._taken._replace(written=written, fills=tuple(text.strip() for text in fills if text.strip()))
        return answers._replace(taken=self._taken)

    def begin(self) -> None:
        """Begins with the list."""
        self.view.focus()

    def show_wrong(self) -> None:
        """Goes to the first row that waits for an answer, or is in the way."""
        rows = self.view.rows
        place = next((n for n, row in enumerate(rows) if row.state == OPEN or row.stops), None)
        if place is not None:
            self.view.move_cursor(place)
        self.begin()

    def tell(self, found: Drafted, problems: Problems) -> None:
        """How it stands."""
        tell_text(self.query_one("#changes-word", Static), self._word())

    # Drawing

    def _draw(self) -> None:
        self.view.rows = tuple(self._rows())
        shown = bool(self.view.rows)
        self.view.display = shown
        self.query_one("#difference-word").display = shown
        self.query_one("#changes-written").display = shown and self._runs_sql
        self.query_one("#changes-fills").display = shown
        self._tell_row()

    def _word(self) -> Content:
        changes, taken = self._changes, self._taken
        muted, many = "$text-muted", len(changes.lines or ())
        if changes.trouble:
            hints = [changes.hint, *([PENDING] if self._pending else []), LOOK]
            return _lines((f"✖ {changes.trouble}", "$text-error"), *((f"→ {hint}", muted) for hint in hints if hint))
        if not is_compared(changes, taken):
            return _lines(
                ("◐ comparing the wanted schema with the database…", "$text-primary"),
                ("→ the wanted one is made in a scratch database; yours is only read", muted),
            )
        if not changes.lines:
            return _lines(
                ("✔ nothing differs: the database has the schema that is wanted", "$text-success"),
                (f"→ change the models, or the schema file, then {LOOK}", muted),
            )
        if waiting := changes.open(taken):
            return _lines(
                (f"? {counted(len(waiting), 'rename')} to be answered: only you know", "$text-warning"),
                ("→ a rename keeps the values, a drop loses them", muted),
            )
        fallen = {one.key for one in changes.fallen} if changes.made_of == taken else set[str]()
        count = many if changes.whole else len(set(changes.keys) - taken.left - fallen)
        head = f"{count} of {counted(many, 'difference')} taken"
        if count == 0 and not fallen:
            return _lines((f"○ {head}: space takes one, a all of them", "$text-warning"))
        if not is_made(changes, taken):
            return _lines((f"◐ {head}; the file is made and tried…", "$text-primary"))
        if changes.against:
            hint = changes.hint or LOOK
            return _lines((f"✖ {changes.against}", "$text-error"), (f"→ {hint}", muted))
        return _lines(
            (f"✔ {head}, and tried on a copy", "$text-success"),
            (
                "→ of collections all differences are taken"
                if changes.whole
                else "→ space takes one or leaves it, a all of them",
                muted,
            ),
        )

    def _rows(self) -> list[DifferenceRow]:
        changes, taken = self._changes, self._taken
        rows = []
        for found in changes.candidates:
            one = found.renaming
            state = RENAMED if one.option in taken.renamed else APART if one.option in taken.apart else OPEN
            likely = "likely, by name and type" if found.likely else "perhaps, by name and type"
            rows.append(DifferenceRow(one.option, state, "", f"{one.before} → {one.after}", note=likely))
        fallen = {one.key: one.reason for one in changes.fallen} if changes.made_of == taken else {}
        for key, line in zip(changes.keys, changes.lines or (), strict=True):
            rows.append(self._row(key, line, fallen))
        return rows

    def _row(self, key: str, line: Line, fallen: dict[str, str]) -> DifferenceRow:
        state = LEFT if key in self._taken.left else FALLEN if key in fallen else TAKEN
        loss = self._changes.loss_of(line)
        return DifferenceRow(
            key,
            ALL if self._changes.whole else state,
            line.verb,
            line.object,
            line.detail,
            "" if loss is None else str(loss).removeprefix(f"{loss.object}: "),
            loss is not None and loss.stops,
            fallen.get(key, "") or (loss.option if loss is not None else ""),
        )

    def _tell_row(self) -> None:
        """More about the row of the cursor, which may be cut in the list."""
        row, word = self.view.row, self.query_one("#difference-word", Static)
        if row is None:
            return
        if row.is_question:
            told = ("r: it was renamed · d: dropped, and another one added", "$text-muted")
            tell_text(word, _lines((f"{row.object}: {row.note}", "$text-muted"), told))
            return
        parts = [(f"{row.verb} {row.object}{': ' if row.detail else ''}{row.detail}", "$text-muted")]
        if row.state == FALLEN:
            parts.append((f"! left, too: {row.note}", "$text-warning"))
        elif row.alarm:
            parts.append((f"{'✖' if row.stops else '!'} {row.alarm}", "$text-error" if row.stops else "$text-warning"))
            if row.note.startswith(NULLS):
                parts.append(("→ n lets such values become NULL, space leaves the difference", "$text-muted"))
            elif row.note:
                parts.append((f"→ give “Fill with”: {row.note.removeprefix('--fill ')}", "$text-muted"))
        elif self._nullable(row) in self._taken.nulls:
            parts.append(("· values that do not convert become NULL; n takes that back", "$text-muted"))
        tell_text(word, _lines(*parts))

    # What a person says

    @on(DifferencesView.Said)
    def _said(self, message: DifferencesView.Said) -> None:
        message.stop()
        row, taken = message.row, self._taken
        if row.is_question:
            taken = self._answered(row, message.what)
        elif message.what == "nulls":
            taken = self._with_nulls(row)
        elif self._changes.whole:
            self.notify("of collections all differences are taken, or none", severity="warning")
        elif message.what == "all":
            taken = taken._replace(left=frozenset() if taken.left else frozenset(self._changes.keys))
        elif message.what == "toggle":
            taken = taken._replace(left=taken.left ^ {row.key})
        if taken != self._taken:
            self._taken = taken
            self._draw()
            self.post_message(self.Changed())

    def _answered(self, row: DifferenceRow, what: str) -> Taken:
        """To toggle says renamed first, then the other."""
        taken = self._taken
        renamed = what == RENAMED or (what == "toggle" and row.state != RENAMED)
        if what not in (RENAMED, APART, "toggle"):
            return taken
        one = frozenset([row.key])
        return taken._replace(
            renamed=taken.renamed | one if renamed else taken.renamed - one,
            apart=taken.apart - one if renamed else taken.apart | one,
        )

    def _with_nulls(self, row: DifferenceRow) -> Taken:
        column = self._nullable(row)
        if column in self._taken.nulls or row.note.startswith(NULLS):
            return self._taken._replace(nulls=self._taken.nulls ^ {column})
        self.notify("n is for values that do not convert to another type", severity="warning")
        return self._taken

    def _nullable(self, row: DifferenceRow) -> str:
        """The column or field as `--nulls` names it."""
        return row.note.removeprefix(NULLS) if row.note.startswith(NULLS) else row.object.partition(" ")[2]

    @on(DifferencesView.Highlighted)
    def _highlighted(self, message: DifferencesView.Highlighted) -> None:
        message.stop()
        self._tell_row()

    @on(FormField.Changed)
    def _changed(self, message: FormField.Changed) -> None:
        message.stop()
        if message.field.id != "changes-fills":  # each key would begin a trial: it counts once it is entered
            self.post_message(self.Changed())

    @on(FormField.Submitted)
    def _submitted(self, message: FormField.Submitted) -> None:
        message.stop()
        self.post_message(self.Changed())
        self.begin()


def _lines(*parts: tuple[str, str]) -> Content:
    return Content("\n").join(Content.styled(printable(text), style) for text, style in parts)
