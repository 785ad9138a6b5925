"""A preview with its totals, and what is there instead of one while it is made or cannot be."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from miger.engine.events import Event
from miger.engine.preview.values import Preview
from miger.widgets.preview_totals import Part, totals
from miger.widgets.preview_tree import TONES, PreviewTree
from miger.widgets.words import fit, printable, printable_lines

EMPTY = "No preview yet. It shows what a plan would do, statement by statement; nothing of it stays."
NOTHING = "Nothing to do: the plan has no steps."
FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SECONDS_A_FRAME = 0.1


class PreviewView(Vertical):
    """Shows one of: nothing yet, a dry run under way, why there is none, a preview, a run of its plan."""

    DEFAULT_CSS = """
    PreviewView { background: $surface; }
    PreviewView > #preview-word { height: 1fr; padding: 1 2; color: $foreground; background: $surface; }
    PreviewView > PreviewTree { height: 1fr; display: none; }
    PreviewView > #preview-totals {
        height: auto; max-height: 5; display: none; padding: 0 1;
        background: $panel; color: $foreground;
    }
    PreviewView.-shown > #preview-word { display: none; }
    PreviewView.-shown > PreviewTree { display: block; }
    PreviewView.-shown > #preview-totals { display: block; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._preview: Preview | None = None
        self._word = Content.styled(EMPTY, "$foreground-muted")
        self._work = ""
        self._frame = 0
        self._ready = False  # whether there are widgets to show it in
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """A word, or the tree over its totals."""
        yield Static(id="preview-word")
        yield PreviewTree(id="preview-tree")
        yield Static(id="preview-totals")

    def on_mount(self) -> None:
        """Shows what it was given before."""
        self._ready = True
        self._timer = self.set_interval(SECONDS_A_FRAME, self._turn, pause=True)
        if self._preview is not None:
            self.show(self._preview)
        elif self._work:
            self.show_working(self._work)
        else:
            self._tell(self._word)

    @property
    def body(self) -> PreviewTree:
        """The rows; it takes the focus."""
        return self.query_one(PreviewTree)

    @property
    def preview(self) -> Preview | None:
        """The preview that is shown."""
        return self._preview

    # What is shown

    def show(self, preview: Preview) -> None:
        """Shows a preview."""
        self._preview, self._work = preview, ""
        if not self._ready:
            return
        if not preview.steps:
            self._tell(Content.styled(NOTHING, "$foreground-muted"))
            return
        self._stop()
        self.add_class("-shown")
        self.body.show(preview)
        self._tell_totals()

    def show_nothing(self) -> None:
        """Shows that no preview was asked for."""
        self._forget(Content.styled(EMPTY, "$foreground-muted"))

    def show_working(self, work: str) -> None:
        """Shows that a preview is being made: `work` says how, as in `dry run by rollback`."""
        self._preview, self._work = None, printable(work)
        if not self._ready:
            return
        self._turn()
        if self._timer is not None and self.app.animation_level != "none":
            self._timer.resume()

    def show_problem(self, message: str, hint: str = "") -> None:
        """Shows why there is no preview, and what to do about it."""
        lines = [Content.styled("✖ No preview", "bold $text-error"), Content("")]
        lines += [Content(line) for line in printable_lines(message)]
        lines += [Content(""), Content.styled(f"→ {printable(hint)}", "$foreground-muted")] if hint else []
        self._forget(Content("\n").join(lines))

    def begin_run(self) -> None:
        """From now on it shows a run of this plan."""
        if self.body.model is not None:
            self.body.model.begin_run()
            self.body.apply(())
            self._tell_totals()

    def apply(self, *events: Event) -> None:
        """Takes events of a run of this plan; a batch is drawn once."""
        self.body.apply(events)
        self._tell_totals()

    # Drawing

    def _forget(self, word: Content) -> None:
        self._preview, self._work, self._word = None, "", word
        if self._ready:
            self._tell(word)

    def _tell(self, word: Content) -> None:
        self._stop()
        self.remove_class("-shown")
        self.query_one("#preview-word", Static).update(word)

    def _turn(self) -> None:
        """The next picture of the moving line."""
        self._frame = (self._frame + 1) % len(FRAMES)
        self.remove_class("-shown")
        line = Content.assemble((f"{FRAMES[self._frame]} ", "bold $text-primary"), f"{self._work}…")
        note = Content.styled("Nothing of it stays in the database.", "$foreground-muted")
        self.query_one("#preview-word", Static).update(Content("\n").join([line, Content(""), note]))

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.pause()

    def on_resize(self) -> None:
        """Breaks the totals anew."""
        self._tell_totals()

    def _tell_totals(self) -> None:
        model = self.body.model
        if model is not None:
            parts = totals(model.preview, model.run)
            self.query_one("#preview-totals", Static).update(totals_lines(parts, self.size.width - 2))


def totals_lines(parts: Iterable[Part], width: int) -> Content:
    """The parts with dots between them, in lines of at most `width` cells; broken between parts."""
    lines: list[Content] = []
    for part in parts:
        content = Content.styled(fit(printable(part.text), max(width, 8)), TONES[part.tone])
        if lines and lines[-1].cell_length + 3 + content.cell_length <= width:
            lines[-1] = lines[-1] + Content.styled(" · ", "$foreground-muted") + content
        else:
            lines.append(content)
    return Content("\n").join(lines)
