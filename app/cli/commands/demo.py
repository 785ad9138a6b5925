"""`miger demo`: make a small web shop, and see it in the workbench or migrated before your eyes."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sqlite3
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator

from miger.cli.output import Output
from miger.demo import story
from miger.demo.story import ENDING, INTRODUCTION, STORY, Scene
from miger.engine.errors import UsageError

PROJECT = os.path.join(os.path.dirname(os.path.abspath(story.__file__)), "project")
RELEASED = "drop_text"  # the last migration of release v2; v3 is left for the person
BOLD, DIM = "1", "2"


def run(args: Namespace, output: Output) -> int:
    """Copies the demo project; a person at a terminal gets the workbench on it, everybody else its story.

    Returns the exit code of the first command of the story that does not end with 0.
    """
    directory = copy_project(None if args.directory is None else os.path.join(args.folder, args.directory))
    if sys.stdin.isatty() and sys.stdout.isatty() and not output.json:
        return _opens_workbench(directory, output)
    return _plays_story(directory, output)


def _opens_workbench(directory: str, output: Output) -> int:
    """Brings the shop to release v2, and leaves the rest to the person."""
    from miger.project import (
        Project,
    )  # deferred, as is the workbench: the story has commands that import what they need
    from miger.workbench.start import open_workbench

    output.say(f"{INTRODUCTION}\n\nThe project is in {directory}")
    with Project.open(directory) as project:
        project.up(RELEASED)
        project.down()
        project.up(RELEASED)
    code = open_workbench(directory)
    output.say("\n" + ENDING.format(directory=shlex.quote(directory)))
    return code


def _plays_story(directory: str, output: Output) -> int:
    guide = _Guide(directory, output)
    with guide.stdout():
        guide.tell(f"{INTRODUCTION}\n\nThe project is in {directory}")
        codes: dict[str, int] = {}
        for scene in STORY:
            guide.announces(scene)
            code = guide.plays(scene)
            codes[scene.command or scene.query] = code
            if code:
                guide.tell(f"that ended with exit code {code}")
                break
        guide.tell("\n" + ENDING.format(directory=shlex.quote(directory)))
    code = next((code for code in codes.values() if code), 0)
    if output.json:
        played = [{"command": command, "exit_code": ended} for command, ended in codes.items()]
        output.document({"directory": directory, "commands": played})
    return code


def copy_project(directory: str | None) -> str:
    """Copies the demo project to an empty or new folder, a temporary one if none is named; returns its path.

    Raises UsageError.
    """
    try:
        if directory is None:
            target = tempfile.mkdtemp(prefix="miger-demo-")
        else:
            target = os.path.abspath(directory)
            if os.path.lexists(target) and (not os.path.isdir(target) or os.listdir(target)):
                raise UsageError(f"{target} is not an empty folder", "name another, or none for a temporary one")
        shutil.copytree(PROJECT, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.db*"))
    except (OSError, shutil.Error) as error:
        raise UsageError(f"cannot write the demo: {error}", "name another folder: `miger demo DIR`") from error
    return target


class _Guide:
    """Tells and plays scenes in one project."""

    def __init__(self, directory: str, output: Output) -> None:
        self._directory = directory
        self._output = output
        self._styled = output.color and sys.stdout.isatty()

    @contextlib.contextmanager
    def stdout(self) -> Iterator[None]:
        """With --json, stdout is for the one document: the show goes to stderr."""
        with contextlib.redirect_stdout(sys.stderr if self._output.json else sys.stdout):
            yield

    def tell(self, text: str, style: str = "") -> None:
        """A text of the story."""
        if not self._output.quiet:
            print(f"\x1b[{style}m{text}\x1b[0m" if self._styled and style else text, flush=True)

    def announces(self, scene: Scene) -> None:
        """Says what comes."""
        self.tell(f"\n{scene.meaning}", DIM)
        self.tell(f"$ miger {scene.command}" if scene.command else f"shop.db> {scene.query}", BOLD)

    def plays(self, scene: Scene) -> int:
        """Runs the scene's command, as the command line would, or its query; returns the exit code."""
        if scene.query:
            self._shows_rows(scene.query)
            code = 0
        else:
            from miger.cli.main import main  # deferred: it is what imports this module

            options = [] if self._output.color else ["--no-color"]
            code = main(["-C", self._directory, *options, *shlex.split(scene.command)])
        sys.stdout.flush()
        return code

    def _shows_rows(self, query: str) -> None:
        with contextlib.closing(sqlite3.connect(os.path.join(self._directory, "shop.db"))) as connection:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description]
            rows = [["–" if value is None else str(value) for value in row] for row in cursor]
        plain = [] if self._styled else [names]  # the coloured table has headings of its own
        self._output.table([*plain, *rows], names)
