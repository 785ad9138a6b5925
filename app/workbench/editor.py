"""Opening a file in the editor that the person has chosen."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess

from textual.app import App, SuspendNotSupported

from miger.engine.errors import UsageError

EDITORS = ("nano", "vim", "vi")
PLUS_LINE = frozenset({"nano", "vim", "vi", "nvim", "emacs", "micro", "kak", "emacsclient"})  # `+7 FILE`
COLON_LINE = frozenset({"subl", "hx", "helix", "zed"})  # `FILE:7`
GOTO_LINE = frozenset({"code", "codium", "cursor"})  # `--goto FILE:7`


def editor_command(path: str, line: int = 0) -> list[str]:
    """The command line: $VISUAL, $EDITOR, or the first of the usual ones there is. Raises UsageError.

    `line` counts from 1, 0 for none; it is told to the editors that are known to take one.
    """
    command = _chosen()
    if shutil.which(command[0]) is None:
        raise UsageError(f"the editor {command[0]} cannot be found", "set EDITOR to one that is installed")
    name = os.path.basename(command[0])
    if line and name in PLUS_LINE:
        return [*command, f"+{line}", path]
    if line and name in GOTO_LINE:
        return [*command, "--goto", f"{path}:{line}"]
    return [*command, f"{path}:{line}" if line and name in COLON_LINE else path]


def _chosen() -> list[str]:
    chosen = (os.environ.get("VISUAL") or os.environ.get("EDITOR") or "").strip()
    try:
        command = shlex.split(chosen) if chosen else [name for name in EDITORS if shutil.which(name)][:1]
    except ValueError as error:
        raise UsageError(
            f"the editor cannot be understood: {chosen}: {error}", "set EDITOR anew, as in `export EDITOR=nano`"
        ) from None
    if not command:
        raise UsageError("no editor is known", "set EDITOR, as in `export EDITOR=nano`")
    return command


def edit_file(app: App[object] | App[int], path: str, line: int = 0) -> None:
    """Hands the terminal to the editor until that ends. Raises UsageError."""
    command = editor_command(path, line)
    try:
        with app.suspend():
            ended = subprocess.run(command, check=False)
    except SuspendNotSupported:
        raise UsageError("there is no terminal to open an editor in", f"edit {path} by other means") from None
    except OSError as error:
        raise UsageError(f"{command[0]}: {error.strerror}", "set EDITOR to one that works") from error
    if ended.returncode:
        raise UsageError(f"{command[0]} ended with {ended.returncode}")
