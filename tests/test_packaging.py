"""The wheel holds every file of the source folders, under the names they are imported by."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PREFIXES = {
    "app": "miger",
    "engine": "miger/engine",
    "backends": "miger/backends",
    "widgets": "miger/widgets",
}
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def packages_on_disk(root: Path) -> list[str]:
    """The import names of all folders with an `__init__.py`."""
    names = []
    for folder, prefix in PREFIXES.items():
        for path in (root / folder).rglob("__init__.py"):
            inside = path.parent.relative_to(root / folder)
            names.append("/".join([prefix, *inside.parts]).replace("/", "."))
    return sorted(names)


def source_files(root: Path) -> set[str]:
    """Every file of the four folders, by its name in the wheel."""
    found = set()
    for folder, prefix in PREFIXES.items():
        for path in (root / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                found.add(f"{prefix}/{path.relative_to(root / folder).as_posix()}")
    return found


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a wheel built from a copy of the source, with compiled files lying about in it."""
    source = tmp_path_factory.mktemp("source")
    for folder in PREFIXES:
        shutil.copytree(ROOT / folder, source / folder, ignore=LEFT_OUT)
        for path in [source / folder, *(inner for inner in (source / folder).rglob("*") if inner.is_dir())]:
            (path / "__pycache__").mkdir()
            (path / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [*pip, "--wheel-dir", str(target), str(source)],
        cwd=target,
        env={**environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_every_package_is_listed_in_pyproject() -> None:
    with open(ROOT / "pyproject.toml", "rb") as file:
        listed = tomllib.load(file)["tool"]["setuptools"]["packages"]
    assert listed == packages_on_disk(ROOT), "[tool.setuptools] packages in pyproject.toml"


def test_the_wheel_holds_every_source_file(wheel_names: list[str]) -> None:
    assert source_files(ROOT) - set(wheel_names) == set(), "package-data in pyproject.toml"


def test_the_wheel_holds_nothing_else(wheel_names: list[str]) -> None:
    own = {name for name in wheel_names if not name.startswith("miger-")}
    assert own - source_files(ROOT) == set()


def test_the_wheel_carries_the_licence(wheel_names: list[str]) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in wheel_names)


def test_a_forgotten_folder_is_noticed(tmp_path: Path) -> None:
    for folder in PREFIXES:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=LEFT_OUT)
    before = packages_on_disk(tmp_path)
    (tmp_path / "backends" / "planted").mkdir()
    (tmp_path / "backends" / "planted" / "__init__.py").write_text("")
    assert set(packages_on_disk(tmp_path)) - set(before) == {"miger.backends.planted"}
