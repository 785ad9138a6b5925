"""The first step: what kind of migration it is to be."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from miger.widgets.choice_view import ChoiceView
from miger.workbench.wizard.answers import KINDS, Answers, Ground
from miger.workbench.wizard.kinds import kind_choices
from miger.workbench.wizard.step import WizardStep


class KindStep(WizardStep):
    """A list of the kinds; those that cannot be written now say why."""

    DEFAULT_CSS = """
    KindStep ChoiceView { height: 6; margin-top: 1; }
    KindStep #kind-word { margin: 1 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(str(number), f"choose({number - 1})", "", show=False) for number in range(1, len(KINDS) + 1)
    ]

    _kind = ""

    def compose(self) -> ComposeResult:
        """The list, and more about the one under the cursor."""
        yield Static("What kind of migration is it to be?", classes="-word")
        yield ChoiceView(id="kinds")
        yield Static("", id="kind-word", classes="-word", markup=False)

    def show(self, answers: Answers, ground: Ground) -> None:
        """The kinds that this database and folder allow."""
        self.query_one(ChoiceView).choices = kind_choices(ground)

    def collect(self, answers: Answers) -> Answers:
        """The one that was chosen."""
        return answers._replace(kind=self._kind)

    def begin(self) -> None:
        """Takes the focus."""
        self.query_one(ChoiceView).focus()

    def take(self) -> None:
        """Chooses the one under the cursor."""
        self.action_choose(self.query_one(ChoiceView).cursor)

    def action_choose(self, place: int) -> None:
        """Chooses a kind and goes on, or says why not."""
        view = self.query_one(ChoiceView)
        if not 0 <= place < len(view.choices):
            return
        choice = view.choices[place]
        view.move_cursor(place)
        if choice.unavailable:
            self.notify(choice.unavailable, title=choice.label, severity="warning", markup=False)
            return
        self._kind = KINDS[place]
        self.post_message(self.Changed())
        self.post_message(self.Finished())

    @on(ChoiceView.Chosen)
    def _chosen(self, message: ChoiceView.Chosen) -> None:
        message.stop()
        self.action_choose(message.place)

    @on(ChoiceView.Highlighted)
    def _highlighted(self, message: ChoiceView.Highlighted) -> None:
        message.stop()
        view = message.view
        if message.place < len(view.choices):
            choice = view.choices[message.place]
            word = f"not now: {choice.unavailable}" if choice.unavailable else choice.effect
            self.query_one("#kind-word", Static).update(f"{choice.label}: {word}")
