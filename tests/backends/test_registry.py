"""Which class serves which URL, also out of other packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from miger.backends.registry import backend_class_for
from miger.backends.sqlite import SqliteBackend
from miger.engine.environments import Environment
from miger.engine.errors import ConfigError
from miger.engine.secrets import Secret


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package on the path that serves three schemes, two of them badly."""
    (tmp_path / "some_oracle.py").write_text("class OracleBackend:\n    name = 'oracle'\n")
    (tmp_path / "some_broken.py").write_text("import a_driver_that_is_not_there\n")
    information = tmp_path / "some_databases-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: some-databases\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[miger.backends]\noracle = some_oracle:OracleBackend\nbroken = some_broken:Backend\n"
        "typo = some_oracle:OrcaleBackend\nsqlite = some_oracle:OracleBackend\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def environment(url: str) -> Environment:
    return Environment("dev", Secret(url))


@pytest.mark.usefixtures("installed")
def test_an_installed_package_serves_its_scheme_and_never_one_of_ours() -> None:
    assert backend_class_for(environment("oracle://host/x")).name == "oracle"
    assert backend_class_for(environment("ORACLE://host/x")).name == "oracle"
    assert backend_class_for(environment("sqlite:///x.db")) is SqliteBackend


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("broken://host", "a_driver_that_is_not_there"),
        ("typo://host", "OrcaleBackend"),
        ("nobody://user:pass-w0rd@host", r"no backend serves 'nobody'(.|\n)*sqlite(.|\n)*oracle"),
    ],
)
def test_a_scheme_that_nobody_serves_or_whose_plugin_is_broken_is_told(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        backend_class_for(environment(url))
    assert "pass-w0rd" not in str(caught.value)
