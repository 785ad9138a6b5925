"""Writing new migrations and new projects: the same code for the command line and the wizard."""

from miger.scaffold.create import create_migration, migration_text
from miger.scaffold.draft import FieldProblem, MigrationDraft, draft_text
from miger.scaffold.ids import new_id
from miger.scaffold.init import TEMPLATES_FOLDER, create_project, project_files, template_names
from miger.scaffold.merge import merge_draft
from miger.scaffold.problems import draft_problems
from miger.scaffold.write import write_draft

__all__ = [
    "TEMPLATES_FOLDER",
    "FieldProblem",
    "MigrationDraft",
    "create_migration",
    "create_project",
    "draft_problems",
    "draft_text",
    "merge_draft",
    "migration_text",
    "new_id",
    "project_files",
    "template_names",
    "write_draft",
]
