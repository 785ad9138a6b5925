"""`miger config`: check or show the configuration."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.output import Output
from miger.engine.config import Config, Environment, find_config, load_config


def run(args: Namespace, output: Output) -> int:
    """`check` reads every environment and reports all problems; `show` prints what holds, passwords masked."""
    config = load_config(find_config(args.folder))
    environments = config.environments
    if args.action == "check":
        output.say(f"{config.path} is valid: {', '.join(environments)}")
    elif output.json:
        output.document(_document(config, environments))
    else:
        for line in _lines(config, environments):
            output.data(line)
    return 0


def _values(environment: Environment) -> dict[str, object]:
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
    return {"url": str(environment.url), **{name: getattr(environment, name) for name in names}}


def _document(config: Config, environments: dict[str, Environment]) -> dict[str, object]:
    return {
        "file": config.path,
        "project": config.name,
        "migrations": config.migrations,
        "default": config.default,
        "history": config.history,
        "environments": {name: _values(environment) for name, environment in environments.items()},
    }


def _lines(config: Config, environments: dict[str, Environment]) -> list[str]:
    lines = [
        f"{config.path}",
        f"project {config.name}, migrations in {config.migrations}, tables {config.history}*",
    ]
    for name, environment in environments.items():
        default = " (default)" if name == config.default else ""
        lines.append(f"{name}{default}")
        lines += [f"  {key} = {'none' if value is None else value}" for key, value in _values(environment).items()]
    return lines
