"""What a migration must not send in a rehearsal on MongoDB: a command that reaches beyond the copy.

A copy lies on the same server as its original, and `db.database.client` leads to every database of it. So the
driver shows each command of the copy's client to a listener before it is sent. A client that a migration makes
by itself is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

# Commands on the database `admin` that change nothing but sessions and transactions.
ON_SERVER = frozenset(
    {
        "hello",
        "ismaster",
        "ping",
        "buildinfo",
        "connectionstatus",
        "hostinfo",
        "serverstatus",
        "getparameter",
        "listdatabases",
        "committransaction",
        "aborttransaction",
        "startsession",
        "refreshsessions",
        "endsessions",
        "killsessions",
        "getmore",
        "killcursors",
    }
)
SIGNING_IN = frozenset({"saslstart", "saslcontinue", "authenticate"})  # on the database that knows the user
ACCOUNTS = re.compile(r"(?:User|Role)s?(?:To|From|$)|AllUsers|AllRoles")  # they outlive their database


class ReachesOut(BaseException):
    """Stops a command. No Exception: the driver prints those of a listener and goes on."""


class Guard(CommandListener):
    """Lets the commands of a client do nothing beyond one database. `outside` is what last tried to."""

    def __init__(self, database: str) -> None:
        self.outside = ""
        self._database = database

    def started(self, event: CommandStartedEvent) -> None:
        """Raises ReachesOut."""
        found = reaches_out(event.command_name, event.database_name, event.command, self._database)
        if found:
            self.outside = f"{found}: {event.command_name}"
            raise ReachesOut(self.outside)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing more is to be known."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing more is to be known."""


def reaches_out(name: str, database: str, command: Mapping[str, Any], own: str) -> str:
    """What a command, sent to `database`, reaches beyond the database `own`; "" for nothing."""
    if name.lower() in SIGNING_IN:
        return ""
    if ACCOUNTS.search(name):
        return "the server's users"
    if database == own:
        others = [written for written in _written_by(command) if written != own]
        return f"database {others[0]}" if others else ""
    if database != "admin":
        return f"database {database}"
    if name.lower() in ON_SERVER or _asks_what_runs(name, command):
        return ""
    spaces = _namespaces(name, command)
    inside = spaces and all(space.partition(".")[0] == own for space in spaces)
    return "" if inside else "the server"


def _written_by(command: Mapping[str, Any]) -> list[str]:
    """The databases that `$out`, `$merge` or the `out` of a mapReduce names."""
    found = []
    pipeline = command.get("pipeline")
    for stage in pipeline if isinstance(pipeline, Sequence) else ():
        out = stage.get("$out") if isinstance(stage, Mapping) else None
        merge = stage.get("$merge") if isinstance(stage, Mapping) else None
        into = merge.get("into") if isinstance(merge, Mapping) else None
        found += [str(out.get("db"))] if isinstance(out, Mapping) else []
        found += [str(into["db"])] if isinstance(into, Mapping) and "db" in into else []
    out = command.get("out")
    found += [str(out["db"])] if isinstance(out, Mapping) and "db" in out else []
    return found


def _asks_what_runs(name: str, command: Mapping[str, Any]) -> bool:
    pipeline = command.get("pipeline") or [{}]
    return name == "aggregate" and list(pipeline[0]) == ["$currentOp"]


def _namespaces(name: str, command: Mapping[str, Any]) -> list[str]:
    """The collections, with their databases, that a command on `admin` changes; none where they are not known."""
    if name == "renameCollection":
        return [str(command["renameCollection"]), str(command.get("to"))]
    if name == "bulkWrite":
        return [str(space.get("ns")) for space in command.get("nsInfo", ())]
    return []
