"""A box to tick that also tells without colours whether it is."""

from __future__ import annotations

from textual.widgets import Checkbox


class TickBox(Checkbox):
    """Textual's checkbox, with nothing in the box while it is not ticked; the original has its X always."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Draws the tick, or none."""
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()
