"""The calls that a Python migration declares, read from its text and never run.

Literals, constants of the module and loops over them are followed; of what is computed nothing is known.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Mapping
from typing import Any, NamedTuple

MOST_CALLS = 2000
DEEPEST = 4  # functions that call functions


class Unknown:
    """A value that cannot be told without running the file."""


UNKNOWN = Unknown()


class Session(NamedTuple):
    """The migration's session, or what was reached from it: `path` are the attributes and items on the way."""

    path: tuple[str, ...] = ()


class Call(NamedTuple):
    """A call of a method of the session: `db.op.drop_table("users")` has the path `op`, `drop_table`.

    `table` is that of the `batch_alter_table` it belongs to. A value that is not known is `UNKNOWN`.
    """

    path: tuple[str, ...]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    line: int


class Made(NamedTuple):
    """Another function or class, and what it was called with: `sqlalchemy.Column("name", …)`, `Integer`."""

    name: str
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]


def read_calls(text: str, function: str) -> list[Call]:
    """The calls of the session's methods in a function of a migration, in the order they stand."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # the run will say so
    walker = _Walker(module)
    with contextlib.suppress(_Enough, RecursionError):
        walker.run(function, (Session(),), 0)
    return walker.calls


class _Enough(Exception):
    """So many calls that no more are read."""


class _Walker:
    def __init__(self, module: ast.Module) -> None:
        self.calls: list[Call] = []
        self._functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
        self._globals: dict[str, Any] = {}
        for node in module.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                self._assign(node, self._globals)

    def run(self, name: str, arguments: tuple[Any, ...], depth: int) -> None:
        """Goes through a function of the module."""
        function = self._functions.get(name)
        if function is None or depth > DEEPEST:
            return
        names = [argument.arg for argument in function.args.args]
        values = dict(self._globals)
        values.update(dict.fromkeys(names, UNKNOWN))
        values.update(zip(names, arguments, strict=False))
        self._body(function.body, values, depth)

    def _body(self, body: list[ast.stmt], values: dict[str, Any], depth: int) -> None:
        for node in body:
            self._statement(node, values, depth)

    def _statement(self, node: ast.stmt, values: dict[str, Any], depth: int) -> None:
        match node:
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                return
            case ast.Assign() | ast.AnnAssign():
                self._calls_in(node.value, values, depth)
                self._assign(node, values)
            case ast.For():
                self._calls_in(node.iter, values, depth)
                for item in self._items(node.iter, values):
                    self._bind(node.target, item, values)
                    self._body(node.body, values, depth)
            case ast.With():
                for entered in node.items:
                    self._calls_in(entered.context_expr, values, depth)
                    if entered.optional_vars is not None:
                        value = self._value(entered.context_expr, values)
                        self._bind(entered.optional_vars, value, values)
                self._body(node.body, values, depth)
            case ast.If() | ast.While():
                self._calls_in(node.test, values, depth)
                self._body(node.body, values, depth)
                self._body(node.orelse, values, depth)
            case ast.Try():
                for part in (node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody):
                    self._body(part, values, depth)
            case _:
                for child in ast.iter_child_nodes(node):
                    self._calls_in(child, values, depth)

    def _assign(self, node: ast.Assign | ast.AnnAssign, values: dict[str, Any]) -> None:
        value = UNKNOWN if node.value is None else self._value(node.value, values)
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            self._bind(target, value, values)

    def _bind(self, target: ast.expr, value: Any, values: dict[str, Any]) -> None:
        if isinstance(target, ast.Name):
            values[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            parts = value if isinstance(value, (tuple, list)) and not isinstance(value, (Session, Made)) else ()
            for number, part in enumerate(target.elts):
                self._bind(part, parts[number] if number < len(parts) else UNKNOWN, values)

    def _items(self, node: ast.expr, values: dict[str, Any]) -> list[Any]:
        """What a loop goes over; once with an unknown value where that is not known."""
        value = self._value(node, values)
        if isinstance(value, Session):  # batches
            return [value]
        if isinstance(value, (tuple, list, dict)) and not isinstance(value, Made):
            return list(value)[:MOST_CALLS]
        return [UNKNOWN]

    def _calls_in(self, node: ast.AST | None, values: dict[str, Any], depth: int) -> None:
        if node is None:
            return
        for child in ast.iter_child_nodes(node):
            self._calls_in(child, values, depth)
        if not isinstance(node, ast.Call):
            return
        target = self._value(node.func, values)
        arguments = tuple(self._value(argument, values) for argument in node.args)
        if isinstance(target, Session) and target.path:
            keywords = {word.arg: self._value(word.value, values) for word in node.keywords if word.arg}
            self.calls.append(Call(target.path, arguments, keywords, node.lineno))
            if len(self.calls) >= MOST_CALLS:
                raise _Enough
        elif isinstance(node.func, ast.Name) and any(isinstance(argument, Session) for argument in arguments):
            self.run(node.func.id, arguments, depth + 1)

    def _value(self, node: ast.expr, values: dict[str, Any]) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return values.get(node.id, Made(node.id, (), {}))
            case ast.Tuple() | ast.List():
                return [self._value(item, values) for item in node.elts]
            case ast.Dict():
                items = zip(node.keys, node.values, strict=True)
                pairs = ((self._value(key, values) if key else UNKNOWN, item) for key, item in items)
                return {key: self._value(item, values) for key, item in pairs if isinstance(key, (str, int))}
            case ast.JoinedStr():
                return self._joined(node, values)
            case ast.BinOp(op=ast.Add()):
                left, right = self._value(node.left, values), self._value(node.right, values)
                return left + right if isinstance(left, str) and isinstance(right, str) else UNKNOWN
            case ast.UnaryOp(op=ast.USub()):
                value = self._value(node.operand, values)
                return -value if isinstance(value, (int, float)) else UNKNOWN
            case ast.Attribute():
                value = self._value(node.value, values)
                return Session((*value.path, node.attr)) if isinstance(value, Session) else Made(node.attr, (), {})
            case ast.Subscript():
                return self._item(self._value(node.value, values), self._value(node.slice, values))
            case ast.Call():
                return self._called(node, values)
        return UNKNOWN

    def _joined(self, node: ast.JoinedStr, values: dict[str, Any]) -> Any:
        parts = [
            self._value(part.value, values) if isinstance(part, ast.FormattedValue) else self._value(part, values)
            for part in node.values
        ]
        return "".join(map(str, parts)) if all(isinstance(part, (str, int)) for part in parts) else UNKNOWN

    def _item(self, value: Any, key: Any) -> Any:
        if isinstance(value, Session):
            return Session((*value.path, f"[{key}]" if isinstance(key, str) else "[]"))
        if isinstance(value, dict) and isinstance(key, (str, int)):
            return value.get(key, UNKNOWN)
        if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            return value[key]
        return UNKNOWN

    def _called(self, node: ast.Call, values: dict[str, Any]) -> Any:
        arguments = tuple(self._value(argument, values) for argument in node.args)
        if isinstance(node.func, ast.Attribute):
            owner = self._value(node.func.value, values)
            if isinstance(owner, dict) and node.func.attr in ("items", "keys", "values"):
                return [list(item) if isinstance(item, tuple) else item for item in getattr(owner, node.func.attr)()]
        target = self._value(node.func, values)
        if isinstance(target, Session):
            texts = [argument for argument in arguments if isinstance(argument, str)]
            first = texts[-1 if target.path[-1] == "batches" else 0] if texts else ""
            return Session((*target.path, f"({first})"))
        keywords = {word.arg: self._value(word.value, values) for word in node.keywords if word.arg}
        return Made(_last_name(node.func), arguments, keywords)


def _last_name(node: ast.expr) -> str:
    """The last part of a name such as `sqlalchemy.Integer`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
