"""What can be done in the wizard. Its keys work while a person types, so most of them are held with ctrl."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from miger.workbench.actions import APP, KEYS, LOOK, MOVE, WRITE, Action, Context
from miger.workbench.wizard.answers import BACKFILL, CONTENT, FORM, GENERATED, KIND, PYTHON, REVIEW, SQL


def _step(context: Context) -> str:
    """The step that is open: the screen puts it and the kind into `pane`."""
    return context.pane.partition(" ")[0]


def _kind(context: Context) -> str:
    return context.pane.partition(" ")[2]


def _written(context: Context) -> bool:
    return _step(context) == CONTENT and _kind(context) in (SQL, PYTHON)


def _offers(context: Context) -> bool:
    return _step(context) == REVIEW or (_step(context) == CONTENT and _kind(context) in (FORM, BACKFILL, GENERATED))


WIZARD_ACTIONS: tuple[Action, ...] = (
    Action("write", ("w",), "write it", "Write the file that is shown; nothing is run.", WRITE, 1,
           lambda context: context.phase, lambda context: _step(context) == REVIEW),
    Action("next", ("ctrl+n",), "next", "Go on to the next step; enter does, too, at the end of a step.", MOVE, 2,
           lambda context: "this is the last step: w writes the file" if _step(context) == REVIEW else "",
           lambda context: _step(context) != REVIEW),
    Action("back", ("escape", "ctrl+b"), "back", "One step back; nothing that was typed is lost.", MOVE, 3),
    Action("another", ("ctrl+g",), "another change", "Keep this change, and fill in another one for the same file.",
           WRITE, 5, offered=lambda context: _step(context) == CONTENT and _kind(context) == FORM),
    Action("edit", ("ctrl+e",), "edit", "Open the section in $EDITOR.", WRITE, 5, offered=_written),
    Action("look", ("ctrl+r",), "look again", "Read the tables, compare the schemas, or make the dry run, again.",
           LOOK, 6, offered=_offers),
    Action("file", ("ctrl+f",), "file", "Show the file, or what it is made of.", LOOK, 4,
           offered=lambda context: _step(context) != KIND),
    Action("leave", ("ctrl+q",), "cancel", "Leave the wizard; asks first where something was typed.", APP, 7),
    KEYS,
    Action("palette", ("colon", "ctrl+p"), "commands", "Find any command by its name.", APP),
    Action("theme", ("f2",), "theme", "Dark, light, high contrast.", APP),
)  # fmt: skip

WIZARD_BINDINGS: list[BindingType] = [
    # What is held with ctrl works in editors, too, where some of these keys mean something else.
    Binding(key, f"act('{action.id}')", action.label, show=False, priority=key.startswith("ctrl+"))
    for action in WIZARD_ACTIONS
    for key in action.keys
]
