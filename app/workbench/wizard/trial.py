"""A dry run of a migration that is not written yet: on a copy of the folder, with the database as it is."""

from __future__ import annotations

import copy
import os

from miger.engine.errors import MigerError
from miger.engine.planner import UP
from miger.engine.preview.values import Preview
from miger.project import Project
from miger.scaffold import MigrationDraft, write_draft
from miger.scaffold.linked import linked_folder


def preview_draft(project: Project, draft: MigrationDraft, now: float) -> Preview:
    """What applying the draft, and those pending before it, would do. Nothing of it stays, the folder is not touched.

    Raises what `Project.plan` and `Project.preview` raise; BadMigrations where the folder has problems.
    """
    real = project.config.migrations
    with linked_folder(real) as folder:
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
