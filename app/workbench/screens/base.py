"""What all screens share: actions by their keys, the line at the top and the one at the bottom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.css.query import NoMatches
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from miger.engine.events import Event
from miger.engine.words import counted
from miger.widgets.key_bar import KeyBar, KeyHint
from miger.widgets.log_entry import LogEntry
from miger.widgets.title_bar import Place, TitleBar
from miger.workbench.actions import Action, Context, footer_of, shown_key
from miger.workbench.situation import Situation

if TYPE_CHECKING:
    from miger.project import Project
    from miger.workbench.app import Workbench

Result = TypeVar("Result")


class KeyGroup(NamedTuple):
    """Keys under one heading, as the help lists them."""

    name: str
    hints: tuple[KeyHint, ...]


class Acting(Screen[Result]):
    """A screen whose keys are `ACTIONS`: an action `id` is done by the method `do_id`.

    Subclasses set `BINDINGS = bindings_of(ACTIONS)`.
    """

    ACTIONS: ClassVar[Sequence[Action]] = ()

    @property
    def workbench(self) -> Workbench:
        """The app."""
        return cast("Workbench", self.app)

    @property
    def situation(self) -> Situation:
        """All that is known now."""
        return self.workbench.situation

    @property
    def is_open(self) -> bool:
        """Whether it can still be drawn: an answer may come while the screen is being taken away."""
        return not self.workbench.ending and self in self.app.screen_stack and self.display

    async def ask_engine(self, call: Callable[[Project], Any]) -> Any:
        """What `call` returns of the project, from a thread. Raises MigerError.

        The task that waits for it ends here where this screen has been left meanwhile.
        """
        try:
            return await self.workbench.ask_engine(call)
        finally:
            if not self.is_open:
                raise asyncio.CancelledError

    def context(self) -> Context:
        """What an action pressed now would be about."""
        return Context(self.situation)

    def action_act(self, id: str) -> None:
        """Does the action, or says why it can't be done now."""
        action = next(action for action in self.ACTIONS if action.id == id)
        if why := action.why_not(self.context()):
            self.notify(why, title=action.label, severity="warning", markup=False)
            return
        getattr(self, f"do_{id}")()

    @on(KeyBar.Pressed)
    def _press(self, message: KeyBar.Pressed) -> None:
        message.stop()
        self.action_act(message.id)

    def show(self, situation: Situation) -> None:
        """Draws what is known now. Called at the start and whenever it has changed."""

    def show_events(self, events: Sequence[Event]) -> None:
        """Draws what this workbench's own run has done since the last call."""

    def show_entries(self, entries: Sequence[LogEntry]) -> None:
        """Draws new entries of the log."""

    def help_groups(self) -> list[KeyGroup]:
        """The keys for the help, those of the focused pane first."""
        groups: dict[str, list[KeyHint]] = {}
        context = self.context()
        for action in self.ACTIONS:
            if not action.help:
                continue
            keys = " ".join(map(shown_key, action.keys))
            groups.setdefault(action.group, []).append(
                KeyHint(action.id, keys, action.help, not action.why_not(context))
            )
        return [*self.pane_keys(), *(KeyGroup(name, tuple(hints)) for name, hints in groups.items())]

    def pane_keys(self) -> list[KeyGroup]:
        """The keys of the focused widget itself, those with a description."""
        widget = self.focused
        if widget is None:
            return []
        found: dict[str, list[str]] = {}
        seen: set[str] = set()
        for binding in (binding for kind in type(widget).__mro__ for binding in _own_bindings(kind)):
            keys = [key for key in binding.key.split(",") if key not in seen]
            seen.update(keys)
            if binding.description and keys:
                found.setdefault(binding.description, []).extend(map(shown_key, keys))
        hints = tuple(KeyHint("", " ".join(keys), description) for description, keys in found.items())
        return [KeyGroup(f"In the pane {widget.id}" if widget.id else "In this pane", hints)] if hints else []

    def refresh_all(self) -> None:
        """Draws everything from what is known now."""
        if self.is_mounted:
            self.show(self.situation)
            self.show_keys()

    def show_keys(self) -> None:
        """Brings the line at the bottom up to date."""
        try:
            bar = self.query_one(KeyBar)
        except NoMatches:  # not composed yet
            return
        bar.hints = tuple(
            KeyHint(action.id, action.key, action.label, enabled)
            for action, enabled in footer_of(self.ACTIONS, self.context())
        )

    # What every screen can do

    def do_quit(self) -> None:
        """Leaves the workbench."""
        self.workbench.leave()

    def do_back(self) -> None:
        """Back to the screen before."""
        self.dismiss()

    def do_keys(self) -> None:
        """Lists the keys."""
        self.workbench.show_help()

    def do_palette(self) -> None:
        """Opens the list of commands."""
        self.app.action_command_palette()

    def do_theme(self) -> None:
        """Goes on to the next theme."""
        self.workbench.next_theme()


class WorkScreen(Acting[Result]):
    """A screen of full size: title, content (`compose_content`), keys."""

    def compose(self) -> ComposeResult:
        """Title, content, keys."""
        yield TitleBar()
        yield from self.compose_content()
        yield KeyBar()

    def compose_content(self) -> ComposeResult:
        """What is between the title and the keys."""
        yield from ()

    def on_mount(self) -> None:
        """Draws what is known."""
        self._tick()
        self.set_interval(1, self._tick)
        self.refresh_all()

    def on_screen_resume(self) -> None:
        """Draws what has changed while another screen was in front."""
        self.refresh_all()

    def refresh_all(self) -> None:
        """Draws everything, the title too."""
        if self.is_mounted:
            self.query_one(TitleBar).place = place_of(self.situation)
        super().refresh_all()

    def _tick(self) -> None:
        self.query_one(TitleBar).time = self.workbench.clock().strftime("%H:%M:%S")


class Modal(Acting[Result], ModalScreen[Result]):
    """A question in front of everything. It heeds no key for its first moment: a person may still be typing.

    `FIRST` is the selector of what gets the focus then; it must be what does nothing (Cancel).
    """

    AUTO_FOCUS = ""
    FIRST: ClassVar[str] = ""

    def on_mount(self) -> None:
        """Shuts the keys out for a moment."""
        self.opened = time.monotonic()
        self.heeding = False
        self.set_timer(max(self.workbench.guard, 0.01), self._heed)
        self.show(self.situation)
        self.show_keys()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key does anything in the first moment."""
        return self.heeding if self.is_mounted else False

    @property
    def focus_chain(self) -> list[Widget]:
        """Nor does tab lead anywhere then."""
        return super().focus_chain if self.is_mounted and self.heeding else []

    def _heed(self) -> None:
        self.heeding = True
        if self.FIRST:
            self.query_one(self.FIRST).focus()


def _own_bindings(kind: type) -> list[Binding]:
    """The bindings that a widget of ours declares itself. Those of Textual's base classes are not for people."""
    if not kind.__module__.startswith("miger."):
        return []
    return [binding for binding in vars(kind).get("BINDINGS", ()) if isinstance(binding, Binding)]


def place_of(situation: Situation) -> Place:
    """What the line at the top tells."""
    environment = situation.environment
    notes = ["READ-ONLY"] if environment.read_only else []
    if situation.own_run is not None:
        notes.append("STOPPING" if situation.own_run.stopping else "RUNNING")
    notes += ["CONFIG BROKEN"] if situation.config_error is not None else []
    notes += ["UNREACHABLE"] if situation.trouble is not None else []
    notes += [counted(len(situation.problems), "BAD FILE", "BAD FILES")] if situation.problems else []
    return Place(
        project=situation.config.name,
        environment=environment.name,
        protected=environment.protected,
        server=situation.server or situation.backend,
        summary=situation.summary,
        alarm=bool(situation.ids("dirty", "modified", "missing")),
        notes=tuple(notes),
    )
