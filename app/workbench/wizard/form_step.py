"""Changes of the schema by form: one is filled in, those before it are listed below."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Label, Select, Static

from miger.widgets.form_field import FieldSpec, FormField
from miger.widgets.rows_view import RowsView
from miger.widgets.words import fit, printable
from miger.workbench.wizard.answers import FORM, PYTHON, SQL, Answers, Entry, Ground
from miger.workbench.wizard.change_forms import TABLE_FORMS, ChangeForm, forms_for, offers_of
from miger.workbench.wizard.drafting import Drafted
from miger.workbench.wizard.step import Problems, WizardStep, said, tell_fields, tell_text, tell_wrong
from miger.workbench.wizard.tables_word import tables_word

WRITTEN = FieldSpec("written", "Written in", choices=("SQL", "Python"))


class EntriesView(RowsView):
    """The changes that are filled in already. Enter changes one again, x takes it out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x,delete", "remove", "Take the change out", show=False),
    ]

    rows: reactive[tuple[tuple[str, str], ...]] = reactive((), init=False)  # what it is, what is wrong with it

    class Wanted(Message):
        """A person wants to change an entry again, or to take it out."""

        def __init__(self, place: int, *, out: bool) -> None:
            super().__init__()
            self.place = place
            self.out = out

    def watch_rows(self) -> None:
        """Other rows."""
        self.rows_changed()

    def row_count(self) -> int:
        """One for each."""
        return len(self.rows)

    def render_row(self, index: int, width: int) -> Content:
        """Its number, what it is, and what is wrong."""
        text, wrong = self.rows[index]
        line = f"{index + 1}  {printable(text)}"
        if wrong:
            return Content.styled(fit(f"✖ {line} ─ {printable(wrong)}", width), "$text-error")
        return Content.assemble(("✔ ", "$text-success"), fit(line, width - 2))

    def open_row(self, index: int) -> None:
        """Changes it again."""
        self.post_message(self.Wanted(index, out=False))

    def action_remove(self) -> None:
        """Takes it out."""
        if self.cursor < len(self.rows):
            self.post_message(self.Wanted(self.cursor, out=True))


class FormStep(WizardStep):
    """The kind of change, its fields, and the other changes of the migration."""

    DEFAULT_CSS = """
    FormStep #which { height: 1; }
    FormStep #which Label { width: 14; padding-right: 1; color: $foreground-muted; text-align: right; }
    FormStep Select { width: 1fr; }
    FormStep #fields { height: auto; margin-top: 1; }
    FormStep #others { height: auto; margin-top: 1; display: none; }
    FormStep EntriesView { height: auto; max-height: 5; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._forms: tuple[ChangeForm, ...] = ()
        self._ground: Ground | None = None
        self._entries: tuple[Entry, ...] = ()
        self._texts: dict[str, dict[str, str]] = {}  # what was filled into each form

    def compose(self) -> ComposeResult:
        """Which change, its fields, the others."""
        yield Static("", id="tables-word", classes="-word")
        with Horizontal(id="which"):
            yield Label("Change")
            options = [(form.label, form.id) for form in TABLE_FORMS]  # until it is known which ones there are
            yield Select[str](options, id="change", compact=True, allow_blank=False)
        yield Vertical(id="fields")
        yield Static("", id="form-wrong", classes="-wrong", markup=False)
        yield FormField(WRITTEN, id="written")
        with Vertical(id="others"):
            yield Static("Changes before it ─ enter opens one, x takes it out", classes="-word")
            yield EntriesView(id="entries")

    # What is filled in

    @property
    def form(self) -> ChangeForm | None:
        """The form that is open."""
        value = self.query_one("#change", Select).value
        return next((form for form in self._forms if form.id == value), None)

    @property
    def fields(self) -> list[FormField]:
        """The fields of that form."""
        return list(self.query_one("#fields").query(FormField))

    @property
    def current(self) -> Entry | None:
        """The change that is being filled in; None while it is empty."""
        form, fields = self.form, self.fields
        if form is None or not any(field.value.strip() for field in fields if not field.spec.choices):
            return None
        return Entry(form.id, tuple((field.spec.name, field.value) for field in fields))

    def collect(self, answers: Answers) -> Answers:
        """All changes, the one being filled in last."""
        current = self.current
        entries = self._entries if current is None else (*self._entries, current)
        python = self.query_one("#written", FormField).value == "Python"
        return answers._replace(entries=entries, written=PYTHON if python else SQL)

    def begin(self) -> None:
        """Begins with the change, or with its first field."""
        fields = self.fields
        if fields:
            fields[0].begin()
        else:
            self.query_one("#change", Select).focus()

    # Drawing

    def show(self, answers: Answers, ground: Ground) -> None:
        """The forms and offers of this database."""
        self._ground = ground
        if answers.kind != FORM:
            return
        forms = forms_for(ground.backend)
        if [form.id for form in forms] != [form.id for form in self._forms]:
            self._forms = forms
            select = self.query_one("#change", Select)
            select.set_options([(form.label, form.id) for form in forms])
            select.value = forms[0].id
            self.call_later(self._open_chosen)
        self.query_one("#written").display = ground.runs_sql
        tell_text(self.query_one("#tables-word", Static), tables_word(ground))
        self._offer()

    def _offer(self) -> None:
        ground, texts = self._ground, {field.spec.name: field.value for field in self.fields}
        tables = (ground.tables or ()) if ground is not None else ()
        for field in self.fields:
            field.offers = offers_of(field.spec, texts, tables)

    def tell(self, found: Drafted, problems: Problems) -> None:
        """Problems of the open form at its fields, those of the others in the list."""
        last = len(self._entries)
        here = [problem for number, problem in problems if number in (last, -1)]
        names = {field.spec.name for field in self.fields}
        tell_fields(self.fields, here, tried=self.tried)
        loose = [problem for problem in here if problem.field not in names]
        tell_wrong(self.query_one("#form-wrong", Static), loose if self.tried or self.current else [])
        wrong = {number: said(problem) for number, problem in reversed(problems)}
        self.query_one("#others").display = bool(self._entries)
        rows = tuple((self._told(entry), wrong.get(number, "")) for number, entry in enumerate(self._entries))
        self.query_one(EntriesView).rows = rows

    def _told(self, entry: Entry) -> str:
        form = next(form for form in self._forms if form.id == entry.form)
        choices = {field.name for field in form.fields if field.choices}
        filled = [text for name, text in entry.texts if text.strip() and name not in choices]
        return f"{form.label}: {' · '.join(filled[:4])}"

    # Changing

    @on(Select.Changed, "#change")
    async def _other_form(self, message: Select.Changed) -> None:
        message.stop()
        await self._open_chosen()

    async def _open_chosen(self) -> None:
        form = self.form
        if form is not None and form.fields != tuple(field.spec for field in self.fields):
            await self._open(form, self._texts.get(form.id, {}))
            if not any(field.control.has_focus for field in self.fields) and self.screen.focused is None:
                self.begin()

    async def _open(self, form: ChangeForm, texts: dict[str, str]) -> None:
        place = self.query_one("#fields")
        await place.remove_children()
        await place.mount_all(FormField(spec, texts.get(spec.name, "")) for spec in form.fields)
        self.tried = False
        self._offer()
        self.post_message(self.Changed())

    @on(FormField.Changed)
    def _changed(self, message: FormField.Changed) -> None:
        message.stop()
        form = self.form
        if form is not None and message.field.id != "written":
            self._texts.setdefault(form.id, {})[message.field.spec.name] = message.field.value
        self._offer()
        self.post_message(self.Changed())

    @on(FormField.Submitted)
    def _submitted(self, message: FormField.Submitted) -> None:
        message.stop()
        if message.field is self.fields[-1]:
            self.post_message(self.Finished())
        else:
            self.screen.focus_next()

    async def add_another(self) -> None:
        """Puts the change that is filled in to the others, and empties the form."""
        current, form = self.current, self.form
        if current is None or form is None:
            return
        self._entries = (*self._entries, current)
        self._texts.pop(form.id, None)
        await self._open(form, {})
        self.query_one("#change", Select).focus()

    @on(EntriesView.Wanted)
    async def _wanted(self, message: EntriesView.Wanted) -> None:
        message.stop()
        entry = self._entries[message.place]
        if not message.out and self.current is not None:
            self.notify("ctrl+g keeps the change that is being filled in; then open this one", severity="warning")
            return
        self._entries = (*self._entries[: message.place], *self._entries[message.place + 1 :])
        if not message.out:
            self._texts[entry.form] = entry.filled
            select = self.query_one("#change", Select)
            select.value = entry.form
            form = self.form
            assert form is not None
            await self._open(form, entry.filled)
            self.begin()
        self.post_message(self.Changed())
