"""What can be done on the preview screen, and why not."""

from __future__ import annotations

from textual.binding import Binding

from miger.workbench.actions import (
    APP,
    BACK,
    KEYS,
    LOOK,
    PALETTE,
    RUN,
    WRITE,
    Action,
    Context,
    bindings_of,
    needs_writing,
)

PLANNING, TRYING, SHOWN, NOTHING, PROBLEM, RUNNING, ENDED = (
    "planning",
    "trying",
    "shown",
    "nothing",
    "problem",
    "running",
    "ended",
)
"""How far the screen has come. While TRYING the statements are listed already."""


def _execute(context: Context) -> str:
    match context.phase:
        case "running":
            return "it is running: ctrl+c stops it after the current statement"
        case "ended":
            return "it has run: r previews what is left"
        case "nothing":
            return "there is nothing to do"
        case "problem":
            return "there is no preview, so there is nothing to run"
    if why := needs_writing(context):
        return why
    return "" if context.phase == SHOWN else "the preview is not ready yet; M previews in another way"


def _script(context: Context) -> str:
    return "" if context.phase in (TRYING, SHOWN, RUNNING, ENDED) else "there is no plan"


def _again(context: Context) -> str:
    if context.phase == RUNNING:
        return "it is running: ctrl+c stops it after the current statement"
    return "the preview is being made" if context.phase in (PLANNING, TRYING) else ""


def _otherwise(context: Context) -> str:
    return "it is running: ctrl+c stops it after the current statement" if context.phase == RUNNING else ""


def _stop(context: Context) -> str:
    return "" if context.phase == RUNNING else "nothing is running here"


def _recover(context: Context) -> str:
    wrong = context.situation.ids("dirty", "modified", "missing")
    return "" if wrong else "nothing is dirty, modified or missing"


PREVIEW_ACTIONS: tuple[Action, ...] = (
    Action("recover", ("x",), "recover", "Get out of a dirty, modified or missing migration.", RUN, 1, _recover,
           lambda context: not _recover(context)),
    Action("execute", ("a",), "execute…", "Ask whether to run it; runs nothing itself.", RUN, 2, _execute),
    Action("save", ("s",), "save script", "Write the plan as a script into a new file.", WRITE, 3, _script),
    Action("copy", ("y", "Y"), "copy", "Copy the script; y in the list: the line under the cursor.", LOOK, 5,
           _script),
    Action("turn", ("t",), "other aim", "All that is pending, or up to the selected; back: the last, or from there.",
           LOOK, 4, _otherwise),
    Action("mode", ("M",), "mode", "Preview in another way: rollback, rehearse, or list the statements only.", LOOK, 5,
           _otherwise),
    Action("again", ("r",), "again", "Make the preview anew.", LOOK, 6, _again),
    Action("edit", ("e",), "edit", "Open the file in $EDITOR: the one to mend, or the first.",
           WRITE),
    Action("stop", ("ctrl+c",), "stop", "Stop the run after the current statement.", RUN, 1, _stop,
           offered=lambda context: context.phase == RUNNING),
    PALETTE,
    BACK._replace(group=APP, rank=6),
    KEYS,
)  # fmt: skip

# The keys of the list, wherever the focus is: with Cancel focused one reads on all the same.
_LIST_KEYS = (
    ("j,down", "'move', 1"),
    ("k,up", "'move', -1"),
    ("g,home", "'move_to_first'"),
    ("G,end", "'move_to_last'"),
    ("ctrl+d", "'move_by_pages', 0.5"),
    ("ctrl+u", "'move_by_pages', -0.5"),
    ("pagedown", "'move_by_pages', 1"),
    ("pageup", "'move_by_pages', -1"),
    ("space", "'open'"),
    ("asterisk,O", "'toggle_all'"),
    ("right_curly_bracket", "'move_to_step', 1"),
    ("left_curly_bracket", "'move_to_step', -1"),
)
PREVIEW_BINDINGS = [
    *bindings_of(action for action in PREVIEW_ACTIONS if action.id != "stop"),  # ctrl+c is the app's
    *(Binding(keys, f"list({call})", show=False) for keys, call in _LIST_KEYS),
]
