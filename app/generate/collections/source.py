"""Where the wanted collections are written: a module with pydantic models, or a YAML file."""

from __future__ import annotations

import os
import re

from miger.engine.errors import ConfigError, UsageError
from miger.generate.collections.packing import pack, unpack
from miger.generate.collections.values import WantedSchema
from miger.generate.sources.apart import ask_apart
from miger.generate.sources.user_module import find_attribute, import_module

EXAMPLES = 'give pydantic models ("shop.models", "shop.models:User") or YAML ("schema.yaml")'
_MODULE = re.compile(r"(?P<module>[^\W\d]\w*(\.[^\W\d]\w*)*)(:(?P<names>[\w.]+(\s*,\s*[\w.]+)*))?")


def read_wanted(text: str, folder: str) -> WantedSchema:
    """The collections that `schema = text` names in the miger.toml of `folder`.

    Models are imported in a process of their own. Raises UsageError where it means nothing, ConfigError for what
    is wrong with the file or the module.
    """
    text = text.strip()
    if not text:
        raise UsageError(
            "miger.toml does not say where the wanted collections are written",
            f'put `schema = "…"` into [project]: {EXAMPLES}',
        )
    if text.lower().endswith((".yaml", ".yml")):
        from miger.generate.collections.yaml import read_yaml  # deferred: it needs PyYAML

        return _checked(read_yaml(os.path.normpath(os.path.join(folder, text))), text)
    if text.lower().endswith(".sql"):
        raise UsageError(f"MongoDB runs no SQL, and {text} is an SQL file", EXAMPLES)
    found = _MODULE.fullmatch(text)
    if found is None or text.endswith(".py"):
        raise UsageError(f"schema = {text!r} is neither a module nor a YAML file", EXAMPLES)
    names = [name.strip() for name in (found["names"] or "").split(",") if name.strip()]
    asked = {"module": found["module"], "names": names, "folder": folder}
    answer = ask_apart("miger.generate.collections.source:read_models", asked, folder)
    return _checked(unpack(str(answer["schema"])), text)


def read_models(module: str, names: list[str], folder: str) -> dict[str, str]:
    """The collections of the models of a module, or of those named in it, packed. Raises ConfigError."""
    found = import_module(module, folder)
    try:
        import pydantic  # after their module: who has models has it
    except ImportError:
        raise ConfigError(f"{module} has no pydantic models: pydantic is not installed", hint=EXAMPLES) from None
    if not hasattr(pydantic, "TypeAdapter"):
        raise ConfigError(f"pydantic {pydantic.VERSION} is too old for `generate`", hint="use pydantic 2")
    from miger.generate.collections.pydantic import models_of, wanted_of

    if names:
        there = [model.__name__ for model in models_of(found, module)]
        listed = [model for name in names for model in models_of(find_attribute(found, name, there), name)]
    else:
        listed = models_of(found, module)
    if not listed:
        raise ConfigError(f"{module} has no pydantic models", hint=EXAMPLES)
    return {"schema": pack(WantedSchema(tuple(map(wanted_of, listed))))}


def _checked(wanted: WantedSchema, text: str) -> WantedSchema:
    """Raises ConfigError where two collections have one name."""
    names = [item.collection.name for item in wanted.collections]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ConfigError(f"{text} has two collections {twice[0]!r}", hint="give one of them another `__collection__`")
    return wanted
