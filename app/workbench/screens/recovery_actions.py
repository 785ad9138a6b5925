"""What can be done on the recovery screen, and why not."""

from __future__ import annotations

from miger.workbench.actions import (
    APP,
    BACK,
    KEYS,
    LOOK,
    MOVE,
    PALETTE,
    RUN,
    WRITE,
    Action,
    Context,
    needs_writing,
)


def _stop(context: Context) -> str:
    return "" if context.situation.own_run is not None else "nothing is running here"


RECOVERY_ACTIONS: tuple[Action, ...] = (
    Action("choose", ("enter",), "choose…", "Ask whether to take this way out; a number chooses, too.", RUN, 1,
           needs_writing),
    Action("stop", ("ctrl+c",), "stop", "Stop the run after the current statement.", RUN, 2, _stop,
           lambda context: not _stop(context)),
    Action("edit", ("e",), "edit", "Open the migration's file in $EDITOR.", WRITE, 3,
           lambda context: "" if context.selected and context.selected.migration else "it has no file"),
    Action("next", ("tab",), "next pane", "Go to the next pane.", MOVE, 4),
    Action("previous", ("shift+tab",), "previous pane", "Go to the pane before.", MOVE),
    Action("refresh", ("r",), "refresh", "Look again, and ask verify again.", LOOK, 5),
    PALETTE,
    BACK._replace(group=APP, rank=6),
    KEYS,
)  # fmt: skip
