"""SQL text into statements, streaming: exactly where the database's own client would split it."""

from miger.engine.statements.split import SplitError, pieces, split
from miger.engine.statements.statement import Statement

__all__ = ["SplitError", "Statement", "pieces", "split"]
