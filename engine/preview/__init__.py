"""What a plan would do, shown or rehearsed, never applied."""

from miger.engine.preview.make import AUTO, MODES, SAMPLE_ROWS, make_preview
from miger.engine.preview.values import Lock, Preview, StatementPreview, StepPreview

__all__ = ["AUTO", "MODES", "SAMPLE_ROWS", "Lock", "Preview", "StatementPreview", "StepPreview", "make_preview"]
