"""A screen with a plan whose script can be copied and saved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from textual import on, work

from miger.engine.errors import MigerError
from miger.engine.planner import Plan
from miger.widgets.rows_view import RowsView
from miger.workbench.screens.base import WorkScreen

MOST_COPIED = 1 << 20  # characters of a script on the clipboard


class ScriptScreen(WorkScreen[None]):
    """Gives `do_copy` and `do_save` to a screen that sets `plan`."""

    plan: Plan | None = None

    def do_copy(self) -> None:
        """Copies the script."""
        self._copy_script()

    @work(exclusive=True, group="copy")
    async def _copy_script(self) -> None:
        plan = self.plan
        if plan is None:
            return
        try:
            text = await self.ask_engine(lambda project: _start_of(project.script(plan)))
        except MigerError as error:
            self.workbench.tell(error)
            return
        if len(text) > MOST_COPIED:
            self.notify("the script is too large for the clipboard: s saves it", severity="warning")
        else:
            self.workbench.copy(text)

    @on(RowsView.Copied)
    def _copy_row(self, message: RowsView.Copied) -> None:
        message.stop()
        self.workbench.copy(message.text)

    def do_save(self) -> None:
        """Asks for the name of a file, and writes the script into it."""
        from miger.workbench.screens.save import SaveModal  # deferred: hardly ever needed

        plan = self.plan
        if plan is None:
            return
        suffix = "sql" if self.workbench.project.runs_sql else "js"
        name = script_name(plan, suffix, self.workbench.clock())
        self.app.push_screen(SaveModal(name), lambda path: self._save_as(plan, path))

    def _save_as(self, plan: Plan, path: str | None) -> None:
        if path is not None:
            self._write(plan, path)

    @work(group="save")
    async def _write(self, plan: Plan, path: str) -> None:
        from miger.script_file import save_script

        try:
            await self.ask_engine(lambda project: save_script(project, plan, path))
        except MigerError as error:
            self.workbench.tell(error)
            return
        self.notify(path, title="saved", markup=False)


def script_name(plan: Plan, suffix: str, now: datetime) -> str:
    """A name for the script of a plan: `up-20260115-120431.sql`."""
    return f"{plan.direction}-{now:%Y%m%d-%H%M%S}.{suffix}"


def _start_of(pieces: Iterable[str]) -> str:
    """A text, or as much of it as shows that it is too large."""
    found, length = [], 0
    for piece in pieces:
        found.append(piece)
        length += len(piece)
        if length > MOST_COPIED:
            break
    return "".join(found)
