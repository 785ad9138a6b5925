"""What a terminal that is too small shows instead of everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static

if TYPE_CHECKING:
    from miger.workbench.app import Workbench

LEAST = Size(60, 16)


def is_too_small(size: Size) -> bool:
    """Whether the workbench cannot be used in so few cells."""
    return size.width < LEAST.width or size.height < LEAST.height


class TooSmallScreen(Screen[None]):
    """Covers the screen in front until there is room again. Only q is heeded: the rest could not be seen."""

    BINDINGS = [Binding("q,ctrl+q", "leave", "Quit", show=False)]  # noqa: RUF012  # as Textual has it
    DEFAULT_CSS = """
    TooSmallScreen { align: center middle; background: $background; color: $foreground; overflow: hidden; }
    TooSmallScreen Static { width: 100%; height: auto; text-align: center; }
    """

    def compose(self) -> ComposeResult:
        """The words, in the middle."""
        yield Static()

    def on_resize(self, event: Resize) -> None:
        """Tells how large it is, and how large it must be; as many lines as there are."""
        width, height = event.size
        lines = (
            Content.styled("this terminal is too small", "bold"),
            Content(f"it is {width}x{height}"),
            Content(f"miger needs {LEAST.width}x{LEAST.height}"),
            Content.styled("q quits", "$text-muted"),
        )
        self.query_one(Static).update(Content("\n").join(lines[: max(height, 1)]))

    def on_screen_resume(self) -> None:
        """It may be large enough by now, after another screen was in front."""
        if not is_too_small(self.app.size):
            self.dismiss()

    def action_leave(self) -> None:
        """Leaves the workbench; where a run goes on, it says so as soon as there is room."""
        app = cast("Workbench", self.app)
        if app.situation.own_run is None:
            app.exit(0)
        else:
            self.notify("a run is under way: ctrl+c stops it")


def mind_size(app: Workbench, size: Size) -> None:
    """Covers the workbench where it has become too small, and uncovers it again."""
    if not app.is_running or not app.screen_stack:
        return
    covered = any(isinstance(screen, TooSmallScreen) for screen in app.screen_stack)
    if is_too_small(size) and not covered:
        app.push_screen(TooSmallScreen())
    elif covered and not is_too_small(size) and isinstance(app.screen, TooSmallScreen):
        app.screen.dismiss()
