"""The third step: which migrations the new one depends on."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from miger.engine.graph import MigrationGraph
from miger.engine.words import counted
from miger.widgets.parents_view import ParentsView
from miger.workbench.wizard.answers import Answers, Ground
from miger.workbench.wizard.drafting import Drafted
from miger.workbench.wizard.step import Problems, WizardStep, said, tell_text


class ParentsFilter(Input):
    """The line that filters the list below it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "to_list", "To the list", show=False)]

    def action_to_list(self) -> None:
        """Goes to the list."""
        self.screen.query_one(ParentsView).focus()


class ParentsStep(WizardStep):
    """A list of all migrations, the newest first; the heads are chosen to begin with."""

    DEFAULT_CSS = """
    ParentsStep { overflow-y: hidden; }
    ParentsStep Input { background: $panel; width: 1fr; }
    ParentsStep Input:focus { background: $primary 25%; }
    ParentsStep ParentsView { height: 1fr; min-height: 3; margin: 1 0; }
    ParentsStep #parents-word.-wrong { display: block; }
    """

    _chosen: tuple[str, ...] | None = None
    _graph: MigrationGraph | None = None

    def compose(self) -> ComposeResult:
        """A filter, the list, and what was chosen."""
        yield ParentsFilter(placeholder="a part of the name", compact=True, id="parents-filter")
        yield ParentsView(id="parents")
        yield Static("", id="parents-word", classes="-word", markup=False)

    def show(self, answers: Answers, ground: Ground) -> None:
        """The migrations of the folder as it is now."""
        graph = ground.graph
        if graph is self._graph:
            return
        self._graph = graph
        view = self.query_one(ParentsView)
        view.heads = frozenset(graph.heads)
        if self._chosen is None:
            self._choose(graph.heads)
        self._list()

    def _list(self) -> None:
        """Those that fit the filter, the newest first."""
        if self._graph is None:
            return
        word = self.query_one(Input).value.strip().casefold()
        newest = reversed(self._graph.order)
        self.query_one(ParentsView).ids = tuple(id for id in newest if word in id.casefold())

    def _choose(self, ids: tuple[str, ...]) -> None:
        self._chosen = ids
        self.query_one(ParentsView).marked = ids

    def collect(self, answers: Answers) -> Answers:
        """Those that are chosen."""
        return answers._replace(parents=self._chosen or ())

    def begin(self) -> None:
        """Begins with the list."""
        self.query_one(ParentsView).focus()

    def tell(self, found: Drafted, problems: Problems) -> None:
        """What is chosen, or what is wrong with it."""
        word = self.query_one("#parents-word", Static)
        word.set_class(bool(problems), "-wrong")
        if problems:
            tell_text(word, "\n".join(f"✖ {said(problem)}" for _, problem in problems))
        elif not self._chosen:
            tell_text(word, "no parent: the migration is a root, and runs before or after any other")
        else:
            tell_text(word, f"{counted(len(self._chosen), 'parent')} · space chooses, or takes that back")

    @on(ParentsView.Toggled)
    def _toggled(self, message: ParentsView.Toggled) -> None:
        message.stop()
        chosen = self._chosen or ()
        id = message.migration
        self._choose(tuple(other for other in chosen if other != id) if id in chosen else (*chosen, id))
        self.post_message(self.Changed())

    @on(Input.Changed)
    def _filter(self, message: Input.Changed) -> None:
        message.stop()
        self._list()

    @on(Input.Submitted)
    def _filtered(self, message: Input.Submitted) -> None:
        message.stop()
        self.begin()
