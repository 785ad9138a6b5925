"""What a hazard is, and what the rules that find one say."""

# No annotations from __future__: NamedTuple would have to compile each of them.

from collections.abc import Iterable
from typing import NamedTuple

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)
TINY_ROWS = 1000  # a table with fewer is locked, scanned or written anew in no time
DOCS = "docs/hazards.md"
NOT_ASKED = "the data was not asked"


class Rule(NamedTuple):
    """A kind of hazard: its code, and one sentence what to do instead."""

    code: str
    advice: str


class Finding(NamedTuple):
    """What a rule has found: in one sentence why it is a hazard, and on what table, `table.column` and so on."""

    code: str
    severity: str
    subject: str
    message: str


class Place(NamedTuple):
    """Where a statement stands: migration, file, section, and the line in the file (0 where there is none)."""

    id: str
    file: str
    section: str
    line: int


class Hazard(NamedTuple):
    """Something in a plan that may hurt: why, what to do instead, and where it stands.

    `allowed` is the reason that the migration's metadata gives for accepting it; "" where it does not.
    """

    code: str
    severity: str
    id: str
    file: str
    section: str
    line: int
    subject: str
    message: str
    advice: str
    allowed: str = ""

    @property
    def link(self) -> str:
        """Where the documentation tells more."""
        return f"{DOCS}#{self.code}"

    @property
    def refused(self) -> bool:
        """Whether a run has to be asked for twice because of it."""
        return self.severity == ERROR and not self.allowed

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}" if self.line else self.file or self.id


class HazardReport(NamedTuple):
    """The hazards of a plan in the order they stand, and what could not be looked at."""

    hazards: tuple[Hazard, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def refused(self) -> tuple[Hazard, ...]:
        """Those because of which `up` and `down` refuse."""
        return tuple(hazard for hazard in self.hazards if hazard.refused)


def by_code(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Rules by their code."""
    return {rule.code: rule for rule in rules}
