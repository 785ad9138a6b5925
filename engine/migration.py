"""A migration as read from its file, without running it."""

# No annotations from __future__: NamedTuple would have to compile each of them, at every start.

from typing import NamedTuple


class Section(NamedTuple):
    """Where one part of a migration (`up`, `verify`, `down`) lies in its file.

    For SQL, `start` and `end` are byte offsets of its text and `line` is the number of its first
    line (from 1). For Python, `line` is that of the function, and the offsets span the file.
    """

    name: str
    line: int
    start: int
    end: int


class Migration(NamedTuple):
    """One file of the migrations folder.

    `checksum` names its algorithm (`sha256:…`) and does not depend on line endings. `depends` holds
    the ids of the parents, already filled in where the file leaves them out. `allow` are the hazards that
    are accepted, see `Metadata`.
    """

    id: str
    path: str
    kind: str  # "sql" or "python"
    depends: tuple[str, ...]
    sections: tuple[Section, ...]
    checksum: str
    transaction: bool = True
    phase: str | None = None
    release: str | None = None
    title: str = ""
    allow: tuple[dict[str, object], ...] = ()

    def section(self, name: str) -> Section | None:
        """The section called `name`, or None."""
        for section in self.sections:
            if section.name == name:
                return section
        return None

    @property
    def irreversible(self) -> bool:
        """Whether there is no `down`."""
        return self.section("down") is None
