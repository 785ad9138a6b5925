"""Watch `miger.toml` and the migrations folder, for a process that lives while people work on them.

    stop = threading.Event()
    for change in watch("shop", stop):  # blocks: meant for a thread of its own
        match change:
            case ConfigChanged(config): ...
            case ConfigBroken(error): ...
            case MigrationsChanged(folder): ...

What tells of a change is the operating system, by watchfiles; what has changed is found out by looking:
a folder whose watch was set up anew is looked at in any case, so nothing is missed in between. Where the
system cannot tell, as on most network drives, `force_polling` or WATCHFILES_FORCE_POLLING=1 in the
process environment lets watchfiles look for itself.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

from miger.engine.config import Config, load_config
from miger.engine.errors import ConfigError
from miger.engine.loader import SUFFIXES

if TYPE_CHECKING:
    from watchfiles.main import FileChange

STEP_MS = 100  # so long nothing must happen until a change counts as made: an editor writes in several steps
TICK_MS = 500  # how often a doubt is looked into; a tick without one does nothing
CLOCK_STEP = 0.1  # seconds; how far the times of files may lie behind the clock
SETTLING = 2.5  # seconds; with polling, a second change within one second of the clock goes unseen


class ConfigChanged(NamedTuple):
    """`miger.toml` is valid and says something else than before, or is whole again."""

    config: Config


class ConfigBroken(NamedTuple):
    """`miger.toml` is not valid, or gone; the last good configuration stays."""

    error: ConfigError


class MigrationsChanged(NamedTuple):
    """Files of the migrations folder came, went or changed, or the folder is another one now."""

    folder: str


Change = ConfigChanged | ConfigBroken | MigrationsChanged


class Stop(Protocol):
    """What `threading.Event` is."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


class Watch:
    """Gives each change since it was made, until `stop` is set; `config` and `error` are where things stand.

    With `since`, in seconds since the epoch, also that migrations changed since then: by the times that the
    file system keeps, so at most once more than need be.

    `config` is always a valid one. With `environment`, one in which that environment is missing or wrong
    counts as broken. A file that is missing or wrong for less than `patience` seconds is still being
    written, and no error.
    """

    def __init__(
        self,
        config: Config,
        stop: Stop,
        *,
        environment: str | None = None,
        patience: float = 0.5,
        force_polling: bool | None = None,
        since: float | None = None,
    ) -> None:
        self.config = config
        self.error: ConfigError | None = None
        self.polling = force_polling
        self._stop = stop
        self._environment = environment
        self._patience = patience
        self._doubted_since: float | None = None
        self._settled_at = 0.0
        self._migrations = _contents(config.migrations)
        self._told = since is None or not self._migrations.touched_since(since - CLOCK_STEP)

    def __iter__(self) -> Iterator[Change]:
        while not self._stop.is_set():
            try:
                yield from self._until_moved()
            except FileNotFoundError:  # a folder that was there a moment ago: look again which are
                continue
            except (OSError, RuntimeError):  # watchfiles: the system has no watches left, or the drive none to give
                if self.polling:
                    yield from self._look(set(), everything=True)
                    time.sleep(TICK_MS / 1000)
                self.polling = True

    def _until_moved(self) -> Iterator[Change]:
        """The changes until a watched folder is another one, or `stop` is set."""
        folders = self._folders()
        if self.polling:
            self._settle()
        with contextlib.closing(self._batches(folders)) as batches:
            everything = True
            for batch in batches:
                paths = {path for _, path in batch}
                yield from self._look(paths, everything=everything)
                everything = False
                replaced = any(path in folders and change.name != "modified" for change, path in batch)
                if replaced or self._folders() != folders:
                    return

    def _batches(self, folders: frozenset[str]) -> Generator[set[FileChange]]:
        """Sets of changes in `folders`; an empty one at each tick without any."""
        import watchfiles  # deferred: only processes that live long watch

        return watchfiles.watch(
            *sorted(folders),
            watch_filter=None,
            step=STEP_MS,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            force_polling=self.polling,
            recursive=False,
            ignore_permission_denied=True,
        )

    def _folders(self) -> frozenset[str]:
        """What is to be watched. Files are replaced, so it is their folders; or what is there of the way to them."""
        path = self.config.path
        places = (os.path.dirname(path), os.path.dirname(os.path.realpath(path)), self.config.migrations)
        return frozenset(os.path.realpath(_nearest_folder(place)) for place in places)

    def _look(self, paths: set[str], *, everything: bool) -> Iterator[Change]:
        unsettled = self._doubted_since is not None or time.monotonic() < self._settled_at
        if not (paths or everything or unsettled):
            return
        yield from self._look_at_config()
        folder = self.config.migrations
        touched = os.path.realpath(folder) in {place for path in paths for place in (path, os.path.dirname(path))}
        if everything or unsettled or touched or folder != self._migrations.folder:
            yield from self._look_at_migrations(folder)

    def _look_at_config(self) -> Iterator[Change]:
        try:
            config = self.config.read_again()
            if self._environment is not None:
                config.environment(self._environment)
        except ConfigError as error:
            yield from self._doubt(error)
            return
        self._doubted_since = None
        if self.error is None and config == self.config:
            return
        self.config, self.error = config, None
        self._settle()
        yield ConfigChanged(config)

    def _doubt(self, error: ConfigError) -> Iterator[Change]:
        """Tells of an error, once, that has stood for `patience`."""
        if self.error is not None and str(error) == str(self.error):
            self._doubted_since = None
            return
        now = time.monotonic()
        if self._doubted_since is None:
            self._doubted_since = now
        if now - self._doubted_since < self._patience:
            return
        self._doubted_since = None
        self.error = error
        self._settle()
        yield ConfigBroken(error)

    def _look_at_migrations(self, folder: str) -> Iterator[Change]:
        contents = _contents(folder)
        if contents != self._migrations or not self._told:
            self._migrations, self._told = contents, True
            self._settle()
            yield MigrationsChanged(folder)

    def _settle(self) -> None:
        self._settled_at = time.monotonic() + SETTLING


def watch(
    path: str,
    stop: Stop,
    *,
    environment: str | None = None,
    patience: float = 0.5,
    force_polling: bool | None = None,
) -> Watch:
    """Watches the project whose `miger.toml`, or whose folder, is `path`; see `Watch`. Raises ConfigError."""
    config = load_config(path)
    return Watch(config, stop, environment=environment, patience=patience, force_polling=force_polling)


class _Contents(NamedTuple):
    """The migration files of a folder, each with what changes when it is written; None where there is no folder."""

    folder: str
    files: frozenset[tuple[str, int, int, int, int]] | None

    def touched_since(self, since: float) -> bool:
        """Whether a file was written, came or went since then, in seconds since the epoch."""
        try:
            latest = os.stat(self.folder).st_mtime_ns
        except OSError:
            return False
        latest = max([latest, *(max(written, changed) for _, written, changed, _, _ in self.files or ())])
        return latest >= since * 1e9


def _contents(folder: str) -> _Contents:
    files = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name[0] not in "._" and entry.name.rpartition(".")[2].lower() in SUFFIXES:
                    files.append(_stamp(entry))
    except OSError:
        return _Contents(folder, None)
    return _Contents(folder, frozenset(files))


def _stamp(entry: os.DirEntry[str]) -> tuple[str, int, int, int, int]:
    try:
        found = entry.stat()
    except OSError:  # gone, or a link to nothing
        return entry.name, 0, 0, 0, 0
    return entry.name, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _nearest_folder(path: str) -> str:
    """`path` if it is a folder, else the nearest one above it."""
    while not os.path.isdir(path):
        parent = os.path.dirname(path)
        if parent == path:
            break
        path = parent
    return path
