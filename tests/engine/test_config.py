"""miger.toml: values, places of problems, environments that are resolved only when asked for."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from miger.engine.config import Config, find_config, load_config
from miger.engine.errors import ConfigError, Problem

Load = Callable[..., Config]

MINIMAL = '[environments.dev]\nurl = "sqlite:///shop.db"\n'


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_text(text: str, variables: Mapping[str, str] | None = None) -> Config:
        (tmp_path / "miger.toml").write_text(text, encoding="utf-8")
        return load_config(str(tmp_path), variables or {})

    return load_text


def problems_of(action: Callable[[], object]) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        action()
    assert caught.value.exit_code == 2
    return list(caught.value.problems)


def test_left_out_values_have_their_defaults(load: Load, tmp_path: Path) -> None:
    config = load(MINIMAL)
    assert config.path == str(tmp_path / "miger.toml")
    assert config.name == tmp_path.name
    assert config.migrations == str(tmp_path / "migrations")
    assert (config.default, config.history, config.out_of_order) == ("dev", "miger_", "error")
    dev = config.environment()
    assert (dev.lock_timeout, dev.statement_timeout, dev.pool_size) == (5.0, None, 5)
    assert (dev.lease, dev.lease_wait, dev.protected, dev.read_only) == (30.0, 60.0, False, False)
    assert dev.url.reveal() == f"sqlite:///{tmp_path}/shop.db"


def test_every_value_is_read(load: Load, tmp_path: Path) -> None:
    config = load(
        """
[project]
name = "shop"
migrations = "db/../changes"
default = "prod"
history = "shop_"
out_of_order = "warn"
schema = "shop.models:Base.metadata"

[environments.dev]
url = "sqlite:////abs/x.db?timeout=3"
out_of_order = "allow"

[environments.prod]
url = "postgresql://u:pw@h/shop"
protected = true
read_only = true
lock_timeout = "500ms"
statement_timeout = "10min"
pool_size = 9
lease = 12
lease_wait = "1h"
schema = "schema.sql"
scratch = "postgres://u:pw@localhost/postgres"
"""
    )
    assert (config.name, config.history, config.default) == ("shop", "shop_", "prod")
    assert config.migrations == str(tmp_path / "changes")
    prod = config.environment()
    assert (prod.lock_timeout, prod.statement_timeout, prod.pool_size) == (0.5, 600.0, 9)
    assert (prod.lease, prod.lease_wait, prod.protected, prod.read_only) == (12.0, 3600.0, True, True)
    assert prod.out_of_order == "warn"
    assert prod.schema == "schema.sql"
    assert prod.scratch is not None
    assert prod.scratch.reveal() == "postgres://u:pw@localhost/postgres"
    assert "pw" not in str(prod)
    assert config.schema == "shop.models:Base.metadata" == config.environment("dev").schema
    assert config.environment("dev").scratch is None
    assert config.environment("dev").out_of_order == "allow"
    assert config.environment("dev").url.reveal() == "sqlite:////abs/x.db?timeout=3"
    assert list(config.environments) == ["dev", "prod"] == list(config.names)


def test_the_file_may_be_named_itself_and_the_first_environment_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text('[environments.b]\nurl="mongodb://h"\n[environments.a]\nurl="mongodb://h"\n')
    assert load_config(str(path)).default == "b"


def test_where_scratch_databases_are_made_comes_out_of_variables_and_may_be_left_empty(load: Load) -> None:
    text = (
        MINIMAL.replace("sqlite:///shop.db", "mysql://h/shop")
        + 'scratch = "${SCRATCH:-}"\nschema = "${WANTED:-x.sql}"\n'
    )
    left_out = load(text, {}).environment()
    assert (left_out.scratch, left_out.schema) == (None, "x.sql")
    given = load(text, {"SCRATCH": "mariadb://u:pw@h/x", "WANTED": "a:b"}).environment()
    assert given.scratch is not None
    assert (given.scratch.reveal(), str(given.scratch), given.schema) == (
        "mariadb://u:pw@h/x",
        "mariadb://u:***@h/x",
        "a:b",
    )


@pytest.mark.parametrize(
    ("scratch", "reason"),
    [("mysql://h/x", "is another kind of database than the environment's: mysql"), ("h/x", "has no ://")],
)
def test_scratch_databases_have_to_be_of_the_environments_kind(load: Load, scratch: str, reason: str) -> None:
    config = load(f'[environments.dev]\nurl = "postgresql://h/shop"\nscratch = "{scratch}"\n')
    (problem,) = problems_of(config.environment)
    assert problem.line == 3
    assert reason in problem.message


def test_a_wanted_schema_is_a_text(load: Load) -> None:
    (problem,) = problems_of(lambda: load('[project]\nschema = { models = "shop.models" }\n' + MINIMAL))
    assert problem.line == 2
    assert 'must say where the wanted schema is: "shop.models:Base.metadata" or "schema.sql"' in problem.message


def test_a_timeout_of_zero_means_no_limit(load: Load) -> None:
    dev = load(MINIMAL + 'lock_timeout = 0\nstatement_timeout = "0s"\nlease_wait = 0\n').environment()
    assert (dev.lock_timeout, dev.statement_timeout, dev.lease_wait) == (None, None, 0.0)


def test_a_bom_and_windows_line_endings_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "miger.toml").write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert load_config(str(tmp_path)).names == ("dev",)


def test_an_unset_variable_breaks_only_the_environment_that_needs_it(load: Load) -> None:
    config = load(MINIMAL + '[environments.prod]\nread_only = true\nurl = "${DATABASE_URL}"\n')
    assert config.environment("dev").name == "dev"
    (problem,) = problems_of(lambda: config.environment("prod"))
    assert problem.line == 5
    assert "environments.prod.url" in problem.message
    assert "DATABASE_URL is not set" in problem.message
    assert "${DATABASE_URL:-" in problem.hint


def test_all_environments_together_report_all_their_problems(load: Load) -> None:
    config = load('[environments.a]\nurl = "${A}"\n[environments.b]\nurl = "${B}"\nlock_timeout = "${C}"\n')
    assert [problem.line for problem in problems_of(lambda: config.environments)] == [2, 4, 5]


def test_variables_are_filled_in(load: Load) -> None:
    text = """
[project]
name = "${NAME:-shop}"
migrations = "${WHERE}"
[environments.dev]
url = "postgresql://u:${PW}@h/d?x=$${y}"
lock_timeout = "${LT:-7s}"
out_of_order = "${OOO}"
"""
    config = load(text, {"WHERE": "m", "PW": "${secret}", "OOO": "warn"})
    assert config.name == "shop"
    assert config.migrations.endswith(os.sep + "m")
    dev = config.environment()
    assert dev.url.reveal() == "postgresql://u:${secret}@h/d?x=${y}"
    assert (dev.lock_timeout, dev.out_of_order) == (7.0, "warn")


def test_filled_in_values_are_checked_like_written_ones(load: Load) -> None:
    text = '[environments.dev]\nurl = "${U}"\nlock_timeout = "${L}"\nout_of_order = "${O}"\n'
    config = load(text, {"U": " ", "L": "soon", "O": "never"})
    problems = problems_of(lambda: config.environment())
    assert sorted(problem.line or 0 for problem in problems) == [2, 3, 4]


def test_a_url_is_read_from_a_file_beside_the_configuration(load: Load, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(" sqlite:///x.db\n\n")
    config = load('[environments.dev]\nurl_file = "${FILE}"\n', {"FILE": "secret"})
    assert config.environment().url.reveal() == f"sqlite:///{tmp_path}/x.db"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_url_file_that_is_missing_or_empty_is_named(load: Load, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    config = load('[environments.dev]\n\nurl_file = "secret"\n')
    (problem,) = problems_of(lambda: config.environment())
    assert problem.line == 3
    assert "url_file" in problem.message


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite://", "memory"),
        ("sqlite:///", "memory"),
        ("sqlite:///:memory:", "memory"),
        ("sqlite:///x?mode=memory", "memory"),
        ("sqlite://shop.db", "three slashes"),
        ("sqlite:shop.db", "three slashes"),
        ("sqlite:///file:x.db", "plain path"),
        ("shop.db", "://"),
    ],
)
def test_urls_that_cannot_work_are_refused_with_the_reason(load: Load, url: str, reason: str) -> None:
    config = load(f'[environments.dev]\nurl = "{url}"\n')
    (problem,) = problems_of(lambda: config.environment())
    assert reason in problem.message
    assert problem.line == 2


def test_an_sqlite_file_below_a_folder_that_no_url_can_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "why?").mkdir()
    (tmp_path / "why?" / "miger.toml").write_text(MINIMAL)
    (problem,) = problems_of(load_config(str(tmp_path / "why?")).environment)
    assert "with a ? in its name" in problem.message


def test_unknown_schemes_are_left_to_the_backends(load: Load) -> None:
    config = load('[environments.dev]\nurl = "duckdb:///x"\n')
    assert config.environment().url.reveal() == "duckdb:///x"


def test_all_problems_come_at_once_with_their_lines(load: Load) -> None:
    text = """[project]
name = 3
out_of_order = "maybe"
history = "1x"
default = "prd"
colour = "red"

[environments.prod]
url = "x://y"
url_file = "z"
lok_timeout = "5s"
pool_size = 0

[environments]
"a.b" = { url = 5, statement_timeout = "soon" }
plain = "text"
"a b" = { url = "x://y" }
none = {}
"""
    problems = problems_of(lambda: load(text.replace("[environments]\n", "[environments.ok]\nurl='x://y'\n")))
    by_line = {problem.line: f"{problem.message} {problem.hint}" for problem in problems}
    for line, words in {
        2: "project.name must be a name, not 3",
        3: "'maybe'",
        4: "'1x'",
        5: "names no environment: 'prd' did you mean 'prod'",
        6: "unknown key 'colour' in [project]",
        10: "both url and url_file",
        11: "did you mean 'lock_timeout'",
        12: "from 1 to 1000, not 0",
        16: "unknown key 'a.b'",
    }.items():
        assert words in by_line[line]


def test_environments_with_odd_names_and_shapes_are_named_with_their_lines(load: Load) -> None:
    text = """[environments]
"a.b" = { url = 5, statement_timeout = "soon" }
plain = "text"
"a b" = { url = "x://y" }
none = {}
"""
    found = [(problem.line, problem.message) for problem in problems_of(lambda: load(text))]
    assert (2, 'environments."a.b".url must be a database URL, not 5') in found
    assert any(line == 2 and "statement_timeout" in message for line, message in found)
    assert (3, "environments.plain must be a table, not 'text'") in found
    assert any(line == 4 and "no name" in message for line, message in found)
    assert (5, "environments.none has neither url nor url_file") in found
    assert len(found) == 5


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[environments]\n", "environments = 5\n"])
def test_at_least_one_environment_is_needed(load: Load, text: str) -> None:
    assert len(problems_of(lambda: load(text))) == 1


def test_a_broken_file_is_named_with_its_line(load: Load) -> None:
    (problem,) = problems_of(lambda: load('[environments.dev]\nurl = "sqlite:///x\n'))
    assert (problem.line, problem.file.endswith("miger.toml")) == (2, True)
    assert "TOML" in problem.message


def test_a_file_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "miger.toml").write_bytes(b"[project]\nname = '\xe4'\n")
    (problem,) = problems_of(lambda: load_config(str(tmp_path)))
    assert (problem.line, "UTF-8" in problem.message) == (2, True)


def test_a_missing_file_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(str(tmp_path))
    assert "miger init" in caught.value.hint


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "miger.toml").symlink_to("miger.toml")
    (problem,) = problems_of(lambda: load_config(str(tmp_path / "miger.toml")))
    assert "cannot be read" in problem.message


def test_project_values_that_cannot_be_filled_in_are_named_with_their_lines(load: Load) -> None:
    text = "[project]\nname = '${A}'\nout_of_order = '${B}'\n" + MINIMAL
    first, second = problems_of(lambda: load(text, {"B": "never"}))
    assert (first.line, second.line) == (3, 2)
    assert "'never'" in first.message
    assert "A is not set" in second.message


def test_an_unknown_environment_is_refused_with_a_guess(load: Load) -> None:
    config = load(MINIMAL)
    with pytest.raises(ConfigError, match="'dve'") as caught:
        config.environment("dve")
    assert "'dev'" in caught.value.hint


def test_no_password_is_shown_anywhere(load: Load) -> None:
    config = load(
        '[environments.dev]\nurl = "postgresql://u:hunter2@h/d?password=hunter2"\n'
        '[environments.bad]\nurl = "hunter2"\n[environments.worse]\nurl = "sqlite:hunter2"\n'
    )
    dev = config.environment()
    for shown in (repr(config), repr(dev), str(dev.url), f"{dev.url}", repr(dev.url)):
        assert "hunter2" not in shown
    with pytest.raises(ConfigError) as caught:
        _ = config.environments
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in str(problems_of(lambda: load('[environments.dev]\nurl = ["hunter2"]\n')))


def test_the_nearest_file_above_is_found(tmp_path: Path) -> None:
    (tmp_path / "miger.toml").write_text(MINIMAL)
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_config(str(deep)) == str(tmp_path / "miger.toml")


def test_no_file_above_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_config(str(tmp_path))
    assert "miger init" in caught.value.hint


@pytest.mark.parametrize("value", ["-1", "nan", "inf", '"1e400"', "1e300", '"5 days"', "true", "[]", '""'])
def test_bad_times_are_named_with_their_line(load: Load, value: str) -> None:
    def use() -> object:
        return load(MINIMAL + f"lease_wait = {value}\n").environments

    (problem,) = problems_of(use)
    assert problem.line == 3
    assert "lease_wait" in problem.message


def test_a_lease_of_no_time_is_refused(load: Load) -> None:
    (problem,) = problems_of(lambda: load(MINIMAL + "lease = 0\n").environment())
    assert problem.line == 3
    assert math.isfinite(load(MINIMAL).environment().lease)
