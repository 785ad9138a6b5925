"""Small projects to look for hazards in."""

from __future__ import annotations

from pathlib import Path

from miger import Project


def project_of(folder: Path, url: str, setup: str) -> Path:
    """A project whose first migration has run."""
    (folder / "migrations").mkdir()
    (folder / "miger.toml").write_text(f'[project]\nname = "p"\n[environments.dev]\nurl = "{url}"\n')
    if setup:
        (folder / "migrations" / "0001_setup.sql").write_text(f"-- miger:up\n{setup}\n")
        with Project.open(str(folder)) as project:
            project.up()
    return folder
