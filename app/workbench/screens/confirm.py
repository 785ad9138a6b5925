"""The question before anything is run: Cancel has the focus, and what runs it is another key than the one before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Label, Static

from miger.widgets.key_bar import KeyBar
from miger.widgets.tick_box import TickBox
from miger.widgets.words import printable
from miger.workbench.actions import BACK, KEYS, RUN, Action, Context, bindings_of
from miger.workbench.question import Fact, Question
from miger.workbench.screens.base import Modal

GLYPHS = {"plain": "○", "good": "✔", "muted": "…", "warning": "!", "error": "✖"}
STYLES = {
    "plain": "",
    "good": "$text-success",
    "muted": "$text-muted",
    "warning": "$text-warning",
    "error": "$text-error",
}
UNREAD, UNNAMED = "agree to the dangers first: A, or tab and space", "type the name of the environment first"

UNTICKED, TICKED = (
    "not agreed yet: I know the dangers listed above (A)",
    "✔ agreed: I know the dangers listed above (A)",
)

CONFIRM_ACTIONS: tuple[Action, ...] = (
    Action("run", ("R",), "run it", "Do what the question says.", RUN, 2, lambda context: context.phase),
    Action("agree", ("A",), "I know the dangers", "Agree to the dangers that are listed, or take it back.", RUN, 1,
           offered=lambda context: context.pane == "dangers"),
    BACK._replace(keys=("escape", "q"), label="cancel", help="Do nothing."),
    KEYS,
)  # fmt: skip


class Agreed(NamedTuple):
    """A person's yes; `name` is what was typed where that was asked for, else None."""

    name: str | None = None


class ConfirmModal(Modal[Agreed | None]):
    """Asks a `Question`; gives None unless a person has said yes in every way that it asks for."""

    ACTIONS: ClassVar = CONFIRM_ACTIONS
    BINDINGS: ClassVar = bindings_of(CONFIRM_ACTIONS)
    FIRST: ClassVar = "#cancel"
    DEFAULT_CSS = """
    ConfirmModal { align: center middle; }
    ConfirmModal #box {
        width: 90%; max-width: 100; height: auto; max-height: 95%;
        border: round $border; background: $surface; border-title-color: $foreground; border-title-style: bold;
    }
    ConfirmModal.-protected #box { border: heavy $error; }
    ConfirmModal #facts { height: auto; max-height: 1fr; padding: 0 1; }
    ConfirmModal #facts:focus { background-tint: $foreground 4%; }
    ConfirmModal #facts Static { height: auto; }
    ConfirmModal .ask { height: auto; padding: 0 1; margin-top: 1; }
    ConfirmModal .ask Input { width: 1fr; background: $panel; }
    ConfirmModal #buttons { height: 1; margin: 1 1; }
    ConfirmModal #buttons Button { margin-right: 2; }
    ConfirmModal.-short #buttons { margin: 0 1; }
    ConfirmModal.-short .ask { margin-top: 0; }
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        """Facts, dangers, what has to be ticked and typed, and the buttons."""
        question = self.question
        with Vertical(id="box"):
            with VerticalScroll(id="facts"):
                yield Static(_content(question.facts))
                if question.dangers:
                    yield Static(Content.assemble("\n", _content(question.dangers)))
            if question.dangers:
                with Vertical(classes="ask"):
                    yield TickBox(UNTICKED, id="agree", compact=True)
            if question.name:
                with Vertical(classes="ask"):
                    yield Label(Content.assemble("Protected. Press tab and type ", (question.name, "bold"), ":"))
                    yield Input(id="name", compact=True, placeholder="the environment's name")
                    yield Label("", id="name-word")
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(Content(question.verb), id="run", compact=True, variant="error")
            yield KeyBar()

    def on_mount(self) -> None:
        """Everything that is asked for is still to be given."""
        box = self.query_one("#box")
        box.border_title = Content(printable(self.question.title)).markup
        self.set_class(bool(self.question.name), "-protected")
        self.set_class(self.app.size.height < 30, "-short")
        self._judge()
        super().on_mount()
        self.call_after_refresh(self._skip_facts)

    def _skip_facts(self) -> None:
        """Tab stops at the facts only where not all of them are in sight."""
        facts = self.query_one("#facts", VerticalScroll)
        facts.can_focus = facts.max_scroll_y > 0

    # What has been given

    @property
    def lacking(self) -> str:
        """What is still to be done before it may run; "" for nothing."""
        if not self.is_mounted or not self.heeding:
            return "not yet"
        if self.question.dangers and not self.query_one("#agree", Checkbox).value:
            return UNREAD
        if self.question.name and self.query_one("#name", Input).value != self.question.name:
            return UNNAMED
        return ""

    def context(self) -> Context:
        """What is lacking, and whether there are dangers to agree to."""
        return Context(self.situation, pane="dangers" if self.question.dangers else "", phase=self.lacking)

    @on(Checkbox.Changed)
    @on(Input.Changed)
    def _judge(self) -> None:
        self.query_one("#run", Button).disabled = bool(self.lacking)
        if self.question.dangers:  # the tick's colour alone would tell too little
            tick = self.query_one("#agree", Checkbox)
            tick.label = Content(TICKED if tick.value else UNTICKED)
        if self.question.name:
            typed = self.query_one("#name", Input).value
            right = typed == self.question.name
            word = ("✔ that is its name", "$text-success") if right else ("≠ that is not its name", "$text-warning")
            self.query_one("#name-word", Label).update(Content.styled(*word) if typed else "")
        self.show_keys()

    def _heed(self) -> None:
        super()._heed()
        self._judge()

    # Acting

    def do_agree(self) -> None:
        """Ticks the dangers, or takes that back."""
        if self.question.dangers:
            self.query_one("#agree", Checkbox).toggle()

    def do_run(self) -> None:
        """Says yes."""
        self.dismiss(Agreed(self.question.name or None))

    def do_back(self) -> None:
        """Says no."""
        self.dismiss(None)

    @on(Input.Submitted)
    def _typed(self) -> None:
        """Goes on to the button: enter in the line runs nothing."""
        if self.lacking:
            self.notify(self.lacking, severity="warning")
        else:
            self.query_one("#run", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, message: Button.Pressed) -> None:
        message.stop()
        if message.button.id == "cancel":
            self.do_back()
        elif self.heeding:
            self.action_act("run")


def _content(facts: Iterable[Fact]) -> Content:
    lines: list[Content] = []
    for fact in facts:
        lines.append(Content.styled(f"{GLYPHS[fact.tone]} {_told(fact)}", STYLES[fact.tone]))
        lines += [Content.styled(f"  → {printable(fact.advice)}", "$text-muted")] if fact.advice else []
    return Content("\n").join(lines)


def _told(fact: Fact) -> str:
    """Its text, with a word where the sign alone would have to tell."""
    word = {"error": "danger: ", "warning": "note: "}.get(fact.tone, "")
    return f"{word}{printable(fact.text)}"
