"""What is asked of those who write a migration from differences, and what they give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from miger.forms.steps import Step


class Choices(NamedTuple):
    """How a person wants it.

    `fills` are expressions by (path of the table, column): the value for rows that would have none. `nulls` are the
    columns of which values that do not convert may become NULL. `online`: the old and the new version of the
    application work while it runs, in two migrations. `back`: it is the way back of another one, which has dropped
    the values of what this makes again.
    """

    fills: Mapping[tuple[str, str], str] = {}
    nulls: frozenset[tuple[str, str]] = frozenset()
    online: bool = False
    back: bool = False


class Written(NamedTuple):
    """The steps in their order, `contract` those of a second migration (`Choices.online`).

    `transaction` is whether all of `expand` can be one, `contract_transaction` the same of `contract`.
    """

    expand: tuple[Step, ...]
    contract: tuple[Step, ...] = ()
    transaction: bool = True
    contract_transaction: bool = True
