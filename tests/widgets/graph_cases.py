"""Graphs and states for the tests of the graph pane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from textual.app import App, ComposeResult

from miger.engine.graph import MigrationGraph
from miger.engine.migration import Migration
from miger.engine.state import Snapshot, StateRow
from miger.engine.status import Status, status_of
from miger.widgets.graph_view import GraphView

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def migration(id: str, *depends: str, phase: str = "", release: str = "", title: str = "") -> Migration:
    return Migration(
        id, f"{id}.sql", "sql", depends, (), "sha256:0", phase=phase or None, release=release or None, title=title
    )


def chain(size: int) -> list[Migration]:
    """`m0000` and so on, each on the one before."""
    return [migration(f"m{n:04}", *([f"m{n - 1:04}"] if n else [])) for n in range(size)]


def applied(id: str, days: int = 5, checksum: str = "sha256:0") -> StateRow:
    return StateRow(id, "applied", "up", checksum, at=(NOW - timedelta(days=days)).isoformat())


def status(graph: MigrationGraph, rows: Sequence[StateRow]) -> Status:
    return status_of(graph, Snapshot(True, {row.id: row for row in rows}))


def applied_up_to(graph: MigrationGraph, count: int, **others: StateRow) -> Status:
    """The first `count` in running order applied, and `others`."""
    rows: Mapping[str, StateRow] = {id: applied(id) for id in graph.order[:count]} | others
    return status(graph, list(rows.values()))


def shop() -> MigrationGraph:
    """Eleven migrations with a branch that is merged, badges and titles."""
    return MigrationGraph(
        [
            migration("20260105090000_create_customers"),
            migration("20260106090000_create_orders", "20260105090000_create_customers", release="v1"),
            migration("20260107090000_customer_email", "20260106090000_create_orders", release="v1"),
            migration("20260112090000_drop_fax", "20260107090000_customer_email", phase="contract", release="v1"),
            migration("20260115101500_order_index", "20260112090000_drop_fax", phase="expand"),
            migration("20260120101500_billing_tables", "20260112090000_drop_fax", phase="expand", release="v2"),
            migration("20260121080000_split_customer_name", "20260115101500_order_index", phase="expand", release="v2"),
            migration("20260122080000_billing_backfill", "20260120101500_billing_tables", title="Fill what is due."),
            migration(
                "20260125090000_merge_billing",
                "20260121080000_split_customer_name",
                "20260122080000_billing_backfill",
                release="v2",
            ),
            migration("20260201090000_add_invoice_index", "20260125090000_merge_billing", release="v2"),
            migration("20260202090000_experiment", "20260125090000_merge_billing", phase="contract"),
        ]
    )


def shop_status(graph: MigrationGraph) -> Status:
    """Every state that there is."""
    rows = [applied(id, 40 - 5 * n) for n, id in enumerate(graph.order[:5])]
    rows[1] = applied(rows[1].id, 35, "sha256:other")
    rows.append(applied("20260108120000_gone_astray", 30))
    rows.append(StateRow("20260121080000_split_customer_name", "dirty", "up", "sha256:0", 2, 5))
    return status(graph, rows)


class PaneApp(App[None]):
    """The pane alone; it remembers what the pane says."""

    def __init__(self, graph: MigrationGraph | None = None, state: Status | None = None, theme: str = "") -> None:
        super().__init__()
        self.shown = (graph, state)
        self.said: list[tuple[str, str | None]] = []
        self.counts: list[str] = []
        self.copied: list[str] = []
        self.first_theme = theme

    def compose(self) -> ComposeResult:
        yield GraphView()

    @property
    def pane(self) -> GraphView:
        return self.query_one(GraphView)

    def on_mount(self) -> None:
        if self.first_theme:
            self.theme = self.first_theme
        self.pane.focus()
        if self.shown[0] is not None:
            self.pane.show(self.shown[0], self.shown[1], NOW)

    def on_graph_view_highlighted(self, message: GraphView.Highlighted) -> None:
        self.said.append(("highlighted", message.migration))

    def on_graph_view_opened(self, message: GraphView.Opened) -> None:
        self.said.append(("opened", message.migration))

    def on_graph_view_filtered(self, message: GraphView.Filtered) -> None:
        self.counts.append(message.error or f"{message.shown}/{message.total}")

    def on_rows_view_copied(self, message: GraphView.Copied) -> None:
        self.copied.append(message.text)
