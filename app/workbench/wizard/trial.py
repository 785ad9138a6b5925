"""A dry run of a migration that is not written yet: on a copy of the folder, with the database as it is."""

from __future__ import annotations

import copy
import os
import shutil
import tempfile

from miger.engine.errors import MigerError
from miger.engine.planner import UP
from miger.engine.preview.values import Preview
from miger.project import Project
from miger.scaffold import MigrationDraft, write_draft


def preview_draft(project: Project, draft: MigrationDraft, now: float) -> Preview:
    """What applying the draft, and those pending before it, would do. Nothing of it stays, the folder is not touched.

    Raises what `Project.plan` and `Project.preview` raise; BadMigrations where the folder has problems.
    """
    real = project.config.migrations
    with tempfile.TemporaryDirectory(prefix="miger-wizard-") as home:
        folder = os.path.join(home, os.path.basename(real) or "migrations")
        os.mkdir(folder)
        _fill(real, folder)
        config = copy.copy(project.config)
        config.migrations = folder
        try:
            with Project(config, project.environment) as rehearsed:
                path = write_draft(folder, rehearsed.graph, draft, now)
                rehearsed.reload()
                id = os.path.splitext(os.path.basename(path))[0]
                return rehearsed.preview(rehearsed.plan(UP, id))
        except MigerError as error:
            error.message = error.message.replace(folder, real)  # nobody knows that folder
            raise


def _fill(real: str, folder: str) -> None:
    """Every file of a folder, by a link where there are links."""
    try:
        with os.scandir(real) as entries:
            for entry in entries:
                target = os.path.join(folder, entry.name)
                try:
                    os.symlink(os.path.abspath(entry.path), target)
                except OSError:
                    if entry.is_file():
                        shutil.copy2(entry.path, target)
    except FileNotFoundError:
        return  # the first migration makes it
