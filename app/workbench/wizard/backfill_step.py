"""The content of a backfill."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from miger.widgets.form_field import FieldSpec, FormField
from miger.workbench.wizard.answers import BACKFILL, Answers, Entry, Ground
from miger.workbench.wizard.backfills import fields_for
from miger.workbench.wizard.change_forms import offers_of
from miger.workbench.wizard.drafting import Drafted
from miger.workbench.wizard.step import Problems, WizardStep, tell_text, tell_wrong
from miger.workbench.wizard.tables_word import tables_word


class BackfillStep(WizardStep):
    """Which rows or documents get which values, and how many at a time."""

    DEFAULT_CSS = """
    BackfillStep #backfill-fields { height: auto; margin-top: 1; }
    """

    _specs: tuple[FieldSpec, ...] = ()
    _ground: Ground | None = None

    def compose(self) -> ComposeResult:
        """The fields."""
        yield Static("", id="backfill-tables", classes="-word")
        yield Vertical(id="backfill-fields")
        yield Static("", id="backfill-wrong", classes="-wrong", markup=False)

    @property
    def fields(self) -> list[FormField]:
        """The fields."""
        return list(self.query(FormField))

    def show(self, answers: Answers, ground: Ground) -> None:
        """The fields and offers of this database."""
        self._ground = ground
        specs = fields_for(ground.backend)
        if specs != self._specs:
            self._specs = specs
            place = self.query_one("#backfill-fields")
            place.remove_children()
            place.mount_all(FormField(spec) for spec in specs)
        tell_text(self.query_one("#backfill-tables", Static), tables_word(ground))
        self._offer()

    def _offer(self) -> None:
        ground, texts = self._ground, {field.spec.name: field.value for field in self.fields}
        tables = (ground.tables or ()) if ground is not None else ()
        for field in self.fields:
            field.offers = offers_of(field.spec, texts, tables)

    def collect(self, answers: Answers) -> Answers:
        """What is filled in."""
        texts = tuple((field.spec.name, field.value) for field in self.fields)
        return answers._replace(backfill=Entry(BACKFILL, texts))

    def begin(self) -> None:
        """Begins with the table."""
        if self.fields:
            self.fields[0].begin()

    def tell(self, found: Drafted, problems: Problems) -> None:
        """Problems at their fields."""
        super().tell(found, problems)
        names = {field.spec.name for field in self.fields}
        loose = [problem for _, problem in problems if problem.field not in names]
        tell_wrong(self.query_one("#backfill-wrong", Static), loose if self.tried else [])

    @on(FormField.Changed)
    def _changed(self, message: FormField.Changed) -> None:
        message.stop()
        self._offer()
        self.post_message(self.Changed())

    @on(FormField.Submitted)
    def _submitted(self, message: FormField.Submitted) -> None:
        message.stop()
        if message.field is self.fields[-1]:
            self.post_message(self.Finished())
        else:
            self.screen.focus_next()
