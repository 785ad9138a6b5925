"""A plan's script in a file of its own: the same code for the command line and the workbench."""

from __future__ import annotations

from miger.engine.errors import UsageError
from miger.engine.planner import Plan
from miger.project import Project


def save_script(project: Project, plan: Plan, path: str) -> None:
    """Writes the script of a plan into a new file. Raises UsageError, also where there is a file of that name."""
    try:
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.writelines(project.script(plan))
    except FileExistsError:
        raise UsageError(f"{path} exists already", "choose another name") from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
