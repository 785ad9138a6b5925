"""The last step: what stands against the file, and a dry run of it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from miger.engine.errors import MigerError
from miger.engine.preview.values import Preview
from miger.widgets.preview_view import PreviewView
from miger.widgets.words import printable
from miger.workbench.wizard.answers import LABELS
from miger.workbench.wizard.drafting import Drafted
from miger.workbench.wizard.step import Problems, WizardStep, said, tell_text


class ReviewStep(WizardStep):
    """Problems and notes above, the dry run below."""

    DEFAULT_CSS = """
    ReviewStep { overflow-y: hidden; padding: 0; }
    ReviewStep #review-word { height: auto; max-height: 40%; padding: 0 1; }
    ReviewStep PreviewView { height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        """A word, and the dry run."""
        yield Static("", id="review-word")
        yield PreviewView(id="trial")

    @property
    def view(self) -> PreviewView:
        """The dry run."""
        return self.query_one(PreviewView)

    def begin(self) -> None:
        """The focus is on a button here."""

    def tell(self, found: Drafted, problems: Problems) -> None:
        """All that stands against the file, of every step; then what is to know."""
        lines = [
            Content.styled(f"✖ {LABELS[step]}: {printable(said(problem))}", "$text-error")
            for step, _, problem in found.problems
        ]
        if not lines:
            lines = [Content.styled(f"✔ w writes {found.id}.{found.draft.suffix}; nothing is run", "$text-success")]
        lines += [Content.styled(f"! loses {printable(loss)}", "$text-warning") for loss in found.losses]
        lines += [Content.styled(f"! {printable(note)}", "$text-warning") for note in found.notes]
        tell_text(self.query_one("#review-word", Static), Content("\n").join(lines))

    def show_trial(self, preview: Preview) -> None:
        """The dry run that was made."""
        self.view.show(preview)

    def show_trouble(self, error: MigerError) -> None:
        """Why there is none."""
        hint = f"{error.hint}; the file can be written all the same" if error.hint else "it can be written all the same"
        self.view.show_problem(f"There is no dry run: {error.message}", hint)
