"""What the steps of the wizard share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from miger.scaffold import FieldProblem
from miger.widgets.form_field import FormField
from miger.widgets.words import printable
from miger.workbench.wizard.answers import Answers, Ground
from miger.workbench.wizard.drafting import Drafted

Problems = Sequence[tuple[int, FieldProblem]]


class WizardStep(VerticalScroll, can_focus=False):
    """A step: it shows the ground, adds what is filled in to the answers, and says what is wrong at the fields."""

    DEFAULT_CSS = """
    WizardStep { height: 1fr; background: $surface; padding: 0 1; scrollbar-size-vertical: 1; }
    WizardStep .-word { height: auto; width: 1fr; color: $foreground-muted; }
    WizardStep .-wrong { height: auto; width: 1fr; color: $text-error; display: none; }
    """

    tried = False  # whether a person wanted to go on: then what is empty is wrong, too

    class Changed(Message):
        """Something was filled in."""

    class Finished(Message):
        """A person wants to go on to the next step."""

    def show(self, answers: Answers, ground: Ground) -> None:
        """Draws what is known."""

    def collect(self, answers: Answers) -> Answers:
        """The answers with those of this step."""
        return answers

    def begin(self) -> None:
        """Takes the focus."""

    def tell(self, found: Drafted, problems: Problems) -> None:
        """Says what is wrong with this step, at its fields."""
        tell_fields(self.query(FormField), [problem for _, problem in problems], tried=self.tried)

    def show_wrong(self) -> None:
        """Takes the focus to the first field that is wrong."""
        for field in self.query(FormField):
            if field.problem:
                field.begin()
                return


def tell_fields(fields: Iterable[FormField], problems: Sequence[FieldProblem], *, tried: bool) -> None:
    """Puts each problem to its field. An empty field is not wrong before a person wants to go on."""
    for field in fields:
        found = next((problem for problem in problems if problem.field == field.spec.name), None)
        shown = found is not None and (tried or (bool(field.value.strip()) and not field.spec.choices))
        field.problem = said(found) if found is not None and shown else ""


def said(problem: FieldProblem) -> str:
    """A problem on one line."""
    return f"{problem.message}: {problem.hint}" if problem.hint else problem.message


def tell_wrong(static: Static, problems: Sequence[FieldProblem]) -> None:
    """Problems that have no field of their own."""
    static.display = bool(problems)
    tell_text(static, "\n".join(f"✖ {printable(said(problem))}" for problem in problems))


def tell_text(static: Static, text: str | Content) -> None:
    """Another text, if it is another one: each makes the screen be laid out anew."""
    if static.content != text:
        static.update(text)
