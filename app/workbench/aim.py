"""What a person wants to run, before there is a plan for it."""

# No annotations from __future__: NamedTuple would have to compile each of them, at every start.

from typing import NamedTuple

from miger.engine.errors import MigerError
from miger.engine.planner import DOWN, UP, Plan, make_plan
from miger.engine.status import MigrationStatus
from miger.project import Project
from miger.workbench.situation import Situation


class Aim(NamedTuple):
    """`up` or `down`, and the migration it is about; without one, all that is pending, or the last applied."""

    direction: str
    target: str | None = None

    @property
    def title(self) -> str:
        """What it is for people."""
        if self.direction == UP:
            return f"Apply {self.target} and what it needs" if self.target else "Apply all that is pending"
        if self.direction == DOWN and self.target:
            return f"Roll back {self.target} and what depends on it"
        return "Roll back the last one applied"

    def plan(self, project: Project) -> Plan:
        """The plan for it now. Raises what `Project.plan` raises."""
        return project.plan(self.direction, self.target)

    def plan_anew(self, project: Project) -> Plan:
        """The same by the folder as it is at this moment, seen by the watch or not."""
        project.reload()
        return self.plan(project)

    def other(self, selected: MigrationStatus | None) -> "Aim | None":
        """The wider aim where this one has a target, else that of the selected migration; None where that is none."""
        if self.target is not None:
            return Aim(self.direction)
        fitting = "pending" if self.direction == UP else "applied"
        return Aim(self.direction, selected.id) if selected is not None and selected.state == fitting else None


def outdated(plan: Plan, situation: Situation) -> bool:
    """Whether the same aim would give other steps, or other texts, by what is known now. Pure."""
    if situation.graph is None or situation.status is None or plan.request is None:
        return False
    try:
        now = make_plan(situation.graph, situation.status, plan.request)
    except MigerError:
        return True
    return now.contents != plan.contents
