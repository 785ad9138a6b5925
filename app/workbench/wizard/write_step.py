"""The content of a migration that is written by hand: up, verify, down."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Label, Static, TextArea

from miger.scaffold import FieldProblem
from miger.workbench.wizard.answers import PYTHON, Answers, Ground
from miger.workbench.wizard.drafting import Drafted
from miger.workbench.wizard.step import Problems, WizardStep, tell_wrong

WORDS = {
    "up": "up ─ what it does",
    "verify": "verify ─ fails where the change is missing",
    "down": "down ─ the way back; empty: there is none",
}
EXAMPLES = {
    "sql": ("ALTER TABLE users ADD COLUMN email text;", "SELECT email FROM users LIMIT 0;",
            "ALTER TABLE users DROP COLUMN email;"),
    "python": ('db.execute("UPDATE …")', "return db.execute(…).scalar() == 0", "the body of down(db), not indented"),
    "mongodb": ('db["users"].update_many(…)', 'return db["users"].count_documents(…) == 0',
                "the body of down(db), not indented"),
}  # fmt: skip


class WriteStep(WizardStep):
    """An editor for each section."""

    DEFAULT_CSS = """
    WriteStep { overflow-y: hidden; }
    WriteStep .-section { height: 1fr; min-height: 3; }
    WriteStep #section-up { height: 2fr; }
    WriteStep Label { color: $foreground-muted; }
    WriteStep .-section.-at Label { color: $foreground; text-style: bold; }
    WriteStep TextArea { height: 1fr; background: $panel; border: none; padding: 0 1; }
    """

    def compose(self) -> ComposeResult:
        """The three editors."""
        for name, word in WORDS.items():
            with Vertical(id=f"section-{name}", classes="-section"):
                yield Label(word)
                yield TextArea(id=f"text-{name}", compact=True, tab_behavior="focus")
                yield Static("", id=f"wrong-{name}", classes="-wrong", markup=False)

    def area(self, name: str) -> TextArea:
        """The editor of a section."""
        return self.query_one(f"#text-{name}", TextArea)

    def show(self, answers: Answers, ground: Ground) -> None:
        """Examples in the language that it is written in."""
        kind = "mongodb" if not ground.runs_sql else "python" if answers.kind == PYTHON else "sql"
        for name, example in zip(WORDS, EXAMPLES[kind], strict=True):
            self.area(name).placeholder = example

    def collect(self, answers: Answers) -> Answers:
        """What is written."""
        return answers._replace(up=self.area("up").text, verify=self.area("verify").text, down=self.area("down").text)

    def begin(self) -> None:
        """Begins with up."""
        self.area("up").focus()

    def tell(self, found: Drafted, problems: Problems) -> None:
        """Each problem below its section."""
        for name in WORDS:
            wrong = [problem for _, problem in problems if _place(problem) == name]
            tell_wrong(self.query_one(f"#wrong-{name}", Static), wrong)

    @property
    def section(self) -> str:
        """The section that is being written: what has the focus, or up."""
        return next((name for name in WORDS if self.area(name).has_focus), "up")

    def on_descendant_focus(self) -> None:
        """Marks the section that is being written."""
        for name in WORDS:
            self.query_one(f"#section-{name}").set_class(self.area(name).has_focus, "-at")

    @on(TextArea.Changed)
    def _changed(self, message: TextArea.Changed) -> None:
        message.stop()
        self.post_message(self.Changed())


def _place(problem: FieldProblem) -> str:
    return problem.field if problem.field in WORDS else "up"
