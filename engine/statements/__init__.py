"""SQL text into statements, streaming: exactly where the database's own client would split it."""

from miger.engine.statements.group import Group
from miger.engine.statements.split import SplitError, groups, pieces, split
from miger.engine.statements.statement import Statement

__all__ = ["Group", "SplitError", "Statement", "groups", "pieces", "split"]
