"""How many documents a rehearsal on MongoDB writes: what the server answers to the commands of one client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
WRITES = frozenset({"insert", "update", "delete", "findAndModify"})


class Tally(CommandListener):
    """Counts documents by collection. Those of a transaction count when it is committed."""

    def __init__(self, database: str) -> None:
        self.without: Collection[str] = ()  # collections that nobody asks about
        self._database = database
        self._sent: dict[int, CommandStartedEvent] = {}
        self._counted: Counter[tuple[str, str]] = Counter()
        self._pending: Counter[tuple[str, str]] = Counter()

    def clear(self) -> None:
        """Begins anew."""
        self._counted.clear()

    def lines(self) -> tuple[str, ...]:
        """A line for each collection: `documents of users: 2 added, 30 changed`."""
        verbs: dict[str, list[str]] = {}
        for (collection, verb), count in sorted(self._counted.items()):
            if count:
                verbs.setdefault(collection, []).append(f"{count} {verb}")
        return tuple(f"documents of {collection}: {', '.join(found)}" for collection, found in verbs.items())

    def started(self, event: CommandStartedEvent) -> None:
        """Keeps what the answer will belong to."""
        if event.command.get("startTransaction"):
            self._pending.clear()
        if event.command_name in WRITES and event.database_name == self._database:
            self._sent[event.request_id] = event

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Counts."""
        if event.command_name == "commitTransaction":
            self._counted += self._pending
            self._pending.clear()
        sent = self._sent.pop(event.request_id, None)
        if sent is None or sent.command[sent.command_name] in self.without:
            return
        counted = self._pending if "autocommit" in sent.command else self._counted
        for verb, count in _counts(sent.command_name, sent.command, event.reply).items():
            counted[sent.command[sent.command_name], verb] += count

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing was written."""
        self._sent.pop(event.request_id, None)


def _counts(name: str, command: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, int]:
    count = int(reply.get("n", 0))
    if name == "insert":
        return {ADDED: count}
    if name == "delete":
        return {REMOVED: count}
    if name == "update":
        return {CHANGED: int(reply.get("nModified", 0)), ADDED: len(reply.get("upserted", ()))}
    found = reply.get("lastErrorObject", {})
    if "upserted" in found:
        return {ADDED: 1}
    return {REMOVED if command.get("remove") else CHANGED: int(found.get("n", 0))}
