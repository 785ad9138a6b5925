"""Show the four source folders as the packages they are imported as: `build/tree/miger/…`.

The folders map to import names by setuptools (`package-dir` in pyproject.toml). mypy and grimp
look for packages on the disk, so they get this tree: links by default, or copies.
"""

from __future__ import annotations

import os
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FACE = "app"
"""The folder that is the package `miger` itself."""
INNER = ("engine", "backends", "widgets")
"""The folders that are packages inside it."""

_NO_SOURCE = shutil.ignore_patterns("__pycache__", "*.pyc")


def linked_tree(target: str, root: str = ROOT) -> str:
    """Make `target`/miger out of links to the folders in `root`, anew; gives back `target`."""
    wanted = {name: os.path.join(root, FACE, name) for name in os.listdir(os.path.join(root, FACE))}
    wanted.update({name: os.path.join(root, name) for name in INNER})
    wanted.pop("__pycache__", None)
    package = os.path.join(target, "miger")
    os.makedirs(package, exist_ok=True)
    for name in os.listdir(package):
        path = os.path.join(package, name)
        if os.path.islink(path) and os.readlink(path) != wanted.get(name):
            os.unlink(path)
    for name, source in wanted.items():
        path = os.path.join(package, name)
        if not os.path.islink(path):
            os.symlink(source, path)
    return target


def copied_tree(target: str, root: str = ROOT) -> str:
    """Copy the folders in `root` to `target`/miger, which must not exist yet; gives back `target`."""
    package = os.path.join(target, "miger")
    shutil.copytree(os.path.join(root, FACE), package, ignore=_NO_SOURCE)
    for name in INNER:
        shutil.copytree(os.path.join(root, name), os.path.join(package, name), ignore=_NO_SOURCE)
    return target


if __name__ == "__main__":
    print(linked_tree(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "tree")))
