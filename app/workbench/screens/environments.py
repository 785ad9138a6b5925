"""The environments of miger.toml: which there are, which answer, and going on with another."""

from __future__ import annotations

import time
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from miger.engine.config import Config
from miger.engine.errors import ConfigError, MigerError
from miger.engine.words import counted
from miger.widgets.environment_rows import ASKING, FAILED, REACHED, UNRESOLVED, EnvironmentRow
from miger.widgets.environments_view import EnvironmentsHead, EnvironmentsView
from miger.widgets.rows_view import RowsView
from miger.widgets.text_view import TextLine, TextView, plain_lines
from miger.widgets.words import as_title
from miger.workbench.actions import APP, BACK, KEYS, LOOK, PALETTE, Action, Context, bindings_of
from miger.workbench.probe import answered, ask, failed, sketch
from miger.workbench.screens.base import WorkScreen
from miger.workbench.situation import Situation
from miger.workbench.threads import in_thread


def _switch(context: Context) -> str:
    own_run = context.situation.own_run
    return f"{own_run.title} is still running: ctrl+c stops it" if own_run is not None else ""


ENVIRONMENT_ACTIONS: tuple[Action, ...] = (
    Action("switch", ("enter",), "switch", "Go on with the environment under the cursor.", APP, 1, _switch),
    Action("test", ("t",), "test connection", "Connect to this environment again, and tell how long it took.", LOOK, 2),
    Action("refresh", ("r",), "test all", "Ask all environments again.", LOOK, 3),
    PALETTE,
    BACK,
    KEYS,
)


class EnvironmentsScreen(WorkScreen[None]):
    """All environments; each is asked in a thread of its own, so that a slow one keeps nobody waiting."""

    ACTIONS: ClassVar = ENVIRONMENT_ACTIONS
    BINDINGS: ClassVar = bindings_of(action for action in ENVIRONMENT_ACTIONS if action.id != "switch")
    DEFAULT_CSS = """
    EnvironmentsScreen #frame {
        border: round $border;
        border-title-color: $foreground;
        background: $surface;
        height: 1fr;
    }
    EnvironmentsScreen #about {
        border: round $border-blurred;
        border-title-color: $text-muted;
        height: 11;
    }
    EnvironmentsScreen #about:focus { border: round $border; border-title-color: $foreground; }
    """

    def compose_content(self) -> ComposeResult:
        """The list under its head, and all about the one of the cursor."""
        with Vertical(id="frame"):
            yield EnvironmentsHead()
            yield EnvironmentsView(id="environments")
        yield TextView(id="about")

    def on_mount(self) -> None:
        """Begins with what miger.toml says, the cursor on the current one."""
        self._config: Config = self.situation.config
        self._current = self.situation.environment.name
        self._rows: dict[str, EnvironmentRow] = {}
        self._asked: dict[str, float] = {}  # when, by the monotonic clock; who is asked again is asked at another time
        view = self.query_one(EnvironmentsView)
        view.focus()
        self._begin()
        names = list(self._rows)
        view.cursor = names.index(self._current) if self._current in names else 0
        self.set_interval(1, self._show_waiting)
        super().on_mount()

    def show(self, situation: Situation) -> None:
        """Begins anew where miger.toml has changed."""
        current = situation.environment.name
        if situation.config != self._config or current != self._current:
            self._config, self._current = situation.config, current
            self._begin()

    def _begin(self) -> None:
        self._rows = {name: sketch(self._config, name, self._current) for name in self._config.names}
        self._show_rows()
        self._ask_all()

    # Asking

    def _ask_all(self) -> None:
        for name in self._rows:
            self._ask_one(name)

    def _ask_one(self, name: str) -> None:
        row = sketch(self._config, name, self._current)
        self._put(row)
        if row.reach != UNRESOLVED:
            self._asked[name] = time.monotonic()
            self._ask(name, self._asked[name])

    @work(group="ask")
    async def _ask(self, name: str, asked: float) -> None:
        config, graph = self._config, self.situation.graph
        answer, error = None, None
        try:
            answer = await in_thread(lambda: ask(config, name, graph), f"miger-ask-{name}")
        except MigerError as raised:
            error = raised
        if not self.is_open or self._asked.get(name) != asked or config is not self._config:
            return  # it was asked again meanwhile, or is another one
        del self._asked[name]
        row = self._rows[name]
        if answer is not None:
            self._put(answered(row, answer))
        elif error is not None:
            self._put(failed(row, error, config)._replace(ms=(time.monotonic() - asked) * 1000))

    def _show_waiting(self) -> None:
        now = time.monotonic()
        for name, asked in self._asked.items():
            self._rows[name] = self._rows[name]._replace(ms=(now - asked) * 1000)
        if self._asked:
            self._show_rows()

    # Drawing

    def _put(self, row: EnvironmentRow) -> None:
        self._rows[row.name] = row
        self._show_rows()

    def _show_rows(self) -> None:
        rows = tuple(self._rows.values())
        self.query_one(EnvironmentsView).rows = rows
        reached = sum(row.reach == REACHED for row in rows)
        waiting = sum(row.reach == ASKING for row in rows)
        told = f"{reached} of {counted(len(rows), 'environment')} reachable" + (
            f", asking {waiting}" if waiting else ""
        )
        self.query_one("#frame").border_title = f"Environments ─ {told}"
        self._show_about()

    @on(EnvironmentsView.Highlighted)
    def _other_environment(self) -> None:
        self._show_about()

    def _show_about(self) -> None:
        row = self.query_one(EnvironmentsView).selected
        about = self.query_one(TextView)
        if row is None:
            return
        about.border_title = as_title(row.name)
        lines = _about(row)
        if lines != about.lines:
            about.lines = lines

    # Keys

    @on(EnvironmentsView.Chosen)
    def _chosen(self) -> None:
        self.action_act("switch")

    def do_switch(self) -> None:
        """Goes on with the environment under the cursor, and back to the screen before."""
        row = self.query_one(EnvironmentsView).selected
        if row is None:
            return
        if row.name == self._current:
            self.do_back()
            return
        try:
            self.workbench.switch(row.name)
        except ConfigError as error:
            self.workbench.tell(error, title=f"{row.name} cannot be switched to")
            return
        self.notify(f"now on {row.name}", title="environment", timeout=3, markup=False)
        self.do_back()

    def do_test(self) -> None:
        """Connects again."""
        row = self.query_one(EnvironmentsView).selected
        if row is not None:
            self._ask_one(row.name)

    def do_refresh(self) -> None:
        """Asks all again."""
        self._ask_all()

    @on(RowsView.Copied)
    def _copied(self, message: RowsView.Copied) -> None:
        self.workbench.copy(message.text)


def _about(row: EnvironmentRow) -> tuple[TextLine, ...]:
    """All that is known of an environment."""
    words = [word for word, on in (("the current one", row.current), ("the default", row.default)) if on]
    lines = [TextLine(f"{row.reach_text}" + (f"  ({', '.join(words)})" if words else ""), bold=True)]
    lines += [TextLine(f"server      {row.server}")] if row.server else []
    lines += [TextLine(f"where       {row.where}")] if row.where else []
    lines += [TextLine(f"migrations  {row.summary}")] if row.reach == REACHED else []
    rules = [word for word, on in (("PROTECTED: asks for its name", row.protected), ("READ-ONLY", row.read_only)) if on]
    lines += [TextLine(f"rules       {' · '.join([*rules, row.rules])}")] if row.rules else []
    if row.error:
        lines += [line._replace(style="$text-error") for line in plain_lines(row.error)]
        lines += [TextLine(f"→ {row.hint}")] if row.hint else []
    keys = {UNRESOLVED: "mend miger.toml or set the variable; it is noticed at once, variables at the next start",
            FAILED: "t tries again", ASKING: "it may be slow: the others don't wait for it"}  # fmt: skip
    if row.reach in keys:
        lines.append(TextLine(keys[row.reach], "$text-muted"))
    elif not row.current:
        lines.append(TextLine("enter switches to it · t tests the connection again", "$text-muted"))
    return tuple(lines)
