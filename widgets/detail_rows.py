"""The rows of a tab of a migration's detail. Pure."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from miger.widgets.detail_code import section_rows
from miger.widgets.detail_history import history_rows
from miger.widgets.detail_info import info_rows
from miger.widgets.detail_row import ERROR, MUTED, DetailRow, blank, sentence
from miger.widgets.detail_values import HISTORY, INFO, MigrationDetail


def rows_of(detail: MigrationDetail, tab: str, width: int, now: datetime, *, colored: bool = True) -> list[DetailRow]:
    """The rows of a tab, at most `width` cells wide. `now` is what ages are counted from."""
    if detail.problem and tab not in detail.loading:
        problem = [*sentence("✖ ", detail.problem, ERROR, width), *sentence("→ ", detail.hint, MUTED, width), blank()]
    else:
        problem = []
    if tab in detail.loading:
        return [*problem, DetailRow(Content.styled("◐ reading…", MUTED))]
    if tab == INFO:
        return [*problem, *info_rows(detail, width, now)]
    if tab == HISTORY:
        return [*problem, *history_rows(detail.history, width, now)]
    return [*problem, *section_rows(detail, tab, width, colored)]
