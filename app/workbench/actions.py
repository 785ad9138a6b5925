"""Everything a person can do, in one registry: the keys, the footer, the help and the palette are read from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from textual.binding import Binding, BindingType

from miger.engine.status import MigrationStatus
from miger.workbench.situation import Situation


class Context(NamedTuple):
    """What an action is about: all that is known, the migration under the cursor, and the focused pane.

    `phase` is how far the screen's own work has come, in a word of that screen.
    """

    situation: Situation
    selected: MigrationStatus | None = None
    pane: str = ""
    phase: str = ""


class Action(NamedTuple):
    """One thing a person can do on a screen.

    `keys` are Textual's names of keys, the first is the one shown. `why_not` tells why it can't be done now, ""
    where it can. `rank` is its place in the footer, 0 for never; `offered` says whether it is there now.
    `group` is its heading in the help.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    rank: int = 0
    why_not: Callable[[Context], str] = lambda context: ""
    offered: Callable[[Context], bool] = lambda context: True

    @property
    def key(self) -> str:
        """The key as people read it."""
        return shown_key(self.keys[0])


_SHOWN = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "escape": "esc",
    "plus": "+",
    "underscore": "_",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "asterisk": "*",
    "exclamation_mark": "!",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def shown_key(key: str) -> str:
    """A key as people read it: `?`, `E`, `ctrl+d`."""
    return _SHOWN.get(key, key)


def bindings_of(actions: Iterable[Action]) -> list[BindingType]:
    """Textual's bindings: each key calls `act` with the action's id."""
    return [Binding(key, f"act('{action.id}')", action.label, show=False) for action in actions for key in action.keys]


def footer_of(actions: Sequence[Action], context: Context, most: int = 8) -> list[tuple[Action, bool]]:
    """The actions for the footer and whether each can be done now: at most `most`, `?` always among them."""
    ranked = sorted((action for action in actions if action.rank and action.offered(context)), key=lambda a: a.rank)
    keys = [action for action in ranked if action.id == "keys"]
    chosen = [action for action in ranked if action.id != "keys"][: most - len(keys)]
    return [(action, not action.why_not(context)) for action in [*chosen, *keys]]


# Why not


def needs_status(context: Context) -> str:
    """Nothing can be planned on a database that does not answer."""
    situation = context.situation
    if situation.trouble is not None:
        return "the database cannot be reached; r tries again"
    return "the database has not answered yet" if situation.status is None else ""


def needs_writing(context: Context) -> str:
    """What changes the database is refused where that is read-only, and while another run is under way."""
    situation = context.situation
    if why := needs_status(context):
        return why
    if situation.environment.read_only:
        return f"environment {situation.environment.name} is read-only (read_only in miger.toml)"
    if situation.own_run is not None:
        return f"{situation.own_run.title} is still running"
    if situation.problems:
        return "the migrations folder has problems: mend them first"
    return ""


def _dirty(situation: Situation) -> tuple[str, ...]:
    return situation.ids("dirty")


def _up(context: Context) -> str:
    if context.situation.own_run is not None:
        return ""  # its screen is shown again
    if why := needs_status(context):
        return why
    if dirty := _dirty(context.situation):
        return f"{dirty[0]} is dirty: x recovers it first"
    return "" if context.situation.ids("pending") else "nothing is pending"


def _preview(context: Context) -> str:
    if context.situation.own_run is not None:
        return ""  # its screen is shown again
    if why := needs_status(context):
        return why
    selected = context.selected
    if selected is None:
        return "no migration is selected"
    if selected.state == "pending" or selected.state == "applied":
        return f"{_dirty(context.situation)[0]} is dirty: x recovers it first" if _dirty(context.situation) else ""
    return (
        f"{selected.id} is {selected.state}: x tells what can be done"
        if selected.state != "running"
        else "it is running"
    )


def _down(context: Context) -> str:
    if context.situation.own_run is not None:
        return ""  # its screen is shown again
    if why := needs_status(context):
        return why
    if dirty := _dirty(context.situation):
        return f"{dirty[0]} is dirty: x recovers it first"
    return "" if context.situation.ids("applied") else "nothing is applied"


def _recover(context: Context) -> str:
    if why := needs_status(context):
        return why
    return "" if context.situation.ids("dirty", "modified", "missing") else "nothing is dirty, modified or missing"


def _merge(context: Context) -> str:
    heads = context.situation.heads
    return "" if len(heads) > 1 else "there is one head: nothing to merge"


def _file(context: Context) -> str:
    selected = context.selected
    if selected is None:
        return "no migration is selected"
    return "" if selected.migration is not None else f"{selected.id} has no file"


def _selected(context: Context) -> str:
    return "" if context.selected is not None else "no migration is selected"


def _problems(context: Context) -> str:
    situation = context.situation
    wrong = situation.problems or situation.config_error is not None or situation.trouble is not None
    return "" if wrong or situation.live_holder is not None else "nothing stands in the way"


def _create(context: Context) -> str:
    return "the migrations folder has problems: mend them first" if context.situation.problems else ""


RUN, LOOK, WRITE, MOVE, APP = "Run", "Look", "Write", "Move", "Workbench"

QUIT = Action("quit", ("q", "ctrl+q"), "quit", "Leave the workbench.", APP, 8)
KEYS = Action("keys", ("question_mark", "f1"), "keys", "List the keys; those of the focused pane first.", APP, 9)
PALETTE = Action("palette", ("colon", "ctrl+p"), "commands", "Find any command by its name.", APP, 7)
BACK = Action("back", ("escape", "q"), "back", "Back to where you came from.", APP, 7)

HOME_ACTIONS: tuple[Action, ...] = (
    Action("recover", ("x",), "recover", "Get out of a dirty, modified or missing migration.", RUN, 1, _recover,
           lambda context: bool(context.situation.ids("dirty"))),
    Action("merge", ("m",), "merge heads", "Write a migration that joins the heads.", WRITE, 1, _merge,
           lambda context: len(context.situation.heads) > 1 and not context.situation.ids("dirty")),
    Action("preview", ("p",), "preview", "Dry run of the selected migration, or of its way back.", RUN,
           2, _preview),
    Action("up", ("u",), "apply", "Preview all that is pending; apply it from there.", RUN, 3, _up),
    Action("down", ("d",), "roll back", "Preview the way back of the selected or last one.",
           RUN, 4, _down),
    Action("create", ("c",), "create", "Write a new migration, step by step.", WRITE, 5, _create),
    Action("history", ("h",), "history", "What happened to this database, and who did it.", LOOK, 6, needs_status),
    Action("environments", ("E",), "environment", "See all environments, and switch.", LOOK, 6),
    Action("problems", ("exclamation_mark",), "problems", "What stands in the way: config, files, database.", LOOK, 1,
           _problems, lambda context: not _problems(context)),
    Action("filter", ("slash",), "filter", "Show some only: status:pending, phase:expand, !inverse, words.", LOOK),
    Action("verify", ("v",), "verify", "Do the database and the folder agree? Drift, too.", LOOK, 0, needs_status),
    Action("edit", ("e",), "edit", "Open the selected migration's file in $EDITOR.", WRITE, 0, _file),
    Action("copy", ("y",), "copy", "Copy the selected id, or the log's line, to the clipboard.", LOOK, 0, _selected),
    Action("refresh", ("r",), "refresh", "Look at the folder and the database again now.", LOOK),
    Action("pane_graph", ("1",), "graph", "Go to the graph.", MOVE),
    Action("pane_detail", ("2",), "detail", "Go to the detail of the selected migration.", MOVE),
    Action("pane_log", ("3",), "log", "Go to the log; on a small terminal, open it.", MOVE),
    Action("pane_preview", ("4",), "dry run", "Go to the preview in the detail: a dry run of this migration.", MOVE),
    Action("follow", ("f",), "follow", "Follow the log, or hold it.", MOVE),
    Action("pane_next", ("tab",), "next pane", "Go to the next pane.", MOVE),
    Action("pane_previous", ("shift+tab",), "previous pane", "Go to the pane before.", MOVE),
    Action("enlarge", ("plus",), "enlarge", "Make the focused pane larger.", MOVE),
    Action("shrink", ("underscore",), "shrink", "Make the focused pane smaller.", MOVE),
    Action("theme", ("T",), "theme", "Dark, light, high contrast.", APP),
    PALETTE,
    QUIT,
    KEYS,
)  # fmt: skip
"""What can be done on the home screen. The keys to move belong to the panes themselves."""
