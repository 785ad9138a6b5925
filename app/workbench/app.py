"""The app: one project, one environment at a time, and what is known of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen

from miger.engine.config import Config
from miger.engine.errors import ConfigError, MigerError
from miger.engine.watch import Change, ConfigBroken, ConfigChanged
from miger.project import Project
from miger.survey import Survey
from miger.workbench.commands import ActionCommands, Palette
from miger.workbench.folder_watch import FolderWatch
from miger.workbench.journal import Journal
from miger.workbench.lookout import LOOK_SECONDS, Lookout
from miger.workbench.runner import Runner
from miger.workbench.screens.base import Acting
from miger.workbench.screens.home import HomeScreen
from miger.workbench.screens.too_small import mind_size
from miger.workbench.settings import Settings, save_settings
from miger.workbench.situation import Situation
from miger.workbench.themes import DARK, THEMES
from miger.workbench.threads import in_thread

GUARD_SECONDS = 0.3  # how long a new question heeds no key


class Workbench(App[int]):
    """The workbench on one environment of a project.

    Screens are drawn from `situation` alone, and `learn` is what changes it. `clock` tells the local time;
    `look_seconds` lie between two looks at the database, `guard` is how long a new question heeds no key.
    `survey` gives the folder's contents where their reading has begun already. `first` as in `open_workbench`.
    `loaded` is called once, when the first look at the project is on the screen.
    """

    TITLE = "miger"
    CSS_PATH = "workbench.tcss"
    COMMANDS: ClassVar = {ActionCommands}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar = [Binding("ctrl+c", "stop_run", "stop", show=False, priority=True)]

    class FilesChanged(Message):
        """The watch has seen a change of miger.toml or of the migrations folder."""

        def __init__(self, change: Change) -> None:
            super().__init__()
            self.change = change

    def __init__(
        self,
        project: Project,
        settings: Settings = Settings(),  # noqa: B008  # a frozen value
        *,
        clock: Callable[[], datetime] = datetime.now,
        look_seconds: float = LOOK_SECONDS,
        guard: float = GUARD_SECONDS,
        survey: Callable[[], Survey] | None = None,
        since: float | None = None,
        first: str = "",
        loaded: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__()
        self.project = project
        self.settings = settings
        self.clock = clock
        self.guard = guard
        self._first = first
        self._loaded: Callable[[], object] | None = loaded
        self.situation = _unseen(project)
        self.journal = Journal(self)
        self.lookout = Lookout(self, look_seconds, survey)
        self.runner = Runner(self)
        self._watch = self._watching(project.config, time.time() if since is None else since)

    # From start to end

    def get_default_screen(self) -> HomeScreen:
        """The home screen."""
        return HomeScreen()

    def on_mount(self) -> None:
        """Paints first; the folder and the database are looked at meanwhile."""
        for theme in THEMES:
            self.register_theme(theme)
        names = {theme.name for theme in THEMES}
        self.theme = self.settings.theme if self.settings.theme in names else DARK.name
        self.lookout.start()
        self._watch.start()
        if self._first == "wizard" and isinstance(self.screen, HomeScreen):
            self.screen.do_create()

    def on_resize(self, event: Resize) -> None:
        """A terminal that is too small shows nothing but that."""
        mind_size(self, event.size)

    async def action_quit(self) -> None:
        """ctrl+q, from everywhere: as `q` on the home screen, so that no run is left behind unasked."""
        if isinstance(self.screen, Acting):
            self.screen.do_quit()  # a screen with something typed asks first
        else:
            self.leave()

    def leave(self) -> None:
        """Quits; asks first while a run of ours goes on."""
        if self.situation.own_run is None:
            self.exit(0)
            return
        from miger.workbench.screens.leave import LeaveModal  # deferred: hardly ever needed

        self.push_screen(LeaveModal(), lambda stop: self._leave_after_run() if stop else None)

    def _leave_after_run(self) -> None:
        self.runner.stop()
        self.runner.when_over(lambda: self.exit(0))

    async def on_unmount(self) -> None:
        """Remembers what was chosen; lets go of the files and of the database."""
        self._watch.stop()
        save_settings(self.project.config.path, self.settings)

    def _fatal_error(self) -> None:
        """Ends the app for a defect of ours; without the values of variables, which may hold a password."""
        from rich.traceback import Traceback  # deferred: 100 ms, and only for what must not happen

        self.bell()
        self._exit_renderables.append(Traceback(show_locals=False, width=None))
        self._close_messages_no_wait()

    # What is known

    def learn(self, **news: Any) -> None:
        """Changes fields of `situation`, and has every screen drawn again if that is news."""
        known = self.situation._replace(**news)
        if known == self.situation:
            return
        self.situation = known
        if self.ending:
            return
        for screen in self.acting_screens:
            screen.refresh_all()
        if known.status is not None and self._loaded is not None:
            self.call_after_refresh(self._loaded)
            self._loaded = None

    @property
    def ending(self) -> bool:
        """Whether the app is about to end: nothing is drawn any more."""
        return self._exit or not self.is_running

    @property
    def acting_screens(self) -> Iterator[Acting[Any]]:
        """Our screens, the hidden ones too, the lowest first."""
        return (screen for screen in list(self.screen_stack) if isinstance(screen, Acting))

    async def ask_engine(self, call: Callable[[Project], Any]) -> Any:
        """What `call` returns of the project, from a thread. Raises MigerError."""
        project = self.project
        return await in_thread(lambda: call(project))

    # Files and configuration

    def _watching(self, config: Config, since: float) -> FolderWatch:
        environment = self.project.environment.name
        return FolderWatch(config, environment, lambda change: self.post_message(self.FilesChanged(change)), since)

    @on(FilesChanged)
    def _take_change(self, message: FilesChanged) -> None:
        match message.change:
            case ConfigBroken(error=error):
                self.learn(config_error=error)
            case ConfigChanged(config=config):
                self._reconfigure(config)
            case _:
                self.lookout.look()

    def _reconfigure(self, config: Config) -> None:
        """A valid change of the configuration applies at once; while a run goes on, after it."""
        if self.situation.own_run is not None:
            self.runner.when_over(lambda: self._reconfigure(config))
            return
        try:
            project = self.project.reconfigured(config)
        except ConfigError as error:
            self.learn(config_error=error)
            return
        self._turn_to(project)

    def switch(self, environment: str) -> None:
        """Goes on with another environment. Raises ConfigError where that is not right."""
        project, since = Project(self.project.config, self.project.config.environment(environment)), time.time()
        self.settings = self.settings._replace(environment=environment)
        self._turn_to(project)
        self._watch.stop()
        self._watch = self._watching(project.config, since)
        self._watch.start()

    def _turn_to(self, project: Project) -> None:
        former, self.project = self.project, project
        same = former.environment == project.environment and former.config.migrations == project.config.migrations
        known = self.situation if same else _unseen(project)
        self.situation = known._replace(
            config=project.config, environment=project.environment, backend=project.backend_name, config_error=None
        )
        for screen in self.acting_screens:
            screen.refresh_all()
        self.run_worker(in_thread(former.close), group="close")
        self.lookout.look()

    # For the screens

    def aware_clock(self) -> datetime:
        """The time now, with its zone."""
        return self.clock().astimezone()

    def action_stop_run(self) -> None:
        """ctrl+c: stops our run after the current statement; never quits."""
        own_run = self.situation.own_run
        if own_run is None:
            self.notify("q quits", severity="information")
        elif own_run.stopping:
            self.notify("it stops after the current statement", title=own_run.title)
        else:
            self.runner.stop()
            self.notify("stopping after the current statement", title=own_run.title)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """None: the actions of our screens are all there is."""
        return ()

    def action_command_palette(self) -> None:
        """Opens the list of commands of the screen in front."""
        if isinstance(self.screen, Acting):
            self.push_screen(Palette())

    def show_help(self) -> None:
        """Lists the keys of the screen in front."""
        from miger.workbench.screens.help import HelpScreen  # deferred: until it is asked for

        screen = self.screen
        if isinstance(screen, Acting):
            self.push_screen(HelpScreen(screen.help_groups()))

    def next_theme(self) -> None:
        """Goes on to the next theme, and remembers it."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        self.settings = self.settings._replace(theme=self.theme)
        self.notify(self.theme.removeprefix("miger-").replace("-", " "), title="theme", timeout=2)

    def copy(self, text: str) -> None:
        """Puts text on the clipboard, by the terminal."""
        self.copy_to_clipboard(text)
        lines = text.splitlines()
        told = lines[0] if len(lines) == 1 else f"{len(lines)} lines"
        self.notify(told, title="copied", timeout=2)

    @work(group="edit", exclusive=True)
    async def edit(self, path: str, line: int = 0) -> None:
        """Opens a file in the person's editor; the folder watch sees what comes of it."""
        from miger.workbench.editor import edit_file  # deferred: until it is asked for

        try:
            edit_file(self, path, line)
        except MigerError as error:
            self.tell(error)
        self.lookout.look()

    def tell(self, error: MigerError, title: str = "") -> None:
        """Shows what went wrong and what to do about it, for a moment."""
        text = f"{error.message}\n{error.hint}" if error.hint else error.message
        self.notify(text, title=title, severity="error", timeout=10, markup=False)


def _unseen(project: Project) -> Situation:
    return Situation(project.config, project.environment, project.backend_name)
