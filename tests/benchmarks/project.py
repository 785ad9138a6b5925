"""A project of tiny migrations that can grow, driven through the command line."""

from __future__ import annotations

from pathlib import Path

from miger.cli.main import main


class TinyProject:
    """`grow` adds migrations of one CREATE TABLE each."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.count = 0
        (folder / "migrations").mkdir(parents=True)
        config = f'[project]\nname = "tiny"\n[environments.dev]\nurl = "{url}"\n'
        (folder / "miger.toml").write_text(config)

    def grow(self, count: int) -> None:
        """Adds migrations."""
        for number in range(self.count, self.count + count):
            path = self.folder / "migrations" / f"{20260101000000 + number}_t{number}.sql"
            path.write_text(
                f"-- miger:up\nCREATE TABLE t{number} (id INTEGER);\n-- miger:down\nDROP TABLE t{number};\n"
            )
        self.count += count

    def run(self, *arguments: str) -> None:
        """Runs a command, which must succeed."""
        assert main(["-C", str(self.folder), *arguments]) == 0
