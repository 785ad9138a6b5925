"""Running the functions of a Python migration."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from miger.engine.errors import MigerError, StepFailed
from miger.engine.events import LogLine
from miger.engine.migration import Migration
from miger.engine.step_work import StepWork


def run_function(work: StepWork, name: str, session: object) -> object:
    """Calls `up`, `verify` or `down` of a Python migration with its session and returns its result.

    What it prints becomes log lines. Raises StepFailed with the line in the migration's file, or the
    errors of the engine itself (Interrupted, LeaseLost, a StatementError that may be tried again).
    """
    migration = work.migration
    try:
        with _module(migration, _printer(work)) as module:
            return _function(module, migration, name)(session)
    except KeyboardInterrupt:
        raise
    except StepFailed as error:
        error.line = error.line or _line_in(migration.path, error)
        error.dirty = error.dirty or not work.transactional
        raise
    except BaseException as error:
        refused = work.backend.translate(error)
        if refused is not None and (refused.retryable or refused.disconnected):
            refused.line = _line_in(migration.path, error)
            raise refused from error
        if isinstance(error, MigerError) and refused is None:
            raise
        import traceback  # deferred: milliseconds, and only errors need it

        message = refused.message if refused else "".join(traceback.format_exception_only(error)).strip()
        raise StepFailed(
            migration.id,
            message,
            refused.hint if refused else "",
            line=_line_in(migration.path, error),
            dirty=not work.transactional,
        ) from error


def _function(module: ModuleType, migration: Migration, name: str) -> Callable[[object], object]:
    function = getattr(module, name, None)
    if not callable(function):
        raise StepFailed(migration.id, f"`{name}` is not a function", "write `def up(db: Sql) -> None:`")
    return function  # type: ignore[no-any-return]  # a module's attribute has no type


@contextlib.contextmanager
def _module(migration: Migration, printer: Callable[..., None]) -> Iterator[ModuleType]:
    """The migration's module, run afresh; its project's folder is importable meanwhile."""
    with open(migration.path, "rb") as file:
        code = compile(file.read(), migration.path, "exec", dont_inherit=True)
    module = ModuleType(f"miger_migration_{migration.id}")
    module.__file__ = migration.path
    module.__dict__["print"] = printer
    project_folder = os.path.dirname(os.path.dirname(os.path.abspath(migration.path)))
    sys.modules[module.__name__] = module  # dataclasses and pickle look their module up
    sys.path.insert(0, project_folder)
    try:
        exec(code, module.__dict__)
        yield module
    finally:
        sys.modules.pop(module.__name__, None)
        with contextlib.suppress(ValueError):
            sys.path.remove(project_folder)


def _line_in(path: str, error: BaseException) -> int:
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno or 0
    import traceback  # deferred: milliseconds, and only errors need it

    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return (lines[-1] or 0) if lines else 0


def _printer(work: StepWork) -> Callable[..., None]:
    """A `print` for the migration's module that makes log lines; stdout stays for data."""

    def log(*values: object, sep: str | None = " ", end: str | None = "\n", **options: Any) -> None:
        if options.get("file") not in (None, sys.stdout):
            print(*values, sep=sep, end=end, **options)
            return
        text = (" " if sep is None else sep).join(map(str, values))
        for line in text.splitlines() or [""]:
            work.emit(LogLine(work.run, work.migration.id, "info", line))

    return log
