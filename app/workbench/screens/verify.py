"""Whether the folder and the database agree."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult

from miger.engine.errors import BadMigrations, MigerError
from miger.engine.verification import VerifyReport
from miger.project import Project
from miger.widgets.findings import Finding, findings
from miger.widgets.rows_view import RowsView
from miger.widgets.text_view import TextLine, TextView
from miger.widgets.words import as_title
from miger.workbench.actions import BACK, KEYS, LOOK, PALETTE, RUN, WRITE, Action, Context, bindings_of
from miger.workbench.screens.base import WorkScreen
from miger.workbench.situation import Situation

RECOVERABLE = frozenset({"modified", "missing", "dirty"})


def _recover(context: Context) -> str:
    selected = context.selected
    if not context.situation.ids(*RECOVERABLE):
        return "nothing is dirty, modified or missing"
    return "" if selected is not None and selected.state in RECOVERABLE else "move to a dirty, modified or missing one"


def _edit(context: Context) -> str:
    selected = context.selected
    if selected is None:
        return "move to a finding about a migration"
    return "" if selected.migration is not None else f"{selected.id} has no file"


VERIFY_ACTIONS: tuple[Action, ...] = (
    Action("recover", ("x",), "recover", "Get out of the dirty, modified or missing one under the cursor.", RUN, 1,
           _recover, lambda context: bool(context.situation.ids(*RECOVERABLE))),
    Action("edit", ("e",), "edit", "Open the file of the migration under the cursor in $EDITOR.", WRITE, 3, _edit),
    Action("refresh", ("r",), "verify again", "Look at everything again now.", LOOK, 2),
    Action("copy_all", ("Y",), "copy all", "Copy everything that was found.", LOOK, 4),
    PALETTE,
    BACK,
    KEYS,
)  # fmt: skip


class VerifyScreen(WorkScreen[None]):
    """Checksums, files, verify sections and drift, looked at when the screen opens and at each `r`."""

    ACTIONS: ClassVar = VERIFY_ACTIONS
    BINDINGS: ClassVar = bindings_of(VERIFY_ACTIONS)
    DEFAULT_CSS = """
    VerifyScreen #findings { border: round $border; border-title-color: $foreground; }
    VerifyScreen #findings.-wrong { border: round $error; }
    VerifyScreen #findings.-well { border: round $success; }
    """

    def compose_content(self) -> ComposeResult:
        """Text in lines."""
        yield TextView(id="findings")

    def on_mount(self) -> None:
        """Looks at once."""
        self._findings: list[Finding] = []
        self._place = self.workbench.project
        self.query_one(TextView).focus()
        super().on_mount()
        self._look()

    def show(self, situation: Situation) -> None:
        """Looks again where the environment is another one."""
        if self.workbench.project is not self._place:
            self._place = self.workbench.project
            self._look()

    def context(self) -> Context:
        """The migration that the line under the cursor is about."""
        number = self.query_one(TextView).line_number
        id = self._findings[number].id if 0 <= number < len(self._findings) else ""
        return Context(self.situation, self.situation.of(id or None))

    @work(exclusive=True, group="verify")
    async def _look(self) -> None:
        place, name = self.workbench.project, self.situation.environment.name
        self._draw(
            [Finding(TextLine("◐ looking at checksums, files, verify sections and drift…", "$text-primary"))], ""
        )
        self.query_one(TextView).border_title = as_title(f"Verify {name}")
        try:
            report = await self.ask_engine(_verify)
        except MigerError as error:
            if self.is_open and place is self.workbench.project:
                self._draw(_trouble(error), "-wrong")
            return
        if self.is_open and place is self.workbench.project:
            self._draw(findings(report, self.situation.status), "-well" if report.ok else "-wrong")

    def _draw(self, found: list[Finding], verdict: str) -> None:
        self._findings = found
        view = self.query_one(TextView)
        for name in ("-well", "-wrong"):
            view.set_class(name == verdict, name)
        view.lines = tuple(finding.line for finding in found)
        view.move_cursor(0)
        self.show_keys()

    @on(TextView.Highlighted)
    def _other_line(self) -> None:
        self.show_keys()

    @on(RowsView.Copied)
    def _copied(self, message: RowsView.Copied) -> None:
        self.workbench.copy(message.text)

    def do_copy_all(self) -> None:
        """Copies all lines."""
        self.workbench.copy(self.query_one(TextView).text)

    def do_recover(self) -> None:
        """Opens recovery of the migration under the cursor."""
        from miger.workbench.screens.recovery import RecoveryScreen  # deferred: until it is asked for

        selected = self.context().selected
        if selected is not None:
            self.app.push_screen(RecoveryScreen(selected.id))

    def do_edit(self) -> None:
        """Opens the file."""
        selected = self.context().selected
        if selected is not None and selected.migration is not None:
            self.workbench.edit(selected.migration.path)

    def do_refresh(self) -> None:
        """Looks again now."""
        self._look()


def _verify(project: Project) -> VerifyReport:
    """The report, of the folder as it is now."""
    project.reload()
    return project.verify()


def _trouble(error: MigerError) -> list[Finding]:
    lines = [TextLine("✖ it cannot be told", "$text-error", bold=True), TextLine("")]
    if isinstance(error, BadMigrations):
        for problem in error.problems:
            place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
            lines += [TextLine(f"{place}: {problem.message}", "$text-error")]
            lines += [TextLine(f"→ {problem.hint}", indent=4)] if problem.hint else []
    else:
        lines += [TextLine(line, "$text-error") for line in error.message.splitlines()]
    lines += [TextLine(f"→ {error.hint}")] if error.hint else []
    return [Finding(line) for line in (*lines, TextLine(""), TextLine("r looks again · esc goes back", "$text-muted"))]
