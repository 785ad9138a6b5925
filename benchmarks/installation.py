"""Miger as a user has it: the wheel in a virtual environment of its own, compiled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = ("app", "engine", "backends", "widgets", "pyproject.toml", "README.md", "LICENSE")


@dataclass(frozen=True, slots=True)
class Installation:
    """The programs of a virtual environment: ours, Alembic's, and its Python for the raw connection."""

    folder: str

    def program(self, name: str) -> str:
        """The path of a program."""
        return os.path.join(self.folder, "bin", name)


def install(folder: str) -> Installation:
    """Build the wheel from the source as it is now and install it in `folder`.

    What Miger depends on is not installed again but found, by a path file, where this Python has it.
    """
    wheel = _build(os.path.join(folder, "wheel"))
    target = os.path.join(folder, "venv")
    shutil.rmtree(target, ignore_errors=True)
    venv.create(target, symlinks=True)
    scheme = {"base": target, "platbase": target, "installed_base": sys.base_prefix}
    site_packages = sysconfig.get_path("purelib", "venv", scheme)
    with open(os.path.join(site_packages, "dependencies.pth"), "w") as file:
        file.write(sysconfig.get_path("purelib") + "\n")
    python = os.path.join(target, "bin", "python")
    _run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel])
    installation = Installation(target)
    with open(installation.program("alembic"), "w") as file:
        file.write(f"#!{python}\nimport sys\nfrom alembic.config import main\nsys.exit(main())\n")
    os.chmod(installation.program("alembic"), 0o755)
    return installation


def _build(folder: str) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    source = os.path.join(folder, "source")
    os.makedirs(source)
    for name in SOURCE:
        path = os.path.join(ROOT, name)
        copy = shutil.copytree if os.path.isdir(path) else shutil.copy
        copy(path, os.path.join(source, name))
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    _run([*pip, "--wheel-dir", folder, source])
    [wheel] = [name for name in os.listdir(folder) if name.endswith(".whl")]
    return os.path.join(folder, wheel)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
