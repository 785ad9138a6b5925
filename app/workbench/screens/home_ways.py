"""Where the home screen leads: each action that opens another screen, or asks the app for something."""

from __future__ import annotations

from textual import on

from miger.engine.planner import DOWN, UP
from miger.engine.status import MigrationStatus
from miger.widgets.banner import Banner
from miger.widgets.graph_view import GraphView
from miger.widgets.log_view import LogView
from miger.widgets.rows_view import RowsView
from miger.workbench.aim import Aim
from miger.workbench.screens.base import WorkScreen


def aim_at(status: MigrationStatus) -> Aim:
    """The way to a migration, or of an applied one the way back."""
    return Aim(DOWN if status.state == "applied" else UP, status.id)


class HomeWays(WorkScreen[None]):
    """The ways from the home screen. Screens are imported when they are opened: the first frame comes first."""

    _awaited: str | None = None  # a migration that the folder does not show yet

    def selected_id(self) -> str | None:
        """The migration under the cursor."""
        return self.query_one(GraphView).cursor_id

    def do_preview(self) -> None:
        """Dry run of the selected migration: the way there, or for an applied one the way back."""
        selected = self.context().selected
        if selected is not None:
            self._aim(aim_at(selected))

    def do_up(self) -> None:
        """Previews all that is pending."""
        self._aim(Aim(UP))

    def do_down(self) -> None:
        """Previews the way back of the selected migration, or of the last."""
        selected = self.context().selected
        self._aim(Aim(DOWN, selected.id if selected is not None and selected.state == "applied" else None))

    def _aim(self, aim: Aim) -> None:
        from miger.workbench.screens.preview import PreviewScreen

        record = self.workbench.runner.record
        under_way = record is not None and not record.over  # then that is what is shown, not a second one
        self.app.push_screen(PreviewScreen(record.aim, record) if record and under_way else PreviewScreen(aim))

    def do_recover(self) -> None:
        """Opens recovery of the selected migration, or of the first that needs it."""
        from miger.workbench.screens.recovery import RecoveryScreen

        wrong = self.situation.ids("dirty", "modified", "missing")
        selected = self.selected_id()
        self.app.push_screen(RecoveryScreen(selected if selected in wrong else wrong[0]))

    def do_merge(self) -> None:
        """Writes the migration that joins the heads."""
        from miger.workbench.screens.merge import MergeModal

        self.app.push_screen(MergeModal(), self.select_when_there)

    def select_when_there(self, id: str | None) -> None:
        """Puts the cursor on a migration as soon as the folder is seen to have it."""
        self._awaited = id
        self.go_to_awaited()

    def go_to_awaited(self) -> None:
        """Goes to the migration that was just written, if it is here by now."""
        if self._awaited is not None and self.query_one(GraphView).select(self._awaited):
            self._awaited = None

    def do_create(self) -> None:
        """Opens the wizard."""
        from miger.workbench.screens.wizard import WizardScreen

        self.app.push_screen(WizardScreen(), self.select_when_there)

    def do_history(self) -> None:
        """Opens the history."""
        from miger.workbench.screens.history import HistoryScreen

        self.app.push_screen(HistoryScreen())

    def do_environments(self) -> None:
        """Opens the list of environments."""
        from miger.workbench.screens.environments import EnvironmentsScreen

        self.app.push_screen(EnvironmentsScreen())

    def do_verify(self) -> None:
        """Opens what verify says."""
        from miger.workbench.screens.verify import VerifyScreen

        self.app.push_screen(VerifyScreen())

    def do_problems(self) -> None:
        """Opens all that stands in the way."""
        from miger.workbench.screens.config_error import TroubleScreen

        self.app.push_screen(TroubleScreen())

    @on(Banner.Opened)
    def _open_problems(self) -> None:
        self.action_act("problems")

    def do_edit(self) -> None:
        """Opens the selected file in the editor."""
        selected = self.context().selected
        if selected is not None and selected.migration is not None:
            self.workbench.edit(selected.migration.path)

    def do_copy(self) -> None:
        """Copies the selected id."""
        self.workbench.copy(self.selected_id() or "")

    @on(RowsView.Copied)
    def _copied(self, message: RowsView.Copied) -> None:
        self.workbench.copy(message.text)

    @on(LogView.Opened)
    def _open_entry(self, message: LogView.Opened) -> None:
        from miger.workbench.screens.text import TextModal

        self.app.push_screen(TextModal("Log entry", message.entry.full_text))

    def do_refresh(self) -> None:
        """Looks again now."""
        self.workbench.lookout.look()
