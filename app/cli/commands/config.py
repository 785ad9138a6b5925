"""`miger config`: check or show the configuration."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.output import Output
from miger.engine.config import Config, find_config, load_config
from miger.engine.errors import ConfigError


def run(args: Namespace, output: Output) -> int:
    """`check` reads every environment, or the one of -e, and reports all problems.

    `show` prints what holds, passwords masked; what cannot be filled in here is said in its place.
    """
    config = load_config(find_config(args.folder))
    names = config.names if args.environment is None else (args.environment,)
    if args.action == "check":
        checked = config.environments if args.environment is None else [config.environment(args.environment).name]
        output.say(f"{config.path} is valid: {', '.join(checked)}")
        return 0
    environments = {name: _values(config, name) for name in names}
    if output.json:
        output.document(_document(config, environments))
    else:
        for line in _lines(config, environments):
            output.data(line)
    return 0


def _values(config: Config, name: str) -> dict[str, object]:
    try:
        environment = config.environment(name)
    except ConfigError as error:
        if not error.problems:  # there is no such environment
            raise
        return {"problems": [f"{problem.message}" for problem in error.problems]}
    names = (
        "protected",
        "read_only",
        "lock_timeout",
        "statement_timeout",
        "pool_size",
        "out_of_order",
        "lease",
        "lease_wait",
    )
    said = {"schema": environment.schema, "scratch": str(environment.scratch or "")}
    generating = {name: value for name, value in said.items() if value}
    return {"url": str(environment.url), **generating, **{name: getattr(environment, name) for name in names}}


def _document(config: Config, environments: dict[str, dict[str, object]]) -> dict[str, object]:
    return {
        "file": config.path,
        "project": config.name,
        "migrations": config.migrations,
        "default": config.default,
        "history": config.history,
        "drift_ignore": list(config.drift_ignore),
        "environments": environments,
    }


def _lines(config: Config, environments: dict[str, dict[str, object]]) -> list[str]:
    lines = [
        f"{config.path}",
        f"project {config.name}, migrations in {config.migrations}, tables {config.history}*",
    ]
    lines += [f"no drift: {', '.join(config.drift_ignore)}"] if config.drift_ignore else []
    for name, environment in environments.items():
        default = " (default)" if name == config.default else ""
        lines.append(f"{name}{default}")
        lines += [f"  {key} = {'none' if value is None else value}" for key, value in environment.items()]
    return lines
