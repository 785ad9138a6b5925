"""A little project in a temporary folder, for tests that run whole migrations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from miger.engine.events import Event, LogLine, Progress, StatementFinished
from miger.engine.state import HistoryEntry
from miger.project import Project


class Shop:
    """A folder with `miger.toml` and migrations, on one database; keeps the events of its last run."""

    def __init__(self, folder: Path, url: str, **settings: object) -> None:
        self.folder = folder / "shop"
        self.url = url
        self.settings: dict[str, object] = {"lock_timeout": "5s", **settings}
        self.events: list[Event] = []
        (self.folder / "migrations").mkdir(parents=True)
        self._configure()

    def configure(self, **settings: object) -> None:
        """Changes the environment's settings; None takes one out."""
        self.settings.update(settings)
        self._configure()

    def _configure(self) -> None:
        lines = ["[project]", 'name = "shop"', 'migrations = "migrations"', "[environments.dev]"]
        lines.append(f"url = {json.dumps(self.url)}")
        lines += [f"{name} = {json.dumps(value)}" for name, value in self.settings.items() if value is not None]
        (self.folder / "miger.toml").write_text("\n".join(lines) + "\n")

    def path(self, id: str, suffix: str = "sql") -> Path:
        return self.folder / "migrations" / f"{id}.{suffix}"

    def sql(self, id: str, up: str, *, down: str = "", verify: str = "", transaction: bool = True) -> None:
        """Writes an SQL migration; its `up` starts on line 2, with `transaction = False` on line 5."""
        text = "" if transaction else "-- /// miger\n-- transaction = false\n-- ///\n"
        text += f"-- miger:up\n{up}\n"
        text += f"-- miger:verify\n{verify}\n" if verify else ""
        text += f"-- miger:down\n{down}\n" if down else ""
        self.path(id).write_text(text)

    def python(self, id: str, body: str, *, transaction: bool = True) -> None:
        """Writes a Python migration; its body starts on line 1, with `transaction = False` on line 4."""
        text = "" if transaction else "# /// miger\n# transaction = false\n# ///\n"
        self.path(id, "py").write_text(text + body)

    @contextmanager
    def project(self) -> Iterator[Project]:
        with Project.open(str(self.folder)) as project:
            yield project

    def up(self, target: str | None = None) -> tuple[str, ...]:
        """Applies what is pending; the ids. Raises what a run raises."""
        self.events = []
        with self.project() as project:
            return project.up(target, on_event=self.events.append).finished

    def down(self, target: str | None = None) -> tuple[str, ...]:
        self.events = []
        with self.project() as project:
            return project.down(target, on_event=self.events.append).finished

    def repair(self, id: str, choice: str = "resume", **options: Any) -> bool:
        self.events = []
        with self.project() as project:
            return project.repair(id, choice, on_event=self.events.append, **options)

    def state(self, id: str) -> str:
        with self.project() as project:
            return project.status().by_id[id].state

    def states(self) -> dict[str, str]:
        with self.project() as project:
            return {item.id: item.state for item in project.status().migrations}

    def history(self) -> list[HistoryEntry]:
        """Oldest first."""
        with self.project() as project:
            return project.history()[::-1]

    def happenings(self) -> list[tuple[str, str]]:
        return [(entry.id, entry.event) for entry in self.history()]

    @property
    def log(self) -> list[str]:
        """The log lines of the last run."""
        return [event.message for event in self.events if isinstance(event, LogLine)]

    @property
    def ran(self) -> list[str]:
        """The texts of the statements that the last run really ran."""
        return [e.text for e in self.events if isinstance(e, StatementFinished) and not e.skipped]

    @property
    def progress(self) -> list[tuple[str, int, int | None]]:
        return [(event.name, event.done, event.total) for event in self.events if isinstance(event, Progress)]
