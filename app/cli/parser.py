"""All commands and their options; what they do is imported only when one is called."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Any

from miger import __version__
from miger.engine.durations import parse_duration
from miger.engine.errors import UsageError

EPILOG = """exit codes: 0 done or nothing to do · 1 a migration failed · 2 usage or configuration · 3 pending
(status --check) or different (generate --check) · 4 dirty · 5 lock held · 6 integrity · 7 refused as unsafe ·
8 database unreachable · 130 interrupted"""


DRY_RUNS = ("auto", "sql", "rollback", "rehearse")


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are ours, so that they look and exit like all others."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As of argparse, but `--dry-run TARGET` is a dry run of TARGET: a mode needs the `=`."""
        if args is not None:
            args = ["--dry-run=auto" if word == "--dry-run" else word for word in args]
        return super().parse_args(args, namespace)

    def error(self, message: str) -> None:  # type: ignore[override]  # ours raises, too
        """Raises UsageError."""
        raise UsageError(message, f"`{self.prog} --help` lists what there is")


class Help(argparse.HelpFormatter):
    """Asks for the width by itself: argparse imports shutil for it, and all compressors with that."""

    def __init__(self, prog: str, **options: Any) -> None:
        try:
            width = int(os.environ.get("COLUMNS") or os.get_terminal_size().columns)
        except (OSError, ValueError):
            width = 80
        super().__init__(prog, width=(width or 80) - 2)


class _Unasked:
    """Stands for the parser of a command that was not named: to build them all takes longer than many a command."""

    def __init__(self, **options: object) -> None:
        return

    def add_argument(self, *names: str, **options: object) -> None:
        """Adds nothing."""

    def add_mutually_exclusive_group(self, **options: object) -> _Unasked:
        """A group of nothing."""
        return self


def make_parser(arguments: Sequence[str] | None = None) -> Parser:
    """The parser of the whole command line; with `arguments`, only the commands that they may name have options."""

    def parser_of(**options: Any) -> Any:
        asked = arguments is None or options["prog"].rpartition(" ")[2] in arguments
        return Parser(**options, formatter_class=Help) if asked else _Unasked()

    parser = Parser(
        prog="miger",
        description="See, rehearse, run and recover database migrations.",
        epilog=EPILOG,
        formatter_class=Help,
    )
    parser.add_argument("--version", action="version", version=f"miger {__version__}")
    _common(parser, default=None)
    kind: Any = parser_of
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog="miger", parser_class=kind)
    _looking(commands)
    _running(commands)
    _recovering(commands)
    _making(commands)
    return parser


Commands = "argparse._SubParsersAction[Parser]"


def _common(parser: Parser, default: str | None) -> None:
    """Options that may stand before the command and, since people write them there, behind it."""
    flag = False if default is None else argparse.SUPPRESS
    parser.add_argument("-C", dest="folder", metavar="DIR", default=default or ".", help="the project's folder")
    parser.add_argument("-e", dest="environment", metavar="ENV", default=default, help="the environment")
    parser.add_argument("--json", action="store_true", default=flag, help="print JSON")
    parser.add_argument("-q", "--quiet", action="store_true", default=flag, help="say nothing but errors")
    parser.add_argument("-v", "--verbose", action="store_true", default=flag, help="tell each statement")
    parser.add_argument("--no-color", action="store_true", default=flag, help="no colours (as NO_COLOR=1)")
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        default=default or "text",
        help="how a run tells what it does",
    )


def _command(commands: Commands, name: str, help: str) -> Parser:  # type: ignore[valid-type]  # private to argparse
    parser: Parser = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")  # type: ignore[attr-defined]
    _common(parser, default=argparse.SUPPRESS)
    return parser


def _looking(commands: Commands) -> None:  # type: ignore[valid-type]
    status = _command(commands, "status", "show the state of each migration")
    status.add_argument("--check", action="store_true", help="exit with 3 when any is pending")
    graph = _command(commands, "graph", "draw the migrations and what they depend on")
    graph.add_argument("--format", choices=("text", "mermaid", "dot"), default="text")
    graph.add_argument("--offline", action="store_true", help="check and draw the files alone; ask no database")
    show = _command(commands, "show", "show one migration: its statements, and how far it got")
    show.add_argument("target", metavar="ID")
    history = _command(commands, "history", "show what was done, newest first")
    history.add_argument("--limit", type=_count, metavar="N", default=None, help="at most N entries")
    history.add_argument("target", nargs="?", metavar="ID", help="only of this migration")
    plan = _command(commands, "plan", "show the steps that up or down would run")
    plan.add_argument("direction", nargs="?", default="up", metavar="up|down")
    plan.add_argument("target", nargs="?", metavar="TARGET")
    _selection(plan)
    plan.add_argument("--to", metavar="ID", help="down: revert what came after ID")
    _order(plan)
    plan.add_argument("--sql", action="store_true", help="print the script; asks the database for its state alone")
    lint = _command(commands, "lint", "show what in migrations may hurt: what is lost, locked, or bound to fail")
    lint.add_argument("targets", nargs="*", metavar="ID", help="these migrations (default: those that are pending)")
    lint.add_argument("--all", dest="every", action="store_true", help="also those that are applied")
    lint.add_argument("--offline", action="store_true", help="look at the files alone; ask no database")
    lint.add_argument("--format", choices=("text", "github", "sarif", "json"), default="text")
    verify = _command(commands, "verify", "check checksums, files, verify sections and drift of the schema")
    verify.add_argument("--accept-drift", action="store_true", help="take the schema as it is now as right")
    _consent(verify)
    web = _command(commands, "web", "serve the workbench to a browser on this machine")
    web.add_argument("--port", type=_port, metavar="N", default=8000, help="default 8000; 0 takes any that is free")


def _running(commands: Commands) -> None:  # type: ignore[valid-type]
    up = _command(commands, "up", "apply a migration and its ancestors, or all that are pending")
    up.add_argument("target", nargs="?", metavar="TARGET")
    _selection(up)
    _order(up)
    _dry_run(up)
    _consent(up)
    down = _command(commands, "down", "revert a migration and its applied descendants, or the last one")
    down.add_argument("target", nargs="?", metavar="TARGET")
    _selection(down)
    down.add_argument("--to", metavar="ID", help="revert what came after ID")
    _dry_run(down)
    _consent(down)


def _recovering(commands: Commands) -> None:  # type: ignore[valid-type]
    repair = _command(commands, "repair", "recover a migration that stopped half way, or mend its record")
    repair.add_argument("target", metavar="ID")
    choice = repair.add_mutually_exclusive_group(required=True)
    for name, help in (
        ("resume", "go on behind the last finished statement"),
        ("rollback", "undo it by its `down`"),
        ("mark-applied", "record it as applied; runs nothing"),
        ("mark-pending", "record it as pending; runs nothing"),
        ("accept-checksum", "take the changed file as the one that was applied"),
    ):
        choice.add_argument(f"--{name}", dest="choice", action="store_const", const=name, help=help)
    repair.add_argument("--assume", choices=("done", "not-done"), help="resume: what became of the open statement")
    _consent(repair)
    baseline = _command(commands, "baseline", "record migrations as applied without running them")
    baseline.add_argument("target", nargs="?", metavar="TARGET")
    _consent(baseline)
    unlock = _command(commands, "unlock", "free the lease of a run that is gone")
    unlock.add_argument("--yes", action="store_true", help="do not ask")


def _making(commands: Commands) -> None:  # type: ignore[valid-type]
    init = _command(
        commands, "init", "start a project: miger.toml, a first migration, a CI workflow, a pre-commit hook"
    )
    init.add_argument("directory", nargs="?", default=".", metavar="DIR", help="where; made if missing (default: here)")
    names = "sqlite (default), postgresql, mysql or mongodb"
    init.add_argument("--template", default="sqlite", metavar="NAME", help=names)
    create = _command(commands, "create", "write a new migration")
    create.add_argument("name", nargs="?", metavar="NAME", help="what it does: add_user_email (with --merge: optional)")
    create.add_argument("--merge", action="store_true", help="bring the heads together; nothing is run for that")
    kind = create.add_mutually_exclusive_group()
    kind.add_argument("--sql", dest="kind", action="store_const", const="sql", help="SQL (default, but on MongoDB)")
    kind.add_argument("--python", dest="kind", action="store_const", const="python", help="Python")
    create.add_argument("--depends", nargs="+", metavar="ID", help="parents instead of the current heads")
    create.add_argument("--phase", choices=("expand", "contract"))
    create.add_argument("--release", metavar="V")
    _generating(commands)
    config = _command(commands, "config", "check or show the configuration")
    config.add_argument("action", choices=("check", "show"))
    demo = _command(commands, "demo", "make a small web shop and migrate it, to see how it goes")
    demo.add_argument("directory", nargs="?", metavar="DIR", help="where (default: a temporary folder)")


def _generating(commands: Commands) -> None:  # type: ignore[valid-type]
    generate = _command(commands, "generate", "write a migration from what has changed in the wanted schema")
    generate.add_argument("name", nargs="?", metavar="NAME", help="what it does: add_user_email (with --check: none)")
    kind = generate.add_mutually_exclusive_group()
    kind.add_argument("--sql", dest="kind", action="store_const", const="sql", help="SQL (default, but on MongoDB)")
    kind.add_argument("--python", dest="kind", action="store_const", const="python", help="Python")
    generate.add_argument("--online", action="store_true", help="two migrations: expand, and contract later")
    generate.add_argument(
        "--offline", action="store_true", help="compare with what all migrations make; ask no database"
    )
    generate.add_argument("--schema", metavar="SOURCE", help="where the wanted schema is (default: as in miger.toml)")
    generate.add_argument(
        "--rename", action="append", default=[], metavar="A:B", help="users.mail:users.email, old:new"
    )
    generate.add_argument("--fill", action="append", default=[], metavar="T.C=V", help="what rows without a value get")
    generate.add_argument("--nulls", action="append", default=[], metavar="T.C", help="what does not convert gets NULL")
    generate.add_argument("--yes", action="store_true", help="data may be lost; do not ask")
    generate.add_argument("--check", action="store_true", help="write nothing; exit with 3 when anything differs")
    # The parser makes `--dry-run=auto` of it, see `Parser.parse_args`.
    generate.add_argument(
        "--dry-run", nargs="?", const="auto", choices=("auto",), metavar="auto", help="print the file"
    )
    generate.add_argument("--depends", nargs="+", metavar="ID", help="parents instead of the current heads")
    generate.add_argument("--release", metavar="V")


def _selection(parser: Parser) -> None:
    parser.add_argument("--steps", type=_count, metavar="N", help="at most N migrations")


def _order(parser: Parser) -> None:
    parser.add_argument("--out-of-order", choices=("error", "warn", "allow"), help="what to do about late migrations")


def _dry_run(parser: Parser) -> None:
    parser.add_argument(
        "--dry-run", nargs="?", const="auto", choices=DRY_RUNS, help="show what would happen, and change nothing"
    )
    parser.add_argument("--save", metavar="FILE", help="with --dry-run: also write the script to FILE")


def _consent(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--confirm", metavar="ENV", help="the name of the environment, where it is protected")
    parser.add_argument("--wait", type=_seconds, metavar="SECONDS", help="how long to wait for another run")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 up")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None
