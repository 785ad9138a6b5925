"""The second step: what the migration is called, and to which release it belongs."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from miger.engine.errors import MigerError
from miger.scaffold import merge_draft
from miger.widgets.form_field import FieldSpec, FormField
from miger.workbench.wizard.answers import MERGE, PYTHON, SQL, Answers, Ground
from miger.workbench.wizard.drafting import Drafted
from miger.workbench.wizard.step import Problems, WizardStep, tell_text

NONE, INSIDE, OUTSIDE = "none", "yes", "no"
FIELDS = (
    FieldSpec("name", "Name", "what it does: add_user_email"),
    FieldSpec("title", "Title", "the first line of the file; may be empty"),
    FieldSpec("phase", "Phase", choices=(NONE, "expand", "contract")),
    FieldSpec("release", "Release", "v2, if it belongs to one"),
    FieldSpec("transaction", "Transaction", choices=(INSIDE, OUTSIDE)),
)


class NameStep(WizardStep):
    """Name and what goes into the metadata; the id that comes of it is shown while it is typed."""

    DEFAULT_CSS = """
    NameStep FormField { margin-bottom: 1; }
    NameStep #id { margin: 0 0 0 14; }
    """

    _offered = ""  # the name that the wizard itself has put there

    def compose(self) -> ComposeResult:
        """The fields, and the file's name."""
        for spec in FIELDS:
            yield FormField(spec, id=f"name-{spec.name}")
        yield Static("", id="id", classes="-word", markup=False)

    def field(self, name: str) -> FormField:
        """A field by its name."""
        return self.query_one(f"#name-{name}", FormField)

    def show(self, answers: Answers, ground: Ground) -> None:
        """What fits the kind: a merge has a usual name, and only what is written by hand says how it runs."""
        self.field("transaction").display = answers.kind in (SQL, PYTHON)
        typed = self.field("name").value
        if answers.kind == MERGE and not typed:
            try:
                self._offered = merge_draft(ground.graph).name
            except MigerError:
                return
            self.field("name").value = self._offered
        elif answers.kind != MERGE and typed and typed == self._offered:
            self.field("name").value = self._offered = ""

    def collect(self, answers: Answers) -> Answers:
        """What is filled in."""
        phase = self.field("phase").value
        return answers._replace(
            name=self.field("name").value,
            title=self.field("title").value,
            phase="" if phase == NONE else phase,
            release=self.field("release").value,
            transaction=self.field("transaction").value == INSIDE,
        )

    @property
    def typed(self) -> bool:
        """Whether a person has filled in anything."""
        name = self.field("name").value
        return bool((name and name != self._offered) or self.field("title").value or self.field("release").value)

    def begin(self) -> None:
        """Begins with the name."""
        self.field("name").begin()

    def tell(self, found: Drafted, problems: Problems) -> None:
        """What is wrong, or else the file that it will be."""
        super().tell(found, problems)
        outside = self.field("transaction").value == OUTSIDE
        self.field("transaction").note = "each statement is committed by itself" if outside else ""
        wrong = any(problem.field == "name" for _, problem in problems)
        word = self.query_one("#id", Static)
        tell_text(word, "" if wrong else f"→ {found.id}.{found.draft.suffix}")

    @on(FormField.Changed)
    def _changed(self, message: FormField.Changed) -> None:
        message.stop()
        self.post_message(self.Changed())

    @on(FormField.Submitted)
    def _submitted(self, message: FormField.Submitted) -> None:
        message.stop()
        self.post_message(self.Finished())
