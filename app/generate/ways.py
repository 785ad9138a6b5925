"""The steps there and back: of one migration, or of two that the old and the new application both live with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from miger.generate.compare import compare
from miger.generate.conversions.conversion import CONVERT, conversion_of
from miger.generate.differences import Differences
from miger.generate.renames import Renaming
from miger.generate.scope import without_ignored
from miger.generate.telling import lines_of, sentence_of
from miger.generate.writing.written import Choices

if TYPE_CHECKING:
    from miger.engine.backend import Backend
    from miger.engine.catalog import Catalog
    from miger.engine.graph import MigrationGraph
    from miger.engine.owner import Owner
    from miger.forms.steps import Step
    from miger.generate.drafts import Way
    from miger.project import Project


class Place(NamedTuple):
    """Where all of it goes on: the project's folder, its live database (not asked when `offline`), and who asks."""

    project: Project
    graph: MigrationGraph
    backend: Backend
    owner: Owner
    live: Catalog
    offline: bool

    @property
    def dialect(self) -> str:
        """How steps are written."""
        return self.backend.name


class Sides(NamedTuple):
    """What is, what shall be: `before` and `after` as far as the source speaks of it, `whole` and `goal` in full."""

    whole: Catalog
    before: Catalog
    after: Catalog
    goal: Catalog

    @property
    def found(self) -> Differences:
        """All that differs, also what falls with something that goes."""
        return compare(self.whole, self.goal)


def rename_steps(
    renamings: Sequence[Renaming], dialect: str, live: Catalog
) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """The steps of all renames, tables first, and those back."""
    from miger.forms.changes import RenameColumn, RenameTable
    from miger.forms.column_steps import rename_column
    from miger.forms.table_steps import rename_table

    up: list[Step] = []
    down: list[Step] = []
    for one in sorted(renamings, key=lambda renaming: bool(renaming.column)):
        table = live.table(one.table)
        assert table is not None  # see `resolve`
        new_name = one.new_table.rpartition(".")[2] if table.schema is not None else one.new_table
        if one.column:
            steps = rename_column(RenameColumn(new_name, one.column, one.new_column, table.schema), dialect)
        else:
            steps = rename_table(RenameTable(table.name, new_name, table.schema))
        up += steps.up
        down = [*steps.down, *down]
    return tuple(up), tuple(down)


def ways_of(place: Place, sides: Sides, choices: Choices, renamings: Sequence[Renaming], title: str) -> list[Way]:
    """The steps there and back, of one migration or of two."""
    from miger.generate.drafts import CONTRACT, EXPAND, Way
    from miger.generate.writing.write import write

    found = sides.found
    written = write(place.dialect, found, sides.whole, sides.goal, choices)
    back = choices._replace(online=False, back=True)
    converted = _converted(found, place.dialect)
    if not (written.expand and written.contract):
        only = written.expand or written.contract
        undone = write(place.dialect, found.reverse(), sides.goal, sides.whole, back)
        steps, undoing = rename_steps(renamings, place.dialect, place.live) if renamings else ((), ())
        transaction = (written.transaction if written.expand else written.contract_transaction) and undone.transaction
        phase = None if not choices.online else EXPAND if written.expand else CONTRACT
        return [
            Way(
                title,
                (*steps, *only),
                (*undone.expand, *undoing),
                found,
                transaction,
                phase,
                tuple(renamings),
                converted,
            )
        ]
    middle = _middle(place, written.expand)
    first, second = compare(sides.whole, middle), compare(middle, sides.goal)
    firsts = write(place.dialect, first.reverse(), middle, sides.whole, back)
    seconds = write(place.dialect, second.reverse(), sides.goal, middle, back)
    one = f"{_title(first)} Old and new versions of the application both work with it."
    other = f"{_title(second)} For when no old version of the application runs any more."
    together = written.contract_transaction and seconds.transaction
    return [
        Way(one, written.expand, firsts.expand, first, written.transaction and firsts.transaction, EXPAND),
        Way(other, written.contract, seconds.expand, second, together, CONTRACT, (), converted),
    ]


def _title(found: Differences) -> str:
    return sentence_of(lines_of(found))


def _converted(found: Differences, dialect: str) -> frozenset[tuple[str, str]]:
    """The columns whose values are converted one by one."""
    return frozenset(
        (table.table.path, column.after.name)
        for table in found.tables
        for column in table.columns
        if column.before is not None and column.after is not None and column.before.type != column.after.type
        if conversion_of(dialect, column.before, column.after).how == CONVERT
    )


def _middle(place: Place, expand: Sequence[Step]) -> Catalog:
    """What is there between the two migrations."""
    from miger.generate.copies import carry_out_steps, copy_of

    with copy_of(place.backend, place.graph, place.owner, rows=0, offline=place.offline) as copy:
        carry_out_steps(copy, expand)
        return without_ignored(copy.read_catalog(), place.project.config.drift_ignore)
