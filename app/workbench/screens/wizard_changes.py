"""What the wizard does about schema changes: compares, makes the file anew for what is taken, and asks about losses."""

from __future__ import annotations

from textual import work

from miger.workbench.screens.wizard_losses import LossesModal
from miger.workbench.screens.wizard_work import WizardWork
from miger.workbench.wizard.answers import CONTENT, GENERATED, REVIEW, Ground
from miger.workbench.wizard.changes import Changes, compared, is_compared, is_made, made


class WizardChanges(WizardWork):
    """The state of the comparison, and its work; a subclass shows it."""

    def __init__(self) -> None:
        super().__init__()
        self._changes = Changes()
        self._pursuing = False

    @property
    def ground(self) -> Ground | None:
        """With what is known of the differences."""
        ground = super().ground
        return ground._replace(changes=self._changes) if ground is not None else None

    def forget_changes(self) -> None:
        """Another database, or another look."""
        self._changes = Changes()

    def forget_trouble(self) -> None:
        """What could not be compared may be by now."""
        if self._changes.trouble:
            self.forget_changes()

    def pursue_changes(self) -> None:
        """Compares, or makes the file, where what there is does not fit what was answered."""
        if self._pursuing or self.answers.kind != GENERATED or self.step not in (CONTENT, REVIEW):
            return
        if not self.is_settled:
            self._pursuing = True
            self._pursue()

    def do_look(self) -> None:
        """Compares again."""
        if self.step == CONTENT and self.answers.kind == GENERATED:
            self.forget_changes()
            self.show_ground()
        else:
            super().do_look()

    @work(group="changes")
    async def _pursue(self) -> None:
        """One call after the other: what a person says meanwhile is heeded by the next one."""
        try:
            while not self.is_settled:
                known, taken = self._changes, self.answers.taken
                if is_compared(known, taken):
                    found = await self.ask_engine(lambda project: made(project, known, taken))  # noqa: B023
                else:
                    found = await self.ask_engine(lambda project: compared(project, taken.renamed))  # noqa: B023
                if self._changes is known:  # else it was forgotten meanwhile
                    self._changes = found
                self.show_ground()
        finally:
            self._pursuing = False

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to compare or to make now."""
        known, taken = self._changes, self.answers.taken
        return is_compared(known, taken) and is_made(known, taken)

    def do_write(self) -> None:
        """Writes the file; what it would lose is asked first."""
        found = self.found
        if found is None or not found.losses or self._against_writing():
            super().do_write()
            return
        draft = found.draft

        def answer(agreed: bool | None) -> None:
            if agreed and self.found is not None and self.found.draft == draft:
                super(WizardChanges, self).do_write()

        self.app.push_screen(LossesModal(found.losses), answer)
