"""The exceptions that the compiled validators raise, so that fastjsonschema is not needed at run time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class JsonSchemaValueException(ValueError):
    """One value that breaks one rule of its schema.

    `name` is the place (`data.environments.dev.url`), `rule` the keyword broken (`type`), and
    `definition` the part of the schema that the value should fulfil.
    """

    def __init__(
        self,
        message: str,
        value: object = None,
        name: str = "",
        definition: Mapping[str, object] | None = None,
        rule: str = "",
    ) -> None:
        super().__init__(message)
        self.value = value
        self.name = name
        self.definition = definition or {}
        self.rule = rule


class JsonSchemaValuesException(ValueError):
    """Everything in one document that breaks its schema, in the order of the schema."""

    def __init__(self, errors: Sequence[JsonSchemaValueException]) -> None:
        super().__init__("; ".join(str(error) for error in errors))
        self.errors = list(errors)
