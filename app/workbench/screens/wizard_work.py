"""What the wizard does with files and with the database: tables for the forms, the dry run, the file itself."""

from __future__ import annotations

import os
import tempfile

from textual import work

from miger.engine.environments import Environment
from miger.engine.errors import MigerError, UsageError
from miger.engine.preview.values import Preview
from miger.forms.shapes import TableShape
from miger.project import Project
from miger.scaffold import write_draft
from miger.workbench.editor import edit_file
from miger.workbench.screens.base import WorkScreen
from miger.workbench.wizard.answers import BACKFILL, CONTENT, FORM, KIND, LABELS, REVIEW, Answers, Ground
from miger.workbench.wizard.drafting import Drafted
from miger.workbench.wizard.form_step import FormStep
from miger.workbench.wizard.review_step import ReviewStep
from miger.workbench.wizard.step import said
from miger.workbench.wizard.trial import preview_draft
from miger.workbench.wizard.write_step import WriteStep


class WizardWork(WorkScreen[str | None]):
    """The state of the wizard, and its work; a subclass shows it."""

    def __init__(self) -> None:
        super().__init__()
        self.step = KIND
        self.answers = Answers()
        self.found: Drafted | None = None
        self._tables: tuple[TableShape, ...] | None = None
        self._trouble = ""
        self._asked_tables = False
        self._environment: Environment | None = None
        self._now = 0.0
        self._tried: tuple[object, ...] = ()  # what the dry run was made of

    @property
    def ground(self) -> Ground | None:
        """What the migration is written for; None while the folder has not been read."""
        situation, project = self.situation, self.workbench.project
        if situation.graph is None:
            return None
        pending = bool(situation.ids("pending"))
        return Ground(
            project.backend_name,
            project.runs_sql,
            situation.graph,
            self._tables,
            self._trouble,
            pending,
            self._now,
        )

    def _against_writing(self) -> str:
        if self.found is None:
            return "the folder has not been read yet"
        return said(self.found.problems[0][2]) if self.found.problems else ""

    def _set_clock(self) -> None:
        """The time that the id begins with; it stands still while a person types."""
        self._now = self.workbench.clock().timestamp()

    def judge(self) -> None:
        """Shows what comes of the answers."""

    def show_ground(self) -> None:
        """Draws by what is known of the folder and the database."""

    # The content

    @work(exclusive=True, group="another")
    async def do_another(self) -> None:
        """Keeps the change that is filled in, and begins another one."""
        step = self.query_one(FormStep)
        if step.current is None:
            self.notify("this one is still empty: fill it in first", severity="warning")
            return
        wrong = self.found.of(CONTENT) if self.found is not None else []
        if wrong:
            step.tried = True
            self.judge()
            self.notify(said(wrong[0][1]), title=LABELS[CONTENT], severity="warning", markup=False)
            return
        await step.add_another()
        self.judge()

    def do_edit(self) -> None:
        """Opens the section in the person's editor."""
        step = self.query_one(WriteStep)
        area = step.area(step.section)
        suffix = ".sql" if self.found is not None and self.found.draft.kind == "sql" else ".py"
        try:
            with tempfile.TemporaryDirectory(prefix="miger-") as folder:
                path = os.path.join(folder, f"{step.section}{suffix}")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(area.text)
                edit_file(self.app, path)
                with open(path, encoding="utf-8") as file:
                    area.text = file.read()
        except MigerError as error:
            self.workbench.tell(error)
        except (OSError, UnicodeDecodeError) as error:
            self.workbench.tell(UsageError(f"the section could not be edited: {error}", "write it here"))

    def do_look(self) -> None:
        """Reads the tables again, or makes the dry run again."""
        if self.step == REVIEW:
            self._try(again=True)
        else:
            self._tables, self._trouble = None, ""
            self.show_ground()
            self._read_tables()

    def _read_tables_once(self) -> None:
        if not self._asked_tables and self.answers.kind in (FORM, BACKFILL):
            self._read_tables()

    @work(exclusive=True, group="tables")
    async def _read_tables(self) -> None:
        """What the forms offer. The imports that they need take a while, too."""
        self._asked_tables = True
        environment, trouble = self.situation.environment, ""
        tables: list[TableShape] = []
        try:
            tables = await self.ask_engine(_read)
        except MigerError as error:
            trouble = error.message
        if self.workbench.ending or environment != self.situation.environment or not self.is_mounted:
            return
        self._tables, self._trouble = tuple(tables), trouble
        self.show_ground()

    # The end

    def _try(self, *, again: bool = False) -> None:
        """Makes the dry run, unless there is one of the very same file."""
        found, step = self.found, self.query_one(ReviewStep)
        if found is None or found.problems:
            step.view.show_problem("There is no dry run of a file that is not right", "esc goes back to mend it")
            self._tried = ()
            return
        made_of = (found.draft, self.situation.graph, self.situation.environment)
        if again or made_of != self._tried:
            self._tried = made_of
            self._preview(found)

    @work(exclusive=True, group="trial")
    async def _preview(self, found: Drafted) -> None:
        step, now, tried = self.query_one(ReviewStep), self._now, self._tried
        step.view.show_working("dry run of the new migration, and of what is pending before it")
        preview: Preview | None = None
        trouble: MigerError | None = None
        try:
            preview = await self.ask_engine(lambda project: preview_draft(project, found.draft, now))
        except MigerError as error:
            trouble = error
        except OSError as error:
            trouble = UsageError(f"no copy of the folder could be made: {error.strerror}", "check the disk")
        if self.workbench.ending or tried != self._tried or not self.is_mounted:
            return
        if preview is not None:
            step.show_trial(preview)
        elif trouble is not None:
            step.show_trouble(trouble)

    def do_write(self) -> None:
        """Writes the file."""
        found = self.found
        if found is not None and not self._against_writing():
            self._write(found)

    @work(exclusive=True, group="write")
    async def _write(self, found: Drafted) -> None:
        graph, now = self.situation.graph, self._now
        if graph is None:
            return
        try:
            path = await self.ask_engine(
                lambda project: write_draft(project.config.migrations, graph, found.draft, now)
            )
        except MigerError as error:
            self.workbench.tell(error, title="not written")
            return
        self.notify(path, title="written", markup=False)
        self.workbench.lookout.look()
        self.dismiss(os.path.splitext(os.path.basename(path))[0])


def _read(project: Project) -> list[TableShape]:
    """The tables, once what the forms need has been imported. Raises MigerError."""
    if project.runs_sql:
        from miger.forms import column_steps, key_steps, table_steps  # noqa: F401  # half a second, not at a key
    return project.tables()
