"""The compiled validators belong to the schemas, and need no library."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from miger.engine.schemas import build


def test_the_validators_are_up_to_date() -> None:
    assert build.TARGET.read_text(encoding="utf-8") == build.generated_code(), "run engine/schemas/build.py"


@pytest.mark.parametrize("name", build.SCHEMAS)
def test_a_schema_is_json_with_an_id(name: str) -> None:
    schema = json.loads((build.FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert schema["$id"].endswith(f"/{name}.schema.json")


def test_reading_configuration_and_migrations_imports_nothing_slow() -> None:
    slow = ("fastjsonschema", "difflib", "urllib.parse", "logging", "pathlib", "decimal", "json", "sqlite3")
    code = (
        "import sys; before = set(sys.modules); import miger.engine.config, miger.engine.loader;"
        f"print(*[name for name in {slow!r} if name in sys.modules and name not in before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
